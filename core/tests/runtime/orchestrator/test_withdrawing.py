"""A stage is done again: what it and those after it made is withdrawn, and made anew."""

from __future__ import annotations

import pytest

from themis.runtime.rendering import blocking
from themis.runtime.stages import Stages
from themis.specs import ProjectSpec, ReductionSpec, ScoreSpec
from themis.storage import SqliteRunStore
from themis.storage.integrity import verify

from .conftest import sums_benchmark, sums_slice


class Counted:
    """A reducer, an extractor and two metrics that count their calls."""

    version = "1.0"

    def __init__(self, calls, name):
        self.calls, self.name = calls, name

    def fingerprint(self):
        return self.name

    def reduce(self, candidates, ctx):
        self.calls["reduce"] += 1
        return candidates[0]

    def extract(self, trial, candidate, config=None):
        self.calls["parse"] += 1
        return candidate.inference.raw_text

    def score(self, trial, candidate, context):
        self.calls[self.name] += 1
        return 1.0


@pytest.fixture
def calls(registry):
    calls = {"reduce": 0, "parse": 0, "one": 0, "two": 0}
    registry.register("reducer", "counted", Counted(calls, "reduce"))
    registry.register_extractor("counted", Counted(calls, "parse"))
    registry.register_metric("one", Counted(calls, "one"))
    registry.register_metric("two", Counted(calls, "two"))
    return calls


def spec(*, reduced):
    scores = [ScoreSpec(name="s", parse="number", metrics=["one", "two"])]
    parses = [{"name": "number", "extractors": ["counted"]}]
    reduction = ReductionSpec(reducer="counted") if reduced else None
    entry = sums_slice(reduction=reduction, parses=parses, scores=scores)
    return sums_benchmark(slices=[entry], num_samples=2)


def again(orchestrator, benchmark, stage, **chosen):
    stages = Stages.between(stage, "judge", metric_ids=chosen.get("metric_ids"))
    prepared = orchestrator.prepare(benchmark, stages=stages, again=stage)
    blocking(prepared.execution.run())
    return orchestrator.result(prepared.run_id)


def test_a_stage_and_what_follows_are_done_again(make, calls, engine, store):
    orchestrator = make()
    before = orchestrator.run(spec(reduced=True))
    assert calls == {"reduce": 6, "parse": 6, "one": 6, "two": 6}
    after = again(orchestrator, spec(reduced=True), "parse")
    assert calls == {"reduce": 6, "parse": 12, "one": 12, "two": 12}
    assert len(engine.calls) == 12
    assert after.status == before.status == "completed"


@pytest.mark.parametrize(
    ("stage", "generated", "parsed", "scored"),
    [
        ("generate", 24, 24, 24),
        ("reduce", 12, 24, 24),
        ("parse", 12, 24, 24),
        ("score", 12, 12, 24),
    ],
)
def test_of_samples_that_are_not_reduced(make, calls, engine, stage, generated, parsed, scored):
    orchestrator = make()
    orchestrator.run(spec(reduced=False))
    again(orchestrator, spec(reduced=False), stage)
    assert (len(engine.calls), calls["parse"], calls["one"]) == (generated, parsed, scored)


def test_only_the_metrics_that_are_named_are_scored_again(make, calls):
    orchestrator = make()
    orchestrator.run(spec(reduced=True))
    again(orchestrator, spec(reduced=True), "score", metric_ids=frozenset({"two"}))
    assert (calls["one"], calls["two"]) == (6, 12)


def test_a_run_that_was_withdrawn_and_not_run_is_pending_and_goes_on(make, calls, store):
    orchestrator = make()
    run_id = orchestrator.run(spec(reduced=True)).run_id
    orchestrator.prepare(spec(reduced=True), again="score")
    row = store.run(run_id)
    assert (row.status, row.through_stage) == ("pending", "parse")
    assert orchestrator.resume(run_id).status == "completed"
    assert (calls["parse"], calls["one"]) == (6, 12)


def test_what_another_run_reuses_is_withdrawn_for_later_runs_alone(make, calls, store):
    orchestrator = make()
    first = orchestrator.run(spec(reduced=True))
    other = orchestrator.run(spec(reduced=True).model_copy(update={"benchmark_id": "other"}))
    assert calls["one"] == 6
    again(orchestrator, spec(reduced=True), "score")
    assert calls["one"] == 12
    rows = orchestrator.result(other.run_id).aggregate(group_by=["metric_id"])
    assert [row["count"] for row in rows] == [6, 6]
    assert first.run_id != other.run_id


