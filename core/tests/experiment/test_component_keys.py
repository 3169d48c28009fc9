"""A component that was made or edited differently gives results of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from themis import InMemoryRunStore, evaluate


class Answering:
    def __init__(self, v):
        self.value = v
        self.calls = 0

    def __call__(self, question):
        self.calls += 1
        return self.value


class Limit:
    def __init__(self, **settings):
        self.settings = settings

    def score(self, trial, candidate, context):
        return self.settings["limit"]


def test_another_instance_of_a_class_is_another_model(sums):
    store = InMemoryRunStore()
    results = [
        evaluate(model=Answering(value), data=sums[:1], metric="exact_match", store=store)
        for value in ("0", "z")
    ]
    assert [result.metric_means["exact_match"] for result in results] == [1.0, 0.0]
    assert results[0].run_id != results[1].run_id


def test_another_instance_of_a_class_is_another_metric(sums):
    store = InMemoryRunStore()
    for limit in (0.1, 0.9):
        result = evaluate(
            model=Answering("0"), data=sums[:1], metric=Limit(limit=limit), store=store
        )
        assert result.metric_means == {"limit": limit}


def test_a_model_that_counts_its_calls_is_asked_once(sums):
    store, model = InMemoryRunStore(), Answering("0")
    for _ in range(2):
        evaluate(model=model, data=sums, metric="exact_match", store=store)
    assert model.calls == len(sums)


@pytest.mark.parametrize("decorator", ["functools.cache", "functools.singledispatch"])
def test_an_edit_of_a_wrapped_function_is_seen_by_the_next_process(tmp_path, decorator):
    means = []
    for answer in ("4", "z"):
        (tmp_path / "edited.py").write_text(
            "import functools\nfrom themis import evaluate\n"
            f"@{decorator}\ndef model(q):\n    return {answer!r}\n"
            "data = [{'input': '2+2', 'expected_output': '4'}]\n"
            "print(evaluate(model=model, data=data, metric='exact_match', store='s').metric_means)"
        )
        command = [sys.executable, "edited.py"]
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        means.append(run.stdout.strip())
    assert means == ["{'exact_match': 1.0}", "{'exact_match': 0.0}"]
