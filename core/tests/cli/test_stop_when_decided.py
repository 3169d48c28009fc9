"""`themis run --stop-when-decided`: a run that ends when its question is answered."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from themis.cli import main
from themis.results import BenchmarkResult
from themis.storage import sqlite_store

pytestmark = pytest.mark.slow

ITEMS = 1500
MODELS = """
import random
import time


def good(prompt):
    time.sleep(0.01)
    return prompt if random.Random(prompt).random() < 0.9 else "no"


def bad(prompt):
    time.sleep(0.01)
    return prompt if random.Random("b" + prompt).random() < 0.3 else "no"
"""
BENCHMARK = """
benchmark_id = "echoes"
prompt_variants = [{ id = "plain", messages = [{ role = "user", content = "{{ item.text }}" }] }]
inference_grid = { params = [{}] }

[project]
execution_policy = { max_in_flight_work_items = 4 }

[[models]]
model_id = "bad"
provider = "callable"
extras = { function = "models_to_stop:bad" }

[[models]]
model_id = "good"
provider = "callable"
extras = { function = "models_to_stop:GOOD" }

[[slices]]
slice_id = "words"
dataset = { source = "local", dataset_id = "items.jsonl" }
generation = {}
scores = [{ name = "same", metrics = ["exact_match"] }]
"""


@pytest.fixture
def themis(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "models_to_stop.py").write_text(MODELS)
    rows = [{"item_id": str(n), "text": f"t{n}", "answer": f"t{n}"} for n in range(ITEMS)]
    (tmp_path / "items.jsonl").write_text("\n".join(map(json.dumps, rows)))

    def invoke(model, *arguments, metric="exact_match"):
        text = BENCHMARK.replace("GOOD", model).replace("exact_match", metric)
        (tmp_path / "b.toml").write_text(text)
        return CliRunner().invoke(main, ["run", "b.toml", "--progress", "none", *arguments])

    return invoke


def test_a_run_ends_when_its_question_is_answered(themis):
    done = themis("good", "--stop-when-decided", "exact_match")

    assert done.exit_code == 0, done.output
    assert "ended early: exact_match is decided after" in done.stderr
    with sqlite_store(".themis", read_only=True) as store:
        result = BenchmarkResult(store, store.runs()[0].run_id)
        assert result.status == "interrupted"
        assert result.aggregate(group_by="metric_id")[0]["count"] < 2 * ITEMS


def test_a_metric_that_there_is_not_is_bad_usage_before_any_call(themis):
    done = themis("good", "--stop-when-decided", "bleu")

    assert done.exit_code == 2
    assert "no metric 'bleu'; it has: exact_match" in done.stderr


def test_a_metric_without_bounds_is_bad_usage(themis, tmp_path):
    done = themis("good", "--stop-when-decided", "token_count", metric="token_count")

    assert done.exit_code == 2
    assert "token_count declares no lowest and highest value" in done.stderr
