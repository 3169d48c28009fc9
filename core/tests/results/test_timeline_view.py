from __future__ import annotations

import attrs
import pytest

from themis.errors import ErrorCode
from themis.records import Message
from themis.results import BenchmarkResult
from themis.specs import ModelSpec
from themis.storage import InMemoryRunStore, ReusedCandidate, ReusedScore, reused
from themis.testing.recorded_runs import RecordedRun


def test_a_candidate_is_shown_with_everything_recorded_about_it(result_of):
    result = result_of()
    [candidate] = result.get_trial(result.trial_hashes[0]).candidates

    view = result.view_timeline(candidate.candidate_id)

    assert (view.record_type, view.candidate_id) == ("candidate", candidate.candidate_id)
    assert (view.trial_hash, view.status) == (result.trial_hashes[0], "ok")
    assert view.inference.raw_text == "alpha on i1"
    assert view.conversation.messages()[-1] == Message("assistant", "alpha on i1")
    assert [record.parsed_answer for record in view.extractions] == ["alpha on i1"]
    assert [score.value for score in view.evaluation.scores] == [1.0]
    assert view.item_payload == {"question": "What of i1?"}
    assert [link.external_id for link in view.observability.links] == ["span-0"]


def test_the_timeline_has_every_stage_with_its_measured_duration(result_of):
    result = result_of()

    view = result.view_timeline(result.trial_hashes[0])

    assert [stage.stage for stage in view.timeline.stages] == ["generate", "parse", "score"]
    assert {stage.duration_ms for stage in view.timeline.stages} == {500.0}


def test_the_trial_spec_is_rebuilt(result_of):
    result = result_of(dimensions={"main": {"lang": "en"}}, datasets={"main": "gsm"})

    spec = result.view_timeline(result.trial_hashes[1]).trial_spec

    assert spec.model == ModelSpec(model_id="beta", provider="demo")
    assert (spec.slice_id, spec.item_id, spec.prompt_variant_id) == ("main", "i1", "direct")
    assert (spec.params.temperature, spec.dimensions, spec.dataset_id) == (
        0.0,
        {"lang": "en"},
        "gsm",
    )
    assert spec.prompt == (Message("user", "What of i1?"),)


def test_the_lineage_of_a_candidate_names_its_sample_and_seed(result_of):
    result = result_of(num_samples=2)
    candidate = result.get_trial(result.trial_hashes[0]).candidates[1]

    lineage = result.view_timeline(candidate.candidate_id).lineage

    assert (lineage["sample_index"], lineage["effective_seed"], lineage["reused"]) == (1, 1, False)
    assert (lineage["run_id"], lineage["model_id"]) == (result.run_id, "alpha")
    assert lineage["params"] == {"temperature": 0.0}


def test_a_trial_of_several_candidates_shows_them_one_by_one(result_of):
    result = result_of(num_samples=2)

    shown = result.view_timeline(result.trial_hashes[0])

    assert (shown.record_type, shown.candidate_id, shown.inference) == ("trial", None, None)
    assert [candidate.sample_index for candidate in shown.candidates] == [0, 1]
    assert len(shown.timeline.stages) == 6


def test_the_events_behind_a_record_are_named(result_of):
    result = result_of()

    events = result.view_timeline(result.trial_hashes[0]).related_events

    assert [event.kind for event in events] == ["generated", "evaluated"]
    assert events[0].seq < events[1].seq


def test_a_failed_candidate_shows_why(result_of, timed_out):
    result = result_of(lambda cell: timed_out)

    trial = result.get_trial(result.trial_hashes[0])

    [candidate] = trial.candidates
    assert (trial.status, candidate.status, candidate.inference) == ("error", "error", None)
    assert candidate.failure.code == ErrorCode.PROVIDER_TIMEOUT
    assert (candidate.failure.attempts, trial.trial_spec.prompt) == (4, ())
    assert candidate.timeline.stages[0].error == "no answer in 60 s"


def test_a_failed_metric_is_shown_beside_the_others(result_of, unscorable):
    result = result_of(
        lambda cell: unscorable if cell.metric_id == "accuracy" else 0.5,
        metrics=(("accuracy", "s"), ("speed", "s")),
    )

    [candidate] = result.get_trial(result.trial_hashes[0]).candidates

    failed, scored = candidate.evaluation.scores
    assert (failed.message, scored.value) == ("the reference has no answer", 0.5)


def test_a_trial_that_was_not_tried_yet_has_no_candidates(result_of):
    result = result_of(lambda cell: None)

    trial = result.get_trial(result.trial_hashes[0])

    assert (trial.status, trial.candidates, trial.timeline.stages) == ("skipped", (), ())


def test_an_item_that_the_store_does_not_keep_is_none():
    with InMemoryRunStore(store_item_payloads=False) as store:
        result = BenchmarkResult(store, RecordedRun().record(store))

        assert result.view_timeline(result.trial_hashes[0]).item_payload is None


def test_a_view_cannot_be_changed(result_of):
    result = result_of()
    view = result.view_timeline(result.trial_hashes[0])

    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        view.status = "error"


def adopt_everything(store, source: RecordedRun, run: RecordedRun) -> BenchmarkResult:
    """The result of `run`, all of whose candidates and scores are those of `source`."""
    source_run = store.find_run(source.record(store)).id
    target = store.find_run(run.record(store)).id
    rows = list(store.iter_candidates(source_run))
    scores = [
        ReusedScore(row.trial, row.sample, metric, row.evaluated_seq, entry["key"])
        for row in rows
        for metric, entry in enumerate(store.event(row.evaluated_seq).value["scores"])
        if metric < len(run.metrics)
    ]
    candidates = [ReusedCandidate(row.trial, row.sample, row.generated_seq) for row in rows]
    store.append([reused(target, candidates=candidates, scores=scores)])
    return BenchmarkResult(store, run.run_id)


def test_what_another_run_made_is_read_as_this_runs_own(run_store):
    source = RecordedRun(name="first", metrics=(("accuracy", "a"), ("speed", "b")))
    run = RecordedRun(name="second", metrics=(("accuracy", "a"),), outcome=lambda cell: None)

    result = adopt_everything(run_store, source, run)
    [candidate] = result.get_trial(result.trial_hashes[0]).candidates
    view = result.view_timeline(candidate.candidate_id)

    assert view.lineage["reused"] is True
    assert [row["mean"] for row in result.leaderboard()] == [1.0, 1.0]
    assert [score.metric_id for score in view.evaluation.scores] == ["accuracy"]
    assert len(view.extractions) == 1, "the other run's second chain is not this run's"
