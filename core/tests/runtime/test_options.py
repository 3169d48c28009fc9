from __future__ import annotations

import pytest

from themis.errors import SpecValidationError
from themis.runtime.options import RuntimeOptions


def test_nothing_is_limited_unless_it_is_set():
    options = RuntimeOptions()

    assert not options.provider_rate_limits
    assert not options.provider_token_limits
    assert not options.provider_concurrency
    assert not options.stage_concurrency


def test_a_deadline_that_is_set_replaces_the_stage_s_default():
    options = RuntimeOptions(deadline_seconds={"generate": 3600})

    assert (options.deadline("generate"), options.deadline("judge")) == (3600, 600)
    assert (options.deadline("parse"), options.deadline("score")) == (60, 60)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (
            "provider_rate_limits",
            {"openai": 0},
            "runtime.provider_rate_limits['openai']: got 0; give a number above 0, or leave it out",
        ),
        (
            "provider_concurrency",
            {"openai": 2.5},
            "runtime.provider_concurrency['openai']: got 2.5; give a whole number of at least 1",
        ),
        (
            "stage_concurrency",
            {"generation": 4},
            (
                "runtime.stage_concurrency['generation']: got 'generation'; no such stage; the "
                "stages are render, generate, reduce, parse, score, judge, load"
            ),
        ),
        (
            "retry_base_seconds",
            float("nan"),
            "runtime.retry_base_seconds: got nan; give a number above 0",
        ),
        (
            "deadline_seconds",
            {"generate": -1},
            "runtime.deadline_seconds['generate']: got -1; give a number above 0, or leave it out",
        ),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_place(field, value, message):
    with pytest.raises(SpecValidationError) as caught:
        RuntimeOptions(**{field: value})

    assert str(caught.value) == message


def test_limits_for_providers_that_are_not_used_are_refused_all_at_once():
    options = RuntimeOptions(provider_rate_limits={"opnai": 60}, provider_concurrency={"zzz": 2})

    with pytest.raises(SpecValidationError) as caught:
        options.check_providers(["openai", "anthropic"])

    assert [str(issue) for issue in caught.value.issues] == [
        (
            "runtime.provider_concurrency['zzz']: no model or judge of this run uses that "
            "provider; the run's providers are anthropic, openai"
        ),
        (
            "runtime.provider_rate_limits['opnai']: no model or judge of this run uses that "
            "provider; did you mean 'openai'?"
        ),
    ]


def test_limits_for_providers_that_are_used_pass():
    RuntimeOptions(provider_rate_limits={"openai": 60}).check_providers(["openai"])
