"""Imported runs go on like any other: resumed, replayed, judged again, compared."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import themis
from themis import Experiment, InMemoryRunStore
from themis.cli import main
from themis.core import Dataset, EvaluationConfig, GenerationConfig, iter_run_events

BENCHMARK = """
benchmark_id = "echoes"
models = [{ model_id = "a", provider = "echo" }]
prompt_variants = [{ id = "plain", messages = [{ role = "user", content = "{{ item.text }}" }] }]
inference_grid = { params = [{ max_tokens = 50 }] }

[[slices]]
slice_id = "words"
dataset = { source = "local", dataset_id = "items.jsonl" }
generation = {}
scores = [{ name = "same", metrics = ["exact_match"] }]
"""
ITEMS = '{"item_id": "1", "text": "one", "answer": "one"}\n{"text": "two", "answer": "2"}\n'
DATA = Dataset(
    dataset_id="words", cases=[{"case_id": c, "input": c, "expected_output": "a"} for c in "ab"]
)


def invoke(*arguments):
    return CliRunner().invoke(main, list(arguments))


@pytest.fixture
def generated(tmp_path, monkeypatch):
    """A benchmark of which only the generations are there, exported; the run's id."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b.toml").write_text(BENCHMARK)
    (tmp_path / "items.jsonl").write_text(ITEMS)
    invoke("run", "b.toml", "--stage", "generate", "--progress", "none")
    [run] = json.loads(invoke("runs", "--json").stdout)
    done = invoke("export", "generation", run["run_id"], "-o", "g.jsonl")
    assert done.exit_code == 0, done.output
    return run["run_id"]


def kinds(place, run_id):
    with themis.sqlite_store(place, read_only=True) as store:
        return {event.kind for event in iter_run_events(store, run_id)}


def test_an_imported_run_is_resumed_without_its_data_or_its_first_store(generated, tmp_path):
    invoke("import", "generation", "g.jsonl", "--store", "elsewhere")
    (tmp_path / "items.jsonl").unlink()
    done = invoke("resume", generated, "--store", "elsewhere", "--progress", "none")
    assert done.exit_code == 0, done.output
    with themis.sqlite_store("elsewhere", read_only=True) as store:
        assert store.run(generated).status == "completed"
        assert themis.RunResult(store, generated).metric_means == {"exact_match": 0.5}


def test_an_imported_run_is_reported_and_inspected(generated):
    invoke("import", "generation", "g.jsonl", "--store", "elsewhere")
    assert invoke("report", generated, "--store", "elsewhere").exit_code == 0
    assert "missing" in invoke("inspect", "state", generated, "--store", "elsewhere").stdout
    assert kinds("elsewhere", generated) == {"run", "generation_completed"}


def experiment(metric="exact_match"):
    return Experiment(
        generation=GenerationConfig(generator="echo"),
        evaluation=EvaluationConfig(metrics=[metric]),
        datasets=[DATA],
    )


@pytest.fixture
def moved():
    """An experiment's run, made in one store and imported into another; its id and the store."""
    with InMemoryRunStore() as here, InMemoryRunStore() as there:
        run_id = experiment().run(store=here).run_id
        for stage in ("generation", "score"):
            bundle = getattr(themis, f"export_{stage}_bundle")(here, run_id)
            getattr(themis, f"import_{stage}_bundle")(there, bundle)
        yield run_id, there


def generations(store, run_id):
    events = iter_run_events(store, run_id)
    return [event.seq for event in events if event.kind == "generation_completed"]


def test_an_imported_run_is_replayed_without_generating(moved):
    run_id, store = moved
    before = generations(store, run_id)
    result = experiment().replay(stage="score", store=store)
    assert (result.run_id, result.metric_means) == (run_id, {"exact_match": 0.5})
    assert generations(store, run_id) == before
    scored = [event for event in iter_run_events(store, run_id) if event.kind == "score_completed"]
    assert len(scored) == 4  # those that were imported, and those of the replay


def test_a_run_that_is_whole_is_not_run_again(moved):
    run_id, store = moved
    before = [e.seq for e in iter_run_events(store, run_id) if e.kind != "run"]
    assert experiment().run(store=store).status == "completed"
    assert [e.seq for e in iter_run_events(store, run_id) if e.kind != "run"] == before


def test_an_imported_run_is_compared_with_one_made_here(moved):
    run_id, store = moved
    other = experiment("contains").run(store=store)
    assert other.metric_means == {"contains": 0.5}
    assert generations(store, other.run_id) == []
    assert themis.get_run_snapshot(store, run_id).changes(
        themis.get_run_snapshot(store, other.run_id)
    )
