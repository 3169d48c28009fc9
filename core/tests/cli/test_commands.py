"""Each command as its user meets it: output, exit codes, errors."""

from __future__ import annotations

import json
import threading
import time

import pytest
from click.testing import CliRunner

from themis.cli import main

BENCHMARK = """
benchmark_id = "echoes"
models = [{ model_id = "a", provider = "echo" }]
prompt_variants = [{ id = "plain", messages = [{ role = "user", content = "{{ item.text }}" }] }]
inference_grid = { params = [{ max_tokens = 50 }] }

[prices]
a = { prompt = 1, completion = 10 }

[[slices]]
slice_id = "words"
dataset = { source = "local", dataset_id = "items.jsonl" }
generation = {}
scores = [{ name = "same", metrics = ["exact_match"] }]
"""
ITEMS = '{"item_id": "1", "text": "one", "answer": "one"}\n{"text": "two", "answer": "2"}\n'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b.toml").write_text(BENCHMARK)
    (tmp_path / "items.jsonl").write_text(ITEMS)
    return tmp_path


@pytest.fixture
def themis(folder):
    def invoke(*arguments):
        return CliRunner().invoke(main, list(arguments))

    return invoke


@pytest.fixture
def ran(themis):
    """The id of a run that is done."""
    themis("run", "b.toml", "--progress", "none")
    [run] = strict(themis("runs", "--json"))
    return run["run_id"]


def strict(result):
    """The JSON on stdout, where nothing else may be and NaN is no number."""

    def refuse(text):
        raise AssertionError(text)

    return json.loads(result.stdout, parse_constant=refuse)


def some_record(themis, run, kind):
    """The id of the run's first trial or candidate."""
    from themis.results import BenchmarkResult
    from themis.storage import sqlite_store

    with sqlite_store(".themis", read_only=True) as store:
        result = BenchmarkResult(store, store.run(run).run_id)
        name = result.trial_hashes[0]
        return name if kind == "trial" else result.get_trial(name).candidates[0].candidate_id


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "b.toml", "--progress", "none"),
        ("preview", "b.toml"),
        ("estimate", "b.toml"),
        ("plan", "b.toml"),
        ("diff", "b.toml", "b.toml"),
        ("resume", "RUN", "--progress", "none"),
        ("progress", "RUN"),
        ("progress", "RUN", "--follow"),
        ("report", "RUN"),
        ("quickcheck", "RUN"),
        ("inspect", "snapshot", "RUN"),
        ("inspect", "state", "RUN", "--all"),
        ("inspect", "evaluation", "RUN", "1", "exact_match"),
        ("inspect", "trial", "RUN", "TRIAL"),
        ("inspect", "candidate", "RUN", "CANDIDATE"),
        ("inspect", "timeline", "RUN", "CANDIDATE"),
        ("runs",),
        ("plugins", "list"),
        ("store", "stats"),
    ],
    ids=" ".join,
)
def test_every_command_prints_text_or_strict_json_and_nothing_else(themis, ran, arguments):
    names = {
        "RUN": ran,
        "TRIAL": some_record(themis, ran, "trial"),
        "CANDIDATE": some_record(themis, ran, "candidate"),
    }
    given = [names.get(argument, argument) for argument in arguments]
    text, as_json = themis(*given), themis(*given, "--json")
    assert (text.exit_code, as_json.exit_code) == (0, 0), text.output + as_json.output
    assert (text.stderr, as_json.stderr) == ("", "")
    assert text.stdout.strip()
    strict(as_json)


def test_a_preview_shows_what_would_be_sent(themis):
    result = themis("preview", "b.toml", "--item", "1")
    assert result.stdout == "== slice words, item 1, prompt plain, model a\n[user]\none\n"


def test_an_estimate_has_work_tokens_and_cost(themis):
    shown = themis("estimate", "b.toml").stdout
    assert "generate  2 to do, 0 done, 2 in all" in shown
    assert "a: 2 calls, " in shown
    assert "at most 100 completion tokens, cost at most 0.00" in shown
    assert "  assuming prompt tokens of a: " in shown


def test_looking_makes_no_run(themis, folder):
    themis("preview", "b.toml")
    themis("estimate", "b.toml")
    themis("diff", "b.toml", "b.toml")
    assert strict(themis("runs", "--json")) == []


def test_a_diff_shows_changes_and_what_would_run(themis, folder):
    (folder / "c.toml").write_text(BENCHMARK.replace("exact_match", "token_f1"))
    lines = themis("diff", "b.toml", "c.toml").stdout.splitlines()
    assert "generate  0 of 2 would run, 2 reused" in lines
    assert "score     2 of 2 would run, 0 reused" in lines
    assert any("token_f1" in line for line in lines)


@pytest.mark.parametrize("form", ["text", "markdown", "csv", "json", "latex", "html"])
def test_a_report_has_every_form_on_stdout_or_in_a_file(themis, ran, folder, form):
    shown = themis("report", ran[:8], "--format", form)
    written = themis("report", ran[:8], "--format", form, "--output", "out/report")
    assert (shown.exit_code, written.exit_code) == (0, 0)
    assert (written.stdout, written.stderr) == ("", "wrote out/report\n")
    assert (folder / "out" / "report").read_text().strip() == shown.stdout.strip()
    assert "exact_match" in shown.stdout.replace("\\_", "_")


def test_a_report_that_cannot_be_written_is_an_error(themis, ran, folder):
    (folder / "file").write_text("")
    result = themis("report", ran, "-o", "file/report")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: file/report cannot be written: ")


