"""What was exported from one store is in another as if it had been made there."""

from __future__ import annotations

import pytest

import themis
from themis import InMemoryRunStore, RunResult
from themis.core import iter_run_events
from themis.storage.integrity import verify_store

from .conftest import CASES, PURE, STAGES, exported, imported


def test_all_five_stages_give_the_same_result_elsewhere(there, result, bundles):
    imported(there, bundles)
    assert str(RunResult(there, result.run_id)) == str(result)


def test_cases_failures_and_status_are_those_of_the_run(there, result, bundles):
    imported(there, bundles)
    landed = RunResult(there, result.run_id)
    assert landed.cases == result.cases
    assert landed.failures == result.failures
    assert landed.status == result.status == "partial_failure"
    assert there.run(result.run_id).through_stage == "judge"


@pytest.mark.parametrize("stage", STAGES)
def test_exporting_again_gives_the_same_bundle(there, result, bundles, stage):
    imported(there, bundles)
    assert exported(there, result.run_id)[stage] == bundles[stage]


@pytest.mark.parametrize("stage", STAGES)
def test_a_file_holds_the_same_bundle(tmp_path, bundles, stage):
    path = bundles[stage].write(tmp_path / "sub" / "bundle.jsonl")
    read = type(bundles[stage]).read(path)
    assert read.content_hash == bundles[stage].content_hash
    assert list(read.lines()) == list(bundles[stage].lines())


def test_importing_again_changes_nothing(there, result, bundles):
    first = imported(there, bundles)
    events = [event.seq for event in iter_run_events(there, result.run_id)]
    again = imported(there, bundles)
    assert [done.imported for done in first.values()] == [12, 4, 4, 4, 4]
    assert [done.imported for done in again.values()] == [0] * 5
    assert [done.already_present for done in again.values()] == [12, 4, 4, 4, 4]
    assert [event.seq for event in iter_run_events(there, result.run_id)] == events


def test_what_was_imported_is_never_run_again(lab, there, result, bundles):
    imported(there, bundles)
    before = lab.asked
    again = lab.run(there)
    asked = (lab.model.asked - before[0], lab.judge.asked - before[1])
    assert asked == (1, 1)  # what had failed is tried again, as in any run
    assert again.run_id == result.run_id


def test_generation_of_one_store_is_scored_in_another_with_equal_keys(lab, here, there):
    settings = {**PURE, "samples": 1, "reducer": None}
    result = lab.run(here, **settings)
    themis.import_generation_bundle(there, themis.export_generation_bundle(here, result.run_id))
    asked = lab.model.asked
    scored = lab.run(there, **settings)
    assert lab.model.asked == asked
    assert (scored.run_id, scored.metrics) == (result.run_id, result.metrics)
    ours, theirs = (
        [record.key for record in themis.export_score_bundle(store, result.run_id).records]
        for store in (here, there)
    )
    assert ours == theirs
    assert len(ours) == len(CASES)


def test_another_metric_uses_the_imported_candidates(lab, there, bundles):
    themis.import_generation_bundle(there, bundles["generation"])
    asked = lab.model.asked
    other = lab.run(there, **{**PURE, "metric": "contains"})
    assert lab.model.asked - asked == 1  # the one that had failed
    assert other.run_id != bundles["generation"].run_id
    assert other.metrics["contains"].n == len(CASES)


def test_candidates_that_another_run_has_are_taken_over_from_it(lab, there, result, bundles):
    lab.run(there, data=CASES[:2])
    summary = themis.import_generation_bundle(there, bundles["generation"])
    assert (summary.imported, summary.already_present) == (6, 6)
    landed = exported(there, result.run_id)["generation"]
    assert landed.counts() == bundles["generation"].counts()


def test_the_store_stays_whole(there, bundles):
    imported(there, bundles)
    assert verify_store(there).ok


def test_metrics_of_the_set_of_candidates_are_carried(lab, here, there):
    class Share:
        component_id = "share"
        subject = "candidates"

        def score(self, trial, candidates, context):
            texts = [candidate.inference.raw_text for candidate in candidates]
            return max(map(texts.count, texts)) / len(texts)

    result = lab.run(here, **{**PURE, "metric": Share()}, reducer=None)
    bundles = exported(here, result.run_id)
    assert bundles["score"].counts()["records"] == len(CASES)
    imported(there, {stage: bundles[stage] for stage in ("generation", "parse", "score")})
    assert RunResult(there, result.run_id).metric_means == result.metric_means


def test_judge_calls_come_with_the_scores(there, result, bundles):
    imported(there, bundles)
    landed = themis.export_evaluation_bundle(there, result.run_id)
    trails = [record.content["judge_audits"] for record in landed.records]
    assert [len(trail["entries"]) for [trail] in trails] == [1, 1, 1, 1]
    assert trails[0][0]["entries"][0]["response"]["text"] == "Verdict: 1"


def test_a_path_may_be_given_in_place_of_a_bundle(tmp_path, there, bundles):
    path = bundles["generation"].write(tmp_path / "bundle.jsonl")
    assert themis.import_generation_bundle(there, str(path)).imported == 12


def test_items_come_along(there, result, bundles):
    themis.import_generation_bundle(there, bundles["generation"])
    [first, *_] = RunResult(there, result.run_id).cases
    assert (first.input, first.expected_output) == ("0 + 0", "0")


@pytest.mark.parametrize("keeps", [True, False])
def test_what_a_bundle_brought_into_any_store_is_verified(bundles, keeps):
    with InMemoryRunStore(store_item_payloads=keeps) as store:
        themis.import_generation_bundle(store, bundles["generation"])
        assert verify_store(store).findings == []


def test_a_store_that_keeps_no_items_exports_the_rest(result, bundles):
    with InMemoryRunStore(store_item_payloads=False) as store:
        themis.import_generation_bundle(store, bundles["generation"])
        counts = themis.export_generation_bundle(store, result.run_id).counts()
    assert (counts["items"], counts["records"]) == (0, 12)
