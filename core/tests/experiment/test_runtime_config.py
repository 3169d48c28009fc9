"""RuntimeConfig: its defaults, and that each of its settings reaches what it is about."""

from __future__ import annotations

import pytest

from themis import RuntimeConfig, evaluate
from themis.errors import InferenceError

DEFAULTS = {
    "max_concurrent_tasks": 32,
    "stage_concurrency": {},
    "provider_concurrency": {},
    "provider_rate_limits": {},
    "generation_retry_attempts": 3,
    "generation_retry_backoff": 2.0,
    "judge_retry_attempts": 3,
    "judge_retry_backoff": 2.0,
    "store_retry_attempts": 5,
    "existing_run_policy": "auto",
}


def test_the_defaults_are_those_of_the_specification():
    config = RuntimeConfig()
    assert {name: getattr(config, name) for name in DEFAULTS} == DEFAULTS


def failing(counter, *, times):
    def call(prompt):
        counter.append(prompt)
        if len(counter) <= times:
            raise InferenceError("busy")
        return "Verdict: 5"

    return call


def run(sums, *, model=lambda q: q, judge, **runtime):
    return evaluate(
        model=model,
        data=sums[:1],
        metric="rubric_score",
        judge=judge,
        judge_config={"rubric": "Good."},
        runtime={
            "generation_retry_delay": 0.001,
            "judge_retry_delay": 0.001,
            **runtime,
        },
    )


def test_a_judges_calls_are_repeated_as_often_as_the_judges_own_setting_says(sums):
    asked = []
    result = run(
        sums, judge=failing(asked, times=4), judge_retry_attempts=4, generation_retry_attempts=0
    )
    assert result.metric_means == {"rubric_score": 1.0}
    assert len(asked) == 5


def test_a_models_calls_are_repeated_as_often_as_the_generations_setting_says(sums):
    asked = []
    result = run(
        sums,
        model=failing(asked, times=2),
        judge=lambda prompt: "Verdict: 5",
        generation_retry_attempts=1,
        judge_retry_attempts=5,
    )
    assert result.status == "failed"
    assert len(asked) == 2


def test_the_waits_for_a_busy_store_grow_and_are_as_many_as_its_attempts():
    delays = RuntimeConfig(store_retry_attempts=3, store_retry_delay=0.1).store_retry_delays()
    assert delays == pytest.approx((0.1, 0.3, 0.9))


def test_limits_of_a_provider_that_the_run_does_not_use_are_refused(sums):
    with pytest.raises(ValueError, match="no model or judge of this run uses that provider"):
        run(sums, judge=lambda prompt: "Verdict: 5", provider_rate_limits={"openai": 60.0})
