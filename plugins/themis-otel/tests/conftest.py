from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from themis_otel.config import OtelConfig
from themis_otel.tracing import OpenTelemetryTracing

from themis import (
    BenchmarkSpec,
    InferenceGridSpec,
    InferenceParamsSpec,
    ModelSpec,
    Orchestrator,
    PluginRegistry,
    ProjectSpec,
    PromptMessage,
    PromptVariantSpec,
    ScoreSpec,
    SliceSpec,
)
from themis.plugin import ErrorCode, InferenceError, InferenceRecord, TokenUsage
from themis.runtime.context import RuntimeContext
from themis.specs import DatasetSpec, GenerationSpec, ParseSpec
from themis.storage import InMemoryRunStore

ITEMS = [{"item_id": "a", "text": "2 + 2", "answer": "4"}]
GPT = {"model": {"model_id": "gpt-judge", "provider": "answering"}}


class Answering:
    """Says 4 with usage; as a judge, 5; fails for what it is told to."""

    version = "1.0"

    def __init__(self):
        self.failing = False

    def infer(self, trial, context, runtime):
        if self.failing:
            msg = "the key is wrong: 2 + 2"
            raise InferenceError(msg, code=ErrorCode.PROVIDER_AUTH)
        judged = trial.model.model_id == "gpt-judge"
        return InferenceRecord(
            raw_text="Verdict: 5" if judged else "4",
            finish_reason="stop",
            provider_request_id="resp-1",
            time_to_first_token_ms=250.0,
            token_usage=TokenUsage(prompt=11, completion=3, total=14, cached=2, reasoning=1),
        )

    def fingerprint(self):
        return "answering"


def benchmark():
    rubric = {"id": "rubric_score", "config": {"rubric": "It is right.", "judges": [GPT]}}
    return BenchmarkSpec(
        benchmark_id="sums",
        models=[ModelSpec(model_id="m-1", provider="answering")],
        prompt_variants=[
            PromptVariantSpec(
                id="plain", messages=[PromptMessage(role="user", content="{{ item.text }}")]
            )
        ],
        inference_grid=InferenceGridSpec(
            params=[InferenceParamsSpec(temperature=0.5, top_p=0.9, stop_sequences=["END"])]
        ),
        slices=[
            SliceSpec(
                slice_id="words",
                dataset=DatasetSpec(source="memory"),
                generation=GenerationSpec(),
                parses=[ParseSpec(name="number", extractors=["first_number"])],
                scores=[ScoreSpec(name="s", parse="number", metrics=["numeric_match", rubric])],
            )
        ],
    )


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def sdk(exporter) -> TracerProvider:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider


@pytest.fixture
def engine() -> Answering:
    return Answering()


@pytest.fixture
def run(engine) -> Iterator[object]:
    """Run the benchmark with this context and project; gives the result."""
    registry = PluginRegistry()
    registry.register_inference_engine("answering", engine)

    def run(*, project=None, items=ITEMS, **context):
        with (
            InMemoryRunStore() as store,
            Orchestrator.from_project_spec(
                project or ProjectSpec(),
                registry=registry,
                storage_bundle=store,
                dataset_loader=lambda dataset: items,
            ) as orchestrator,
        ):
            return orchestrator.run_benchmark(benchmark(), runtime=RuntimeContext(**context)).status

    return run


@pytest.fixture
def traced(run, exporter, sdk):
    """The finished spans of a run, by name."""

    def traced(**config):
        run(tracing_provider=OpenTelemetryTracing(OtelConfig(**config), tracer_provider=sdk))
        return {span.name: span for span in exporter.get_finished_spans()}

    return traced
