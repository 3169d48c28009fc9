"""`themis judge-agreement`, `ratings` and `calibration`, and `themis report --labels`."""

from __future__ import annotations

import json

import pytest

from themis.storage import SqliteRunStore
from themis.testing.recorded_runs import RecordedRun


def outcome(cell) -> float:
    number = int(cell.item_id[1:])
    if cell.metric_id == "sure":
        return number / 10
    return float(number % 3 != 0 or (cell.model == "alpha" and number != 3))


@pytest.fixture
def run(shell, tmp_path):
    recorded = RecordedRun(
        outcome=outcome,
        items=[f"i{number}" for number in range(10)],
        metrics=(("liked", "answers"), ("sure", "answers")),
    )
    with SqliteRunStore(tmp_path / ".themis") as store:
        return recorded.record(store)[:12]


def test_ratings_are_shown_the_best_first(shell, run):
    done = shell("ratings", run, "--metric", "liked", "--opponent", "human", *_store())
    heading, _, *rows = done.stdout.splitlines()
    assert heading.split()[:4] == ["player", "strength", "ci_lower", "ci_upper"]
    assert [row.split()[0] for row in rows] == ["alpha", "beta", "human"]


def test_ratings_that_are_regularised_say_so(shell, run):
    words = ("ratings", run, "--metric", "liked", "--opponent", "human", *_store())

    assert "regularised: 0.5 wins of each over each" in shell(*words, "--alpha", "0.5").stdout
    assert "regularised" not in shell(*words).stdout
    assert {row["method"] for row in shell.json(*words, "--alpha", "0.5")} == {
        "bradley_terry_regularised"
    }


def test_ratings_by_a_metric_that_the_run_lacks_name_those_it_has(shell, run):
    done = shell("ratings", run, *_store(), code=2)
    assert "no metric 'pairwise_preference'; it has: liked, sure" in done.stderr


def test_calibration_gives_its_bins_to_programs(shell, run):
    words = ("calibration", run, "--confidence", "sure", "--bins", "5", *_store())
    first, _ = shell.json(*words)
    assert (first["metric_id"], first["n"], len(first["bins"])) == ("liked", 10, 5)
    assert "brier" in shell(*words).stdout


def test_agreement_of_a_run_without_judges_is_an_error(shell, run):
    done = shell("judge-agreement", run, *_store(), code=2)
    assert "no verdict of a judge was recorded; judged: nothing" in done.stderr


def test_a_report_may_use_labels_by_people(shell, run, tmp_path):
    rows = [{"item_id": f"i{n}", "model_id": "alpha", "label": n % 2} for n in range(4)]
    (tmp_path / "labels.jsonl").write_text("\n".join(map(json.dumps, rows)))

    found = shell.json("report", run, "--labels", "labels.jsonl", *_store())["sections"]["labelled"]
    labelled = [row for row in found if row["n_labelled"]]
    assert [(row["model_id"], row["n_judged"]) for row in labelled] == [("alpha", 6)] * 2
    assert "WITH HUMAN LABELS" in shell("report", run, "--labels", "labels.jsonl", *_store()).stdout


def test_labels_that_are_none_are_told_with_their_line(shell, run, tmp_path):
    (tmp_path / "labels.csv").write_text("item_id,label\ni1,good\n")
    done = shell("report", run, "--labels", "labels.csv", *_store(), code=2)
    assert "labels.csv:2: label 'good' is no number" in done.stderr


def _store():
    return "--store", ".themis"
