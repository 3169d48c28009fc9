"""Failures travel as what they are, and never take the place of an artifact."""

from __future__ import annotations

import themis
from themis import RunResult
from themis.storage.recording import WithdrawnScore, withdrawn

from .conftest import PURE, exported, imported

SETTINGS = {**PURE, "reducer": None}


def run_repaired(lab, store):
    lab.model.repaired = True
    return lab.run(store, **SETTINGS)


def test_failures_are_carried_and_are_no_artifacts(there, bundles):
    assert bundles["generation"].counts()["failures"] == 1
    [failed] = [record for record in bundles["generation"].records if not record.ok]
    summary = themis.import_generation_bundle(there, bundles["generation"])
    assert (summary.imported, summary.imported_failures) == (12, 1)
    imported(there, bundles)
    assert there.known([bytes.fromhex(failed.key)]) == {}
    failures = RunResult(there, bundles["generation"].run_id).failures
    [failure] = [one for one in failures if one["stage"] == "generate"]
    assert (failure["code"], failure["item_id"]) == ("provider_unavailable", "c2")


def test_a_success_takes_the_place_of_a_failure(lab, here, there):
    failed = lab.run(there, **SETTINGS)
    whole = run_repaired(lab, here)
    assert failed.run_id == whole.run_id
    summary = themis.import_generation_bundle(
        there, themis.export_generation_bundle(here, whole.run_id)
    )
    assert (summary.imported, summary.already_present) == (1, 11)
    assert RunResult(there, failed.run_id).failures == []


def test_a_failure_does_not_take_the_place_of_a_success(lab, here, there):
    failed = lab.run(here, **SETTINGS)
    run_repaired(lab, there)
    themis.import_generation_bundle(there, themis.export_generation_bundle(here, failed.run_id))
    assert RunResult(there, failed.run_id).failures == []


def test_scores_of_other_outputs_are_left_out_and_counted(lab, here, there):
    run = lab.run(here, **SETTINGS)
    run_repaired(lab, there)
    there_scores = themis.export_score_bundle(there, run.run_id)
    bundle = themis.export_score_bundle(here, run.run_id)
    summary = themis.import_score_bundle(there, bundle)
    assert (summary.imported, summary.outdated) == (0, 3)  # c3 was answered otherwise
    assert themis.export_score_bundle(there, run.run_id).content_hash == there_scores.content_hash


def test_a_withdrawn_artifact_is_imported_again(lab, here, there):
    run = lab.run(here, **SETTINGS)
    bundles = exported(here, run.run_id)
    stages = {stage: bundles[stage] for stage in ("generation", "parse", "score")}
    imported(there, stages)
    row = there.run(run.run_id)
    first = bundles["score"].records[0]
    there.append([withdrawn(row.id, scores=[WithdrawnScore(0, 0, 0, first.key)])])
    assert themis.import_score_bundle(there, bundles["score"]).imported == 1
