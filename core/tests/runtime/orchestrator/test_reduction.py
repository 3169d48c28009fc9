"""N samples of a trial become one candidate, which is parsed and scored in their place."""

from __future__ import annotations

import pytest

from themis.errors import InferenceError
from themis.records import WHOLE_TRIAL, MetricScore, ReducedCandidate
from themis.specs import ReductionSpec, ScoreSpec

from .conftest import sums_benchmark, sums_slice

SAMPLES = 4


class Wrong:
    """Answers right in three samples of four."""

    version = "1.0"

    def __init__(self):
        self.calls = 0
        self.failing = set()

    async def infer(self, trial, context, runtime):
        self.calls += 1
        if (trial.item_id, runtime.sample_index) in self.failing:
            msg = "no answer"
            raise InferenceError(msg, retryable=False)
        return "7" if runtime.sample_index == 1 else str(int(context["answer"]))


class Vote:
    """The most frequent text."""

    version = "1.0"
    calls = 0

    def reduce(self, candidates, ctx):
        type(self).calls += 1
        texts = [candidate.inference.raw_text for candidate in candidates]
        return max(texts, key=texts.count)


class Share:
    """The share of the candidates whose parsed answer is right."""

    version = "1.0"
    subject = "candidates"
    seen: list = []  # noqa: RUF012

    def score(self, trial, candidates, context):
        self.seen.append(len(candidates))
        answers = [candidate.best_extraction().parsed_answer for candidate in candidates]
        return sum(str(answer) == context["answer"] for answer in answers) / len(answers)


@pytest.fixture
def engine():
    return Wrong()


@pytest.fixture(autouse=True)
def components(registry):
    Vote.calls, Share.seen = 0, []
    registry.register("reducer", "vote", Vote)
    registry.register_metric("share", Share)


def voted(*metrics, **changes):
    scores = [ScoreSpec(name="s", parse="number", metrics=list(metrics or ["numeric_match"]))]
    reduced = sums_slice(reduction=ReductionSpec(reducer="vote"), scores=scores)
    return sums_benchmark(slices=[reduced], num_samples=SAMPLES, **changes)


def means(result):
    return {row["metric_id"]: (row["mean"], row["count"]) for row in rows_of(result)}


def rows_of(result):
    return result.aggregate(group_by=["metric_id"])


def test_the_reduced_candidate_is_scored_once_per_trial(make, engine):
    result = make().run(voted())
    assert means(result) == {"numeric_match": (1.0, 6)}
    assert (engine.calls, Vote.calls) == (24, 6)


def test_a_reduction_that_is_stored_is_not_made_again(make, engine):
    make().run(voted())
    result = make().run(voted("numeric_match", "exact_match"))
    assert means(result)["exact_match"] == (1.0, 6)
    assert (engine.calls, Vote.calls) == (24, 6)


def test_a_trial_shows_its_candidates_and_what_they_became(make):
    result = make().run(voted())
    trial = result.get_trial(result.trial_hashes[0])
    assert [candidate.sample_index for candidate in trial.candidates] == [0, 1, 2, 3]
    assert isinstance(trial.reduced, ReducedCandidate)
    assert trial.reduced.sample_index == WHOLE_TRIAL
    assert trial.reduced.source_candidate_ids == tuple(
        candidate.candidate_id for candidate in trial.candidates
    )
    assert [type(score) for score in trial.reduced.evaluation.scores] == [MetricScore]


def test_candidates_are_scored_as_a_set_beside_their_reduction(make):
    result = make().run(voted("numeric_match", "share"))
    assert means(result) == {"numeric_match": (1.0, 6), "share": (0.75, 6)}


def test_candidates_are_scored_as_a_set_beside_each_of_them(make):
    metrics = ScoreSpec(name="s", parse="number", metrics=["numeric_match", "share"])
    spec = sums_benchmark(slices=[sums_slice(scores=[metrics])], num_samples=SAMPLES)
    result = make().run(spec)
    assert means(result) == {"numeric_match": (0.75, 24), "share": (0.75, 6)}
    assert Share.seen == [4] * 6


def test_a_set_that_was_scored_is_not_scored_again(make):
    make().run(voted("share"))
    make().run(voted("share", "numeric_match"))
    assert Share.seen == [4] * 6


def test_those_that_succeeded_are_reduced(make, engine):
    engine.failing = {("2", 0), ("2", 3)}
    result = make().run(voted("numeric_match", "share"))
    trial = next(
        result.get_trial(row["trial_hash"])
        for row in result.iter_trial_summaries()
        if row["item_id"] == "2"
    )
    assert trial.status == "partial"
    assert len(trial.reduced.source_candidate_ids) == 2
    assert sorted(Share.seen) == [2, 4, 4, 4, 4, 4]


def test_samples_that_succeed_later_are_reduced_anew(make, engine, store):
    engine.failing = {("2", 0)}
    first = make().run(voted("share"))
    engine.failing = set()
    second = make().resume(first.run_id)
    assert sorted(Share.seen) == [3, 4, 4, 4, 4, 4, 4]
    assert means(second)["share"] == (0.75, 6)
    assert store.run(first.run_id).status == "completed"


def test_a_failure_that_lasts_reduces_the_same_once(make, engine, store):
    engine.failing = {("2", 0)}
    first = make().run(voted("share", "numeric_match"))
    make().resume(first.run_id)
    assert (Vote.calls, len(Share.seen)) == (6, 6)
    assert store.run(first.run_id).status == "partial_failure"


def test_a_trial_without_any_candidate_is_counted(make, engine):
    engine.failing = {("2", sample) for sample in range(SAMPLES)}
    result = make().run(voted("numeric_match", "share"))
    assert means(result) == {"numeric_match": (1.0, 5), "share": (0.75, 5)}
    trial = next(
        result.get_trial(row["trial_hash"])
        for row in result.iter_trial_summaries()
        if row["item_id"] == "2"
    )
    assert trial.status == "error"
    assert trial.reduced.failure.message == "there is no candidate to reduce: no answer"


def test_how_far_a_run_has_come_is_recorded(make, store):
    orchestrator = make()
    run_id = orchestrator.generate(voted()).run_id
    assert (store.run(run_id).through_stage, store.run(run_id).status) == ("generate", "pending")
    orchestrator.transform(voted())
    assert store.run(run_id).through_stage == "parse"
    orchestrator.run(voted())
    assert (store.run(run_id).through_stage, store.run(run_id).status) == ("judge", "completed")


def test_an_estimate_and_a_diff_count_reductions(make):
    orchestrator = make()
    assert orchestrator.estimate(voted()).stages["reduce"].total == 6
    diff = orchestrator.diff_specs(voted(), voted("numeric_match", "share"))
    assert {stage: counted.rerun for stage, counted in diff.stages.items()} == {
        "generate": 0, "reduce": 0, "parse": 0, "score": 6,
    }  # fmt: skip
