"""What an import refuses, and how it counts what it takes."""

from __future__ import annotations

import attrs
import pytest

from themis.errors import ErrorCode, SpecValidationError
from themis.records import (
    CandidateRecord,
    ConversationTrace,
    EvaluationRecord,
    InferenceRecord,
    MetricScore,
    RecordTimeline,
    TimelineStage,
    TraceStep,
    TrialRecord,
)
from themis.records.timeline import FailureRecord

from .conftest import rows, sums_benchmark, sums_slice

SCORED = sums_benchmark(slices=[sums_slice(generation=None)])


def prebuilt(trial, text="0", **fields):
    fields.setdefault("inference", InferenceRecord(raw_text=text))
    record = CandidateRecord(**{"candidate_id": "mine", **fields})
    return TrialRecord(trial_spec=trial, status="ok", candidates=(record,))


@pytest.fixture
def orchestrator(make):
    return make(items=rows(2))


@pytest.fixture
def trials(orchestrator):
    return list(orchestrator.trials(SCORED))


def nothing_is_stored(store):
    return store.runs() == []


def test_a_record_that_comes_twice_is_imported_once(orchestrator, trials):
    once, twice = prebuilt(trials[0]), prebuilt(trials[0], candidate_id="the same output")
    done = orchestrator.import_candidates([once, twice, prebuilt(trials[1])])
    assert (done.imported, done.duplicates, done.already_present) == (2, 1, 0)
    again = orchestrator.import_candidates([once, twice])
    assert (again.imported, again.duplicates, again.already_present) == (0, 1, 1)


def test_two_candidates_of_one_sample_that_differ_are_refused(orchestrator, trials, store):
    with pytest.raises(
        SpecValidationError,
        match=r"trial_records\[2\]\.candidates\[0\] \(item '0'\), sample 0 comes twice in this "
        "import, and not alike; nothing was imported: give one of the two",
    ):
        orchestrator.import_candidates(
            [prebuilt(trials[0]), prebuilt(trials[1]), prebuilt(trials[0], "1")]
        )
    assert nothing_is_stored(store)


def test_two_seeds_of_one_sample_are_refused(orchestrator, trials, store):
    with pytest.raises(SpecValidationError, match=r"item '1'\), sample 3 comes twice"):
        orchestrator.import_candidates(
            [prebuilt(trials[1], sample_index=3, effective_seed=seed) for seed in (7, 8)]
        )
    assert nothing_is_stored(store)


def test_several_samples_of_a_trial_are_no_repeats(orchestrator, trials):
    samples = [prebuilt(trials[0], sample_index=sample) for sample in range(3)]
    assert orchestrator.import_candidates(samples).imported == 3


STAGE = {"stage": "generate", "component": "c", "status": "ok", "end": 1.0, "duration_ms": 1.0}
STARTED_AT_NOON = RecordTimeline((TimelineStage(**STAGE, start="noon"),))


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"sample_index": -1}, "sample_index is -1; give a whole number from 0 to"),
        ({"sample_index": -3}, "sample_index is -3"),
        ({"sample_index": 1.5}, "sample_index is 1.5"),
        ({"sample_index": True}, "sample_index is True"),
        ({"sample_index": "0"}, "sample_index is '0'"),
        ({"sample_index": None}, "sample_index is None"),
        ({"sample_index": 2**31}, "sample_index is 2147483648"),
        ({"effective_seed": "7"}, "effective_seed is '7'; give a whole number, or None"),
        ({"effective_seed": 10**5000}, "effective_seed is "),
        ({"inference": "text"}, "inference is str, not InferenceRecord"),
        ({"inference": InferenceRecord(raw_text=5)}, "inference.raw_text is int, not str"),
        (
            {"inference": InferenceRecord(structured_output={1})},
            "inference.structured_output: set is no JSON value",
        ),
        (
            {"inference": InferenceRecord(raw_text="", token_usage=3)},
            "inference.token_usage is int, not",
        ),
        ({"conversation": "hello"}, "conversation is str, not ConversationTrace"),
        (
            {"conversation": ConversationTrace((TraceStep(kind="message", name=5),))},
            "conversation has a field of another type than ConversationTrace has",
        ),
        (
            {"conversation": ConversationTrace((TraceStep(kind="message", content=5),))},
            "conversation cannot be stored: ",
        ),
        ({"timeline": ()}, "timeline is tuple, not RecordTimeline"),
        ({"timeline": STARTED_AT_NOON}, "timeline cannot be stored: "),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_record_that_cannot_be_used_names_its_place_and_field(
    orchestrator, trials, store, fields, problem
):
    with pytest.raises(SpecValidationError) as caught:
        orchestrator.import_candidates([prebuilt(trials[0]), prebuilt(trials[1], **fields)])
    place = "trial_records[1].candidates[0] (item '1') cannot be imported: "
    assert str(caught.value).startswith(place + problem)
    assert str(caught.value).endswith("; nothing was imported")
    assert nothing_is_stored(store)


