"""Stages: up to one, one again, and judgements finished."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from themis import Experiment, evaluate, get_execution_state
from themis.errors import SpecValidationError, StorageError


class Calls:
    """Functions that count their calls, and a judge that may be down."""

    def __init__(self):
        self.counts = dict.fromkeys(("model", "reducer", "parser", "metric", "judge"), 0)
        self.down = 0

    def model(self, question):
        self.counts["model"] += 1
        return f"<{question}>"

    def reducer(self, outputs):
        self.counts["reducer"] += 1
        return outputs[0]

    def parser(self, text):
        self.counts["parser"] += 1
        return text.strip("<>")

    def metric(self, parsed, expected):
        self.counts["metric"] += 1
        return 1.0

    def judge(self, prompt):
        self.counts["judge"] += 1
        if self.counts["judge"] <= self.down:
            raise RuntimeError("down")
        return "Verdict: 5"

    def experiment(self, cases):
        return Experiment(
            generation={
                "generator": self.model,
                "candidate_policy": {"num_samples": 2},
                "reducer": self.reducer,
            },
            evaluation={
                "parsers": self.parser,
                "metrics": [self.metric, {"id": "rubric_score", "config": {"rubric": "Good."}}],
                "judge_models": self.judge,
            },
            datasets=[{"cases": cases}],
            runtime={"judge_retry_attempts": 0},
        )

    def during(self, act):
        """What an act calls, by function."""
        before = dict(self.counts)
        result = act()
        return result, {k: v - before[k] for k, v in self.counts.items() if v != before[k]}


@pytest.fixture
def calls():
    return Calls()


STAGES = ["generate", "reduce", "parse", "score", "judge"]
DONE = [{"model": 8}, {"reducer": 4}, {"parser": 4}, {"metric": 4}, {"judge": 4}]


def test_a_run_goes_on_from_the_stage_through_which_it_is_complete(sums, calls, run_store):
    experiment = calls.experiment(sums[:4])
    for stage, done in zip(STAGES, DONE, strict=True):
        run = partial(experiment.run, until_stage=stage, store=run_store)
        result, called = calls.during(run)
        assert called == done
        assert result.completed_through_stage == stage
    assert result.status == "completed"


@pytest.mark.parametrize("first", range(1, 5))
def test_a_replay_does_a_stage_and_what_follows_again(sums, calls, run_store, first):
    experiment = calls.experiment(sums[:4])
    before = experiment.run(store=run_store)
    result, called = calls.during(lambda: experiment.replay(stage=STAGES[first], store=run_store))
    assert called == {name: n for done in DONE[first:] for name, n in done.items()}
    assert (result.run_id, result.metric_means) == (before.run_id, before.metric_means)
    assert result.completed_through_stage == "judge"


@pytest.mark.parametrize("stage", ["parse", "score"])
def test_a_replay_of_a_run_of_which_a_call_failed_is_as_far_as_the_run(
    sums, counting, run_store, stage
):
    counting.failing = {sums[1]["input"]}
    experiment = Experiment(
        generation={"generator": counting},
        evaluation={"metrics": ["exact_match"]},
        datasets=[{"cases": sums[:2]}],
    )
    before = experiment.run(store=run_store)
    after = experiment.replay(stage=stage, store=run_store)
    assert after.status == before.status == "partial_failure"
    state = get_execution_state(run_store, after.run_id).stages["score"]
    assert (state.ok, state.failed, state.wanted) == (1, 1, 2)


def test_a_replay_of_one_metric_leaves_the_others(sums, calls, run_store):
    experiment = calls.experiment(sums[:4])
    experiment.run(store=run_store)
    _, called = calls.during(
        lambda: experiment.replay(stage="score", metric_ids=["metric"], store=run_store)
    )
    assert called == {"metric": 4}


def test_rejudging_finishes_the_judgements_that_failed_and_nothing_else(sums, calls, run_store):
    calls.down = 2
    experiment = calls.experiment(sums[:4])
    result = experiment.run(store=run_store)
    assert result.metrics["rubric_score"].errors == 2
    assert result.metrics["metric"].errors == 0
    result, called = calls.during(lambda: experiment.rejudge(store=run_store))
    assert called == {"judge": 2}
    assert result.metrics["rubric_score"].errors == 0
    assert result.status == "completed"
    _, called = calls.during(lambda: experiment.rejudge(store=run_store))
    assert called == {}


def test_replay_and_rejudge_can_be_awaited(sums, calls, run_store):
    experiment = calls.experiment(sums[:2])
    calls.down = 1

    async def all_three():
        await experiment.run_async(store=run_store)
        await experiment.rejudge_async(store=run_store)
        return await experiment.replay_async(stage="judge", store=run_store)

    assert asyncio.run(all_three()).status == "completed"
    assert calls.counts["judge"] == 2 + 1 + 2


def test_rerun_does_everything_again(sums, counting, run_store):
    for policy in ("auto", "rerun", "rerun"):
        result = evaluate(
            model=counting,
            data=sums,
            metric="exact_match",
            store=run_store,
            runtime={"existing_run_policy": policy},
        )
    assert len(counting.asked) == 18
    assert len(run_store.runs()) == 1
    assert result.metric_means == {"exact_match": 1.0}


@pytest.mark.parametrize("act", ["replay", "rejudge"])
def test_there_must_be_a_run_to_do_again(sums, calls, run_store, act):
    given = {"stage": "score"} if act == "replay" else {}
    with pytest.raises(StorageError, match=r"run\(\) it first"):
        getattr(calls.experiment(sums), act)(store=run_store, **given)
    assert run_store.runs() == []


def test_a_stage_that_there_is_not_is_refused(sums, calls):
    experiment = calls.experiment(sums)
    with pytest.raises(SpecValidationError, match="did you mean 'generate'"):
        experiment.run(until_stage="generat")
    with pytest.raises(SpecValidationError, match="known are judge, parse, reduce, score"):
        experiment.replay(stage="generate")
    with pytest.raises(SpecValidationError, match="no metric 'metrik'; did you mean 'metric'"):
        experiment.replay(stage="score", metric_ids=["metrik"])
