"""A first look at a run finds what makes its figures doubtful."""

from __future__ import annotations

import json

import pytest

import themis
from themis import InMemoryRunStore, quickcheck
from themis.errors import StorageError
from themis.records import InferenceRecord

CASES = [{"input": f"{n}", "expected_output": f"{n}", "case_id": f"c{n}"} for n in range(4)]


def checked(model, metric="exact_match", **settings):
    with InMemoryRunStore() as store:
        themis.evaluate(
            model=model,
            data=CASES,
            metric=metric,
            store=store,
            runtime={"generation_retry_attempts": 1},
            **settings,
        )
        return quickcheck(store)


def found(check):
    return {one.code: one.level for one in check.suspicions}


def mostly(question):
    return question if question != "3" else "?"


def test_a_run_like_any_other_is_not_suspicious():
    check = checked(mostly)
    assert check.ok
    assert check.suspicions == ()
    assert (check.status, check.through_stage) == ("completed", "judge")


def test_it_shows_means_with_intervals_and_counts():
    lines = str(checked(mostly)).splitlines()
    assert lines[0].startswith("data: completed, complete through judge (run ")
    assert lines[3].split()[:2] == ["exact_match", "0.7500"]
    assert lines[-2:] == ["4 of 4 candidates; none failed.", "nothing suspicious"]


def test_equal_scores_are_a_problem():
    check = checked(lambda question: f"it is {question}")
    assert found(check) == {"equal_scores": "problem"}
    assert "all 4 scores of exact_match are 0.0000" in str(check)
    assert not check.ok


def test_empty_outputs_are_a_problem_if_all_are_and_a_note_if_some_are():
    assert found(checked(lambda question: " "))["empty_outputs"] == "problem"
    assert found(checked(lambda q: "" if q == "1" else q)) == {"empty_outputs": "note"}


def test_equal_outputs_are_a_problem():
    assert found(checked(lambda question: "1")) == {"equal_outputs": "problem"}


def test_parses_that_found_nothing_are_counted():
    nowhere = found(checked(lambda question: "none", parser="first_number"))
    assert nowhere["all_parses_failed"] == "problem"
    somewhere = checked(lambda q: "none" if q == "1" else q, parser="first_number")
    assert found(somewhere)["parses_failed"] == "note"


def test_failures_are_counted():
    def model(question):
        if question == "1":
            raise RuntimeError("down")
        return mostly(question)

    check = checked(model)
    assert found(check) == {"candidates_failed": "note"}
    assert "1 of 4 candidates failed" in check.suspicions[0].message


def test_a_run_of_which_everything_failed_is_a_problem():
    def model(question):
        raise RuntimeError("down")

    assert found(checked(model)) == {"all_candidates_failed": "problem", "no_scores": "problem"}


def test_a_metric_that_always_fails_is_a_problem():
    def broken(parsed, expected):
        raise RuntimeError("no")

    assert found(checked(mostly, metric=broken)) == {"all_scores_failed": "problem"}


def test_outputs_that_were_cut_off_are_noted():
    class Cut:
        component_id = "cut"

        def infer(self, trial, context, runtime):
            return InferenceRecord(raw_text=mostly(context["input"]), finish_reason="length")

    assert found(checked(Cut())) == {"cut_off": "note"}


def test_it_is_plain_json():
    plain = json.loads(json.dumps(checked(mostly).to_dict()))
    assert (plain["ok"], plain["metrics"][0]["mean"]) == (True, 0.75)


def test_a_path_is_opened_and_the_latest_run_is_looked_at(tmp_path):
    for metric in ("contains", "exact_match"):
        themis.evaluate(
            model=mostly, data=CASES, metric=metric, storage=str(tmp_path / "s")
        ).close()
    [metric] = quickcheck(tmp_path / "s").metrics
    assert metric.metric_id == "exact_match"


def test_a_store_without_runs_is_an_error():
    with InMemoryRunStore() as store, pytest.raises(StorageError, match="has no runs yet"):
        quickcheck(store)
