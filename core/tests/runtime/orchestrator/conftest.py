"""A small benchmark over items in memory, and engines whose calls are counted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from themis.builtins.datasets import MemoryDatasetProvider
from themis.plugin.registry import PluginRegistry
from themis.records import InferenceRecord, TokenUsage
from themis.runtime.orchestrator import Orchestrator
from themis.specs import (
    BenchmarkSpec,
    DatasetSpec,
    GenerationSpec,
    InferenceGridSpec,
    InferenceParamsSpec,
    ModelSpec,
    ParseSpec,
    ProjectSpec,
    PromptMessage,
    PromptVariantSpec,
    ScoreSpec,
    SliceSpec,
)
from themis.storage import InMemoryRunStore


class Counting:
    """Answers `a + b` of the prompt; remembers every call; fails for the items it is told to."""

    version = "1.0"

    def __init__(self):
        self.calls = []
        self.failing = set()
        self.error = RuntimeError("no answer")

    async def infer(self, trial, context, runtime):
        self.calls.append((trial.item_id, trial.model.model_id, runtime.sample_index))
        if trial.item_id in self.failing:
            raise self.error
        left, right = trial.prompt[-1].text.rstrip("?").split(" + ")
        usage = TokenUsage(prompt=3, completion=1, total=4)
        return InferenceRecord(raw_text=f"{int(left) + int(right)}", token_usage=usage)

    def fingerprint(self):
        return "counting"


def rows(count=6):
    return [
        {"item_id": str(n), "q": f"{n} + {n}", "answer": str(2 * n), "kind": "even"}
        for n in range(count)
    ]


def sums_slice(**changes):
    fields = {
        "slice_id": "sums",
        "dataset": DatasetSpec(source="memory"),
        "generation": GenerationSpec(),
        "parses": [ParseSpec(name="number", extractors=["first_number"])],
        "scores": [ScoreSpec(name="exact", parse="number", metrics=["numeric_match"])],
    }
    return SliceSpec(**{**fields, **changes})


def sums_benchmark(**changes):
    fields = {
        "benchmark_id": "sums",
        "models": [ModelSpec(model_id="m", provider="counting")],
        "slices": [sums_slice()],
        "prompt_variants": [
            PromptVariantSpec(
                id="plain", messages=[PromptMessage(role="user", content="{{ item.q }}?")]
            )
        ],
        "inference_grid": InferenceGridSpec(params=[InferenceParamsSpec()]),
    }
    return BenchmarkSpec(**{**fields, **changes})


@pytest.fixture
def engine():
    return Counting()


@pytest.fixture
def registry(engine):
    registry = PluginRegistry(plugins=())
    registry.register_inference_engine("counting", engine)
    return registry


@pytest.fixture
def store() -> Iterator[InMemoryRunStore]:
    with InMemoryRunStore() as opened:
        yield opened


@pytest.fixture
def make(registry, store):
    """Orchestrators on one store; `items` and `project` may be replaced."""

    def orchestrator(*, items=None, project=None, **options):
        options.setdefault("registry", registry)
        options.setdefault("storage_bundle", store)
        return Orchestrator.from_project_spec(
            project or ProjectSpec(),
            dataset_provider=MemoryDatasetProvider(rows() if items is None else items),
            **options,
        )

    return orchestrator
