"""`themis submit`, `worker run` and `batch run`: runs that wait in a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

EXPERIMENT = """
generation: { generator: echo }
evaluation: { metrics: exact_match }
datasets: [cases.jsonl]
"""
BENCHMARK = """
benchmark_id = "echoes"
models = [{ model_id = "a", provider = "echo" }]
prompt_variants = [{ id = "plain", messages = [{ role = "user", content = "{{ item.input }}" }] }]
inference_grid = { params = [{}] }

[[slices]]
slice_id = "words"
dataset = { source = "local", dataset_id = "cases.jsonl" }
generation = {}
scores = [{ name = "same", metrics = ["exact_match"] }]
"""
CASES = '{"input": "one", "expected_output": "one", "answer": "one"}\n'
QUEUE = Path(".themis/queue")


@pytest.fixture(autouse=True)
def _files(tmp_path):
    (tmp_path / "e.yaml").write_text(EXPERIMENT)
    (tmp_path / "b.toml").write_text(BENCHMARK)
    (tmp_path / "cases.jsonl").write_text(CASES)


def status(shell, *options):
    return [row["status"] for row in shell.json("runs", *options)]


def work(shell, *options, code=0):
    return shell.json("worker", "run", "--progress", "none", *options, code=code)


@pytest.mark.parametrize("file", ["e.yaml", "b.toml"])
def test_a_submitted_run_is_planned_and_waits_until_a_worker_executes_it(shell, file):
    submitted = shell.json("submit", file)
    assert status(shell) == ["planned"]
    [outcome] = work(shell)
    assert (outcome["run_id"], outcome["status"]) == (submitted["run_id"], "completed")
    assert status(shell) == ["completed"]


@pytest.mark.parametrize("file", ["e.yaml", "b.toml"])
def test_a_worker_finds_the_store_that_the_run_was_planned_in(shell, file, monkeypatch, tmp_path):
    queue = shell.json("submit", file, "--store", "mine", "--folder", "q")["manifest"]
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    [outcome] = work(shell, "--folder", str(tmp_path / Path(queue).parent))
    assert outcome["status"] == "completed"
    assert status(shell, "--store", str(tmp_path / "mine")) == ["completed"]


def test_a_run_that_waits_is_not_submitted_twice(shell):
    first, second = shell.json("submit", "e.yaml"), shell.json("submit", "e.yaml")
    assert first == second
    assert len(work(shell)) == 1


def test_a_run_is_executed_up_to_the_stage_asked_for(shell):
    shell("submit", "e.yaml", "--until-stage", "generate")
    work(shell)
    stages = shell.json("estimate", "e.yaml")["stages"]
    assert (stages["generate"]["pending"], stages["score"]["pending"]) == (0, 1)


def test_how_a_run_ended_is_kept_beside_its_manifest(shell):
    shell("submit", "e.yaml")
    work(shell)
    [kept] = (QUEUE / "done").glob("*.json")
    written = json.loads(kept.read_text())
    assert (written["outcome"]["status"], written["request"]["benchmark_id"]) == (
        "completed", "cases",
    )  # fmt: skip


def test_a_run_with_failures_is_put_away_as_failed_and_the_worker_exits_with_1(shell, tmp_path):
    (tmp_path / "e.yaml").write_text(EXPERIMENT.replace("exact_match", "numeric_match"))
    shell("submit", "e.yaml")
    [outcome] = work(shell, code=1)
    assert outcome["failed"] == 1
    assert len(list((QUEUE / "failed").glob("*.json"))) == 1


def test_what_is_no_manifest_does_not_keep_others_from_running(shell):
    shell("submit", "e.yaml")
    (QUEUE / "0.json").write_text('{"run_id": "x"}')
    broken, done = work(shell, code=1)
    assert "0.json is no manifest of a run: benchmark_id" in broken["note"]
    assert done["status"] == "completed"


def test_what_a_worker_left_behind_is_said_and_can_be_taken_again(shell):
    shell("submit", "e.yaml")
    [path] = QUEUE.glob("*.json")
    (QUEUE / "running").mkdir()
    path.rename(QUEUE / "running" / path.name)
    done = shell("worker", "run")
    assert "was taken by a worker and has not ended; see --retake" in done.stderr
    [outcome] = work(shell, "--retake")
    assert outcome["status"] == "completed"


def test_a_run_whose_store_is_gone_fails_with_the_reason(shell):
    manifest = Path(shell.json("submit", "e.yaml", "--store", "mine")["manifest"])
    Path("mine").rename("other")
    [outcome] = work(shell, code=1)
    assert outcome["status"] == "failed"
    assert outcome["note"]
    assert not manifest.exists()


def test_a_worker_that_watches_takes_what_comes_and_ends_when_interrupted(shell, monkeypatch):
    comes = iter(["e.yaml", "b.toml"])

    def pause():
        file = next(comes, None)
        if file is None:
            raise KeyboardInterrupt
        shell("submit", file)

    monkeypatch.setattr("themis.cli.worker.pause", pause)
    lines = shell("worker", "run", "--watch", "--json", "--progress", "none").stdout.splitlines()
    assert [json.loads(line)["benchmark_id"] for line in lines] == ["cases", "echoes"]


def test_an_experiment_in_memory_cannot_wait(shell, tmp_path):
    (tmp_path / "e.yaml").write_text(EXPERIMENT + "storage: { store: memory }\n")
    done = shell("submit", "e.yaml", code=2)
    assert "kept in memory, which no worker can read; name a store" in done.stderr


def test_a_batch_runs_the_manifest_that_is_named_or_all(shell):
    named = shell.json("submit", "e.yaml", "--mode", "batch")["manifest"]
    shell("submit", "b.toml", "--mode", "batch")
    run = ("batch", "run", "--progress", "none")
    assert [each["benchmark_id"] for each in shell.json(*run, named)] == ["cases"]
    assert [each["benchmark_id"] for each in shell.json(*run)] == ["echoes"]
    assert shell.json(*run) == []


def test_the_command_that_submit_suggests_works(shell):
    said = shell("submit", "e.yaml", "--folder", "q").stdout
    [command] = [line.split("themis ", 1)[1] for line in said.splitlines() if "execute" in line]
    assert "completed" in shell(*command.split(), "--progress", "none").stdout