def counted(result):
    """The status, and each stage's outcomes: candidates, reductions and scores that failed."""
    counts = result.counts()
    return result.status, counts.failed, counts.reduction_errors, counts.metric_errors


def reasons(result):
    return sorted((entry["stage"], entry["message"]) for entry in result.iter_failures())


PATIENT = ProjectSpec(execution_policy={"max_retries": 0, "circuit_breaker_threshold": 99})


@pytest.mark.parametrize("reduced", [False, True])
@pytest.mark.parametrize("stage", ["reduce", "parse", "score"])
def test_a_run_of_which_a_candidate_failed_is_as_whole_as_before(
    make, calls, engine, store, stage, reduced
):
    engine.failing = {"2"}
    orchestrator = make(project=PATIENT)
    before = orchestrator.run(spec(reduced=reduced))
    after = again(orchestrator, spec(reduced=reduced), stage)
    assert after.status == "partial_failure"
    assert (counted(after), reasons(after)) == (counted(before), reasons(before))
    assert [run.through_stage for run in store.runs()] == ["judge"]
    engine.failing = set()
    assert orchestrator.run(spec(reduced=reduced)).status == "completed"


def test_generating_again_takes_the_failure_back_too(make, calls, engine):
    engine.failing = {"2"}
    orchestrator = make(project=PATIENT)
    orchestrator.run(spec(reduced=False))
    engine.failing = set()
    assert again(orchestrator, spec(reduced=False), "generate").status == "completed"


class OfSet(Counted):
    """A metric of a trial's candidates."""

    subject = "candidates"


def with_set(*, reduced):
    whole = spec(reduced=reduced)
    [entry] = whole.slices
    scores = [*entry.scores, ScoreSpec(name="set", parse="number", metrics=["of_set"])]
    entry = entry.model_copy(update={"scores": tuple(scores)})
    return whole.model_copy(update={"slices": (entry,)})


@pytest.fixture
def of_set(registry, calls):
    calls["of_set"] = 0
    registry.register_metric("of_set", OfSet(calls, "of_set"))
    return calls


@pytest.mark.parametrize("reduced", [False, True])
@pytest.mark.parametrize("stage", ["reduce", "parse", "score"])
def test_a_set_of_which_no_sample_succeeded_keeps_its_reason(make, of_set, engine, stage, reduced):
    engine.failing = {"2"}
    orchestrator = make(project=PATIENT)
    before = orchestrator.run(with_set(reduced=reduced))
    after = again(orchestrator, with_set(reduced=reduced), stage)
    assert (counted(after), reasons(after)) == (counted(before), reasons(before))
    assert after.status == "partial_failure"
    assert of_set["of_set"] == 10


def test_what_was_only_generated_is_evaluated_where_every_sample_failed(make, of_set, engine):
    engine.failing = {"2"}
    orchestrator = make(project=PATIENT)
    orchestrator.generate(with_set(reduced=True))
    result = orchestrator.evaluate(with_set(reduced=True))
    assert counted(result)[:3] == ("partial_failure", 2, 1)
    assert ("score", "there is no candidate to reduce: ") in [
        (stage, message[:33]) for stage, message in reasons(result)
    ]


def test_a_reduction_that_failed_and_is_kept_keeps_its_scores(make, of_set, registry, engine):
    class Fails(Counted):
        def reduce(self, candidates, ctx):
            if candidates[0].inference.raw_text == "4":
                raise ValueError("no winner")
            return candidates[0]

    registry.register("reducer", "fails", Fails(of_set, "fails"))
    whole = with_set(reduced=True)
    [entry] = whole.slices
    entry = entry.model_copy(update={"reduction": ReductionSpec(reducer="fails")})
    benchmark = whole.model_copy(update={"slices": (entry,)})
    orchestrator = make(project=PATIENT)
    before = orchestrator.run(benchmark)
    after = again(orchestrator, benchmark, "score")
    assert after.status == "partial_failure"
    assert (counted(after), reasons(after)) == (counted(before), reasons(before))
    assert of_set["of_set"] == 12


def test_the_projections_are_those_of_the_events(make, calls, tmp_path):
    with SqliteRunStore(tmp_path / "store") as store:
        orchestrator = make(storage_bundle=store)
        orchestrator.run(spec(reduced=True))
        again(orchestrator, spec(reduced=True), "generate")
    assert verify(tmp_path / "store").findings == []
