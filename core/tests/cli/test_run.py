from __future__ import annotations

import json
import shlex

import pytest
from click.testing import CliRunner

from themis.cli import main

BENCHMARK = """
benchmark_id = "echoes"
models = [{ model_id = "a", provider = "echo" }, { model_id = "b", provider = "echo" }]
prompt_variants = [{ id = "plain", messages = [{ role = "user", content = "{{ item.text }}" }] }]
inference_grid = { params = [{}] }

[[slices]]
slice_id = "words"
dataset = { source = "local", dataset_id = "items.jsonl" }
generation = {}
scores = [{ name = "same", metrics = ["exact_match"] }]
"""
ITEMS = '{"text": "one", "answer": "one"}\n{"text": "two", "answer": "2"}\n'


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs the benchmark in a folder of its own, with the given options."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b.toml").write_text(BENCHMARK)
    (tmp_path / "items.jsonl").write_text(ITEMS)
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")

    def invoke(*options):
        return CliRunner().invoke(main, ["run", "b.toml", "--progress", "none", *options])

    return invoke


def test_a_run_ends_with_a_short_report(run):
    result = run()
    headings = [line for line in result.stdout.splitlines() if line.isupper()]
    assert (result.exit_code, result.stderr) == (0, "")
    assert headings == ["LEADERBOARD", "PAIRED COMPARISON"]
    assert max(map(len, result.stdout.splitlines())) <= 100


def test_the_json_of_a_run_is_the_whole_report(run):
    sections = json.loads(run("--json").stdout)["sections"]
    assert set(sections) == {"leaderboard", "comparison", "provenance"}


def test_a_run_says_where_it_is_recorded(run):
    assert "Everything is recorded in runs/one. Next:" in run("--store", "runs/one").stdout


@pytest.mark.parametrize("options", [(), ("--store", "runs/one")], ids=["default", "named"])
def test_the_commands_that_a_run_suggests_work(run, options):
    lines = run(*options).stdout.splitlines()
    commands = [line.split("themis ", 1)[1] for line in lines if "  themis " in line]
    assert [command.split()[0] for command in commands] == ["report", "report", "inspect"]
    for command in commands:
        assert CliRunner().invoke(main, shlex.split(command)).exit_code == 0


def test_a_program_that_is_not_on_the_path_is_suggested_as_it_was_called(run, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("sys.argv", [".venv/bin/themis", "run"])
    assert "  .venv/bin/themis report " in run().stdout


def test_what_is_done_is_shown_again_without_running(run):
    assert run().stdout == run().stdout


def test_a_run_with_failures_suggests_to_look_at_one_and_exits_with_1(run, tmp_path):
    (tmp_path / "items.jsonl").write_text('{"text": "one", "answer": "one"}\n{"text": "two"}\n')
    result = run()
    assert result.exit_code == 1
    assert "FAILURES" in result.stdout


def test_an_observer_that_is_not_installed_is_named(run):
    result = run("--observer", "watchr")
    assert result.exit_code == 2
    assert "no observer is named 'watchr'" in result.stderr