def test_a_run_works_from_another_folder(themis, folder, monkeypatch):
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    result = themis("run", "../b.toml", "--progress", "none", "--json")
    assert result.exit_code == 0, result.output
    assert strict(result)["run"]["status"] == "completed"


def test_progress_can_be_followed_from_another_shell(themis, folder):
    from themis.runtime.progress import ProgressTracker
    from themis.storage import sqlite_store

    run = strict(themis("plan", "b.toml", "--json"))["run_id"]
    assert "is planned and has not started" in themis("progress", run).stderr
    tracker = ProgressTracker(run)

    def work():
        with sqlite_store(".themis") as store:
            for status in ("running", "completed"):
                time.sleep(0.3)
                tracker.status = status
                store.save_progress(run, tracker.snapshot().to_dict())
                store.flush()
                time.sleep(0.9)

    worker = threading.Thread(target=work)
    worker.start()
    result = themis("progress", run, "--follow", "--json")
    worker.join()
    shown = [json.loads(line)["status"] for line in result.stdout.splitlines()]
    assert (shown[0], shown[-1]) == ("running", "completed")


def test_a_run_with_failures_exits_with_1_and_can_be_resumed(themis, folder):
    (folder / "items.jsonl").write_text('{"item_id": "1", "answer": "one"}\n')
    failed = themis("run", "b.toml", "--progress", "none", "--json")
    assert (failed.exit_code, strict(failed)["run"]["status"]) == (1, "failed")
    [run] = strict(themis("runs", "--json"))
    assert themis("resume", run["run_id"], "--progress", "none").exit_code == 1


def test_a_broken_file_shows_every_finding_with_its_line_and_exits_with_2(themis, folder):
    broken = BENCHMARK.replace("inference_grid", "grid").replace("generation = {}", "generate = {}")
    (folder / "b.toml").write_text(broken)
    result = themis("run", "b.toml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "b.toml:5:1: grid: " in result.stderr
    assert "b.toml:13:1: slices[0].generate: " in result.stderr
    assert not (folder / ".themis").exists()


def test_what_only_a_plan_finds_has_its_line_too(themis, folder):
    broken = BENCHMARK.replace('"echo"', '"ecko"').replace("exact_match", "exakt_match")
    (folder / "b.toml").write_text(broken)
    result = themis("run", "b.toml", "--progress", "none")
    assert result.exit_code == 2
    assert "b.toml:3:29: models[0].provider: " in result.stderr
    assert "b.toml:14:" in result.stderr
    assert "exakt_match" in result.stderr


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ("[runtime]\nadaptiv = false", "b.toml:2:1: runtime.adaptiv: no such option; did you mean"),
        ("[runtime]\nbreaker_probes = 0", "runtime.breaker_probes: got 0; give a number above 0"),
        (
            "[runtime]\nprovider_rate_limits = { ecko = 60 }",
            "b.toml:2:26: runtime.provider_rate_limits['ecko']: no model or judge of this run",
        ),
    ],
)  # fmt: skip
def test_a_broken_table_shows_its_line(themis, folder, table, text):
    (folder / "b.toml").write_text(f"{table}\n[benchmark]\n{_nested(BENCHMARK)}")
    result = themis("run", "b.toml", "--progress", "none")
    assert result.exit_code == 2
    assert text in result.stderr


def _nested(text):
    return (
        text.replace("[[slices]]", "[[benchmark.slices]]")
        .replace("[prices]", "[x]")
        .split("[x]")[0]
        + "[[benchmark.slices]]"
        + text.split("[[slices]]")[1]
    )


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("runs",), "there is no store"),
        (("report", "abc"), "there is no store"),
        (("resume", "abc"), "there is no store"),
        (("progress", "abc"), "there is no store"),
        (("run", "none.toml"), "none.toml"),
    ],
    ids=" ".join,
)
def test_a_missing_store_or_file_is_a_clear_error(themis, arguments, text):
    result = themis(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert text in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize("command", ["report", "resume", "progress"])
def test_an_unknown_run_is_a_clear_error(themis, ran, command):
    result = themis(command, "feedbeef")
    assert result.exit_code == 2
    assert "has no run 'feedbeef'" in result.stderr


def test_an_unknown_record_is_a_clear_error(themis, ran):
    result = themis("inspect", "trial", ran, "feedbeef")
    assert result.exit_code == 2
    assert "feedbeef" in result.stderr


def test_a_run_shows_the_warnings_of_its_plan_on_stderr(themis, folder):
    short = 'dataset_query = { kind = "subset", count = 5 }\ngeneration = {}'
    (folder / "b.toml").write_text(BENCHMARK.replace("generation = {}", short))
    result = themis("run", "b.toml", "--progress", "none", "--json")
    assert strict(result)["run"]["status"] == "completed"
    assert "slice 'words' has 2 items, 3 fewer than its query asks for" in result.stderr
    assert "warning: slice 'words' has 2 items" in themis("plan", "b.toml").stderr


def test_json_logs_are_json_lines(themis, folder):
    short = 'dataset_query = { kind = "subset", count = 5 }\ngeneration = {}'
    (folder / "b.toml").write_text(BENCHMARK.replace("generation = {}", short))
    result = themis("run", "b.toml", "--progress", "none", "--log-json")
    [entry] = [json.loads(line) for line in result.stderr.splitlines()]
    assert entry["level"] == "warning"
