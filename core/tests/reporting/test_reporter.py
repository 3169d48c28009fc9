"""Reporter: a store's runs in other programs' forms, and the page of a snapshot."""

from __future__ import annotations

import csv
import io
import json

import pytest

import themis
from themis import InMemoryRunStore, Reporter, snapshot_report
from themis.core import Dataset, EvaluationConfig, GenerationConfig
from themis.errors import StorageError

HOSTILE = "=HYPERLINK(1) | <b>*x*</b> \\input{secret} $x_1$"
CASES = [{"input": f"{n}", "expected_output": f"{n}", "case_id": f"c{n}"} for n in range(4)]


def model(question):
    if question == "0":
        raise RuntimeError(HOSTILE)
    return question


@pytest.fixture
def store():
    with InMemoryRunStore() as opened:
        yield opened


@pytest.fixture
def run_id(store):
    return themis.evaluate(
        model=model,
        data=CASES,
        metric="exact_match",
        store=store,
        runtime={"generation_retry_attempts": 1},
        environment_metadata={"cluster": "a | <b>"},
    ).run_id


def test_json_has_every_section(store, run_id):
    report = json.loads(Reporter(store).export_json(run_id[:9]))
    assert report["run"]["run_id"] == run_id
    assert report["sections"]["leaderboard"][0]["mean"] == 1.0
    assert HOSTILE in report["sections"]["failures"][0]["message"]


def test_markdown_escapes_what_a_model_wrote(store, run_id):
    text = Reporter(store).export_markdown(run_id)
    assert "# data" in text
    assert "&lt;b&gt;\\*x\\*" in text
    assert "<b>" not in text


def test_latex_escapes_what_a_model_wrote(store, run_id):
    text = Reporter(store).export_latex(run_id)
    assert "\\begin{tabular}" in text
    assert "\\input" not in text
    assert "\\textbackslash{}input\\{secret\\}" in text


def test_csv_holds_no_formula(store, run_id):
    rows = list(csv.DictReader(io.StringIO(Reporter(store).export_csv(run_id))))
    assert {row["section"] for row in rows} >= {"leaderboard", "failures"}
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row.values())


def test_the_score_table_has_a_row_for_each_score(store, run_id):
    rows = Reporter(store).export_score_table(run_id)
    assert [(row["item_id"], row["value"], row["status"]) for row in rows] == [
        ("c0", None, "no_candidate"),
        ("c1", 1.0, "ok"),
        ("c2", 1.0, "ok"),
        ("c3", 1.0, "ok"),
    ]
    assert rows[1]["metric_id"] == "exact_match"
    json.dumps(rows)


@pytest.mark.parametrize(
    ("name", "beginning"),
    [("r.json", "{"), ("r.md", "# data"), ("r.tex", "\\section"), ("r.html", "<!doctype html>")],
)
def test_a_report_is_written_in_the_form_of_its_ending(store, run_id, tmp_path, name, beginning):
    path = Reporter(store).write(run_id, tmp_path / "sub" / name)
    assert path.read_text(encoding="utf-8").lower().startswith(beginning)


def test_an_unknown_ending_lists_the_known_ones(store, run_id, tmp_path):
    with pytest.raises(ValueError, match=r"known are \.json, \.md, \.tex, \.csv, \.html"):
        Reporter(store).write(run_id, tmp_path / "r.pdf")


def test_a_run_that_is_not_there_is_an_error(store):
    with pytest.raises(StorageError, match="has no run 'nope'"):
        Reporter(store).export_json("nope")


def test_a_snapshot_is_a_page(store, run_id):
    text = snapshot_report(themis.get_run_snapshot(store, run_id))
    assert text.startswith(f"# Run {run_id[:16]}\n")
    for heading in ("Datasets", "Components", "Identity", "Prompts", "Provenance"):
        assert f"\n## {heading}\n" in text
    assert "| metric exact\\_match |" in text or "| metric exact_match |" in text
    assert "<b>" not in text


def test_more_of_the_run_is_said_with_credentials_masked(store, run_id):
    snapshot = themis.get_run_snapshot(store, run_id)
    text = snapshot_report(snapshot, {"team": "evals", "api_key": "sk-very-secret-12345"})
    assert "| team | evals |" in text
    assert "sk-very-secret" not in text


def test_a_compiled_experiment_has_a_page_too():
    experiment = themis.Experiment(
        generation=GenerationConfig(generator="echo"),
        evaluation=EvaluationConfig(metrics=["exact_match"]),
        datasets=[Dataset(dataset_id="numbers", cases=CASES)],
    )
    assert snapshot_report(experiment.compile()).startswith("# Run ")