def test_what_is_no_record_is_refused_with_its_place(orchestrator, trials, store):
    good = prebuilt(trials[0])
    for bad, problem in [
        (3, r"trial_records\[1\] is int, not TrialRecord"),
        (attrs.evolve(good, trial_spec=None), r"\[1\]\.trial_spec is NoneType, not TrialSpec"),
        (attrs.evolve(good, candidates=("0",)), r"candidates\[0\] \(item '0'\) is str"),
    ]:
        with pytest.raises(SpecValidationError, match=problem):
            orchestrator.import_candidates([good, bad])
    assert nothing_is_stored(store)


def test_what_was_recorded_can_be_imported_as_it_is(make, registry):
    from themis.storage import InMemoryRunStore

    result = make().run_benchmark(sums_benchmark(num_samples=2))
    recorded = [result.get_trial(name) for name in result.trial_hashes]
    with InMemoryRunStore() as elsewhere:
        assert make(storage_bundle=elsewhere).import_candidates(recorded).imported == 12


def of_task(task, **fields):
    return CandidateRecord(candidate_id=task["candidate_id"], **fields)


def answered(task, text):
    return of_task(task, inference=InferenceRecord(raw_text=text))


def failed(task, message):
    failure = FailureRecord(code=ErrorCode.PROVIDER_UNAVAILABLE, message=message, stage="generate")
    return of_task(task, status="error", failure=failure)


def test_results_that_come_twice_are_counted_once(orchestrator):
    bundle = orchestrator.export_generation_bundle(sums_benchmark())
    records = [answered(bundle.tasks[0], "0")] * 3
    done = orchestrator.import_generation_results(bundle, records)
    assert (done.imported, done.duplicates) == (1, 2)


def test_results_that_differ_are_refused_with_item_and_sample(orchestrator):
    bundle = orchestrator.export_generation_bundle(sums_benchmark())
    task = bundle.tasks[1]
    with pytest.raises(SpecValidationError, match="item '1', sample 0 comes twice in this import"):
        orchestrator.import_generation_results(bundle, [answered(task, "2"), failed(task, "down")])
    assert len(orchestrator.export_generation_bundle(sums_benchmark()).tasks) == 2


def test_a_result_that_cannot_be_used_names_item_sample_and_field(orchestrator):
    bundle = orchestrator.export_generation_bundle(sums_benchmark())
    for bad, problem in [
        (answered(bundle.tasks[1], 5), "item '1', sample 0: inference.raw_text is int, not str"),
        (3, r"records\[1\] is int, neither TrialRecord nor CandidateRecord"),
    ]:
        with pytest.raises(SpecValidationError, match=problem):
            orchestrator.import_generation_results(bundle, [answered(bundle.tasks[0], "0"), bad])
    assert len(orchestrator.export_generation_bundle(sums_benchmark()).tasks) == 2


def test_imported_failures_are_told_apart(orchestrator):
    bundle = orchestrator.export_generation_bundle(sums_benchmark())
    records = [answered(bundle.tasks[0], "0"), failed(bundle.tasks[1], "down")]
    done = orchestrator.import_generation_results(bundle, records)
    assert (done.imported, done.imported_failures) == (2, 1)


@pytest.fixture
def scoring(orchestrator):
    """Pending scores of two candidates."""
    orchestrator.generate(sums_benchmark())
    return orchestrator.export_evaluation_bundle(sums_benchmark())


def scored(task, value):
    score = MetricScore(metric_id="numeric_match", value=value, error=None if value else "no idea")
    return of_task(task, evaluation=EvaluationRecord(task["evaluation_hash"], (score,)))


def test_scores_that_come_twice_are_counted_once_and_failures_apart(orchestrator, scoring):
    first, second = scoring.tasks
    records = [scored(first, 1.0), scored(first, 1.0), scored(second, None)]
    done = orchestrator.import_evaluation_results(scoring, records)
    assert (done.imported, done.duplicates, done.imported_failures) == (2, 1, 1)


def test_scores_that_differ_are_refused(orchestrator, scoring):
    with pytest.raises(SpecValidationError, match="item '0', sample 0 comes twice"):
        orchestrator.import_evaluation_results(
            scoring, [scored(scoring.tasks[0], 1.0), scored(scoring.tasks[0], 0.5)]
        )
    assert len(orchestrator.export_evaluation_bundle(sums_benchmark()).tasks) == 2
