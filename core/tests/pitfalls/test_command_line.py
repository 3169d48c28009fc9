"""Command line: what a first user tries works, and does what it says."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from themis.cli import main
from themis.storage import sqlite_store


@pytest.fixture
def shell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("THEMIS_STORE", raising=False)

    def invoke(*words, code=0):
        done = CliRunner().invoke(main, words)
        assert done.exit_code == code, done.output
        return done.stdout

    return invoke


def test_init_scaffolds_a_run_that_has_cases_and_needs_no_key(shell, monkeypatch):
    shell("init", "project")
    monkeypatch.chdir("project")
    report = json.loads(shell("run", "experiment.yaml", "--progress", "none", "--json"))
    [row] = report["sections"]["leaderboard"]
    assert (row["n_items"], report["counts"]["failed"]) == (4, 0)
    assert row["mean"] > 0


def test_init_overwrites_nothing(shell, tmp_path):
    (tmp_path / "cases.jsonl").write_text("mine")
    shell("init", code=2)
    assert [each.name for each in tmp_path.iterdir()] == ["cases.jsonl"]


def test_resume_runs_what_is_missing(shell, monkeypatch):
    shell("init")
    planned = json.loads(shell("plan", "experiment.yaml", "--json"))["run_id"]
    assert outputs(planned) == []
    shell("resume", planned[:12], "--progress", "none")
    assert len(outputs(planned)) == 4


def test_quick_evaluation_does_not_echo_the_expected_answer(shell):
    command = ("quick-eval", "inline", "--model", "echo", "--input", "2+2", "--expected", "four")
    report = json.loads(shell(*command, "--progress", "none", "--json"))
    [row] = report["sections"]["leaderboard"]
    assert row["mean"] == 0.0
    assert outputs(report["run"]["run_id"]) == ["2+2"]


def outputs(run_id):
    """What the model said, of each case of a run."""
    from themis.results import RunResult

    with sqlite_store(".themis", read_only=True) as store:
        cases = RunResult(store, run_id).cases
        return [
            generation.inference.raw_text
            for case in cases
            for generation in case.generations
            if generation.inference is not None
        ]
