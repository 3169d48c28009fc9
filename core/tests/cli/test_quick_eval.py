"""`themis quick-eval`: a model and a few questions, without a file."""

from __future__ import annotations

import pytest

ASK = ("quick-eval", "inline", "--model", "echo")


def test_pairs_are_asked_and_scored(shell):
    pairs = ("--input", "yes", "--expected", "yes", "--input", "no", "--expected", "nein")
    assert shell.mean(*ASK, *pairs) == 0.5


def test_answers_are_read_by_parsers_and_scored_by_metrics(shell):
    pair = ("--input", "it is 42 apples", "--expected", "42")
    reading = ("--parser", "first_number", "--metric", "numeric_match")
    assert shell.mean(*ASK, *pair, *reading) == 1.0


def test_every_input_has_its_expected_answer(shell):
    done = shell(*ASK, "--input", "a", "--input", "b", "--expected", "a", code=2)
    assert "2 --input and 1 --expected; give one for each" in done.stderr


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (
            ("--metric", "exact_mach"),
            "error: --metric: no metric is named 'exact_mach': did you mean 'exact_match'",
        ),
        (("--model", "ecko"), "error: --model: no engine is named 'ecko': did you mean 'echo'"),
    ],
)
def test_what_is_not_there_is_named_with_the_nearest(shell, option, said):
    done = shell(*ASK, "--input", "a", "--expected", "a", *option, code=2)
    assert said in done.stderr


def test_a_file_is_asked_by_its_fields(shell, tmp_path):
    (tmp_path / "rows.csv").write_text("q,a\nyes,yes\nno,nein\nmaybe,perhaps\n")
    fields = ("--input-field", "q", "--expected-field", "a")
    command = ("quick-eval", "file", "rows.csv", "--model", "echo", *fields)
    assert shell.mean(*command) == pytest.approx(1 / 3)
    report = shell.json(*command, "--limit", "2", "--progress", "none")
    [row] = report["sections"]["leaderboard"]
    assert row["n_items"] == 2


def test_a_benchmark_of_the_catalogue_is_asked_in_part(shell):
    command = ("quick-eval", "benchmark", "word-problems", "--model", "demo:sim", "--limit", "2")
    report = shell.json(*command, "--progress", "none")
    assert {row["n_items"] for row in report["sections"]["leaderboard"]} == {6}


def test_a_hub_that_cannot_be_reached_is_said_to_be(shell, monkeypatch):
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_ENDPOINT", "http://127.0.0.1:9")
    done = shell("quick-eval", "huggingface", "some/data", "--model", "echo", code=2)
    assert "the Hugging Face Hub (http://127.0.0.1:9) cannot be reached" in done.stderr


def test_what_was_asked_is_kept_as_any_run(shell):
    shell(*ASK, "--input", "a", "--expected", "a", "--progress", "none")
    assert [row["benchmark_id"] for row in shell.json("runs")] == ["inline"]
