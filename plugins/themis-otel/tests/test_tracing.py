"""Spans of real runs, as the SDK's in-memory exporter has them."""

from __future__ import annotations

import json

import pytest
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode
from themis_otel.config import OtelConfig
from themis_otel.tracing import OpenTelemetryTracing

from .conftest import ITEMS


def parent_of(span, spans):
    """The name of a span's parent among these."""
    ids = {each.context.span_id: each.name for each in spans.values()}
    return span.parent and ids.get(span.parent.span_id)


def test_a_run_is_one_tree(traced):
    spans = traced()
    assert {name: parent_of(span, spans) for name, span in spans.items()} == {
        "run sums": None,
        "chat m-1": "run sums",
        "parse number": "run sums",
        "score numeric_match": "run sums",
        "score rubric_score": "run sums",
        "chat gpt-judge": "score rubric_score",
    }
    assert len({span.context.trace_id for span in spans.values()}) == 1


def test_a_call_has_the_attributes_of_the_conventions(traced):
    span = traced()["chat m-1"]
    found = {name: value for name, value in span.attributes.items() if name.startswith("gen_ai")}
    seed = found.pop("gen_ai.request.seed")
    assert isinstance(seed, int)
    assert span.kind is SpanKind.CLIENT
    assert found == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "answering",
        "gen_ai.system": "answering",
        "gen_ai.request.model": "m-1",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.top_p": 0.9,
        "gen_ai.request.max_tokens": 1024,
        "gen_ai.request.stop_sequences": ("END",),
        "gen_ai.response.id": "resp-1",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.response.time_to_first_chunk": 0.25,
        "gen_ai.usage.input_tokens": 11,
        "gen_ai.usage.output_tokens": 3,
        "gen_ai.usage.cache_read.input_tokens": 2,
        "gen_ai.usage.reasoning.output_tokens": 1,
    }


def test_every_span_says_which_work_it_is_about(traced):
    spans = traced()
    for name in ("chat m-1", "parse number", "score numeric_match", "chat gpt-judge"):
        found = spans[name].attributes
        assert (found["themis.slice_id"], found["themis.item_id"]) == ("words", "a")
        assert found["themis.run_id"] == spans["run sums"].attributes["themis.run_id"]
    assert spans["run sums"].attributes["themis.status"] == "completed"


def test_a_score_is_an_evaluation(traced):
    found = traced()["score numeric_match"].attributes
    assert found["gen_ai.evaluation.name"] == "numeric_match"
    assert found["gen_ai.evaluation.score.value"] == 1.0


def test_content_is_not_recorded_unless_asked_for(traced, engine):
    recorded = json.dumps([span.to_json() for span in traced().values()])
    assert "2 + 2" not in recorded
    assert "Verdict" not in recorded


def test_content_is_recorded_when_asked_for(traced):
    found = traced(record_content=True)["chat m-1"].attributes
    assert json.loads(found["gen_ai.input.messages"]) == [
        {"role": "user", "parts": [{"type": "text", "content": "2 + 2"}]}
    ]
    assert json.loads(found["gen_ai.output.messages"]) == [
        {
            "role": "assistant",
            "parts": [{"type": "text", "content": "4"}],
            "finish_reason": "stop",
        }
    ]


def test_a_failed_call_has_its_error_type_and_no_text_that_may_quote_the_prompt(traced, engine):
    engine.failing = True
    span = traced()["chat m-1"]
    assert span.attributes["error.type"] == "provider_auth"
    assert (span.status.status_code, span.status.description) == (
        StatusCode.ERROR, "provider_auth",
    )  # fmt: skip


def test_a_failed_call_has_its_message_when_content_is_asked_for(traced, engine):
    engine.failing = True
    assert "the key is wrong" in traced(record_content=True)["chat m-1"].status.description


def test_a_span_has_the_times_of_what_it_is_about(traced):
    spans = traced()
    whole = spans["run sums"]
    assert all(
        whole.start_time <= span.start_time <= span.end_time <= whole.end_time
        for span in spans.values()
    )


def test_a_run_is_a_child_of_the_span_that_was_current(run, exporter, sdk):
    with sdk.get_tracer("mine").start_as_current_span("my experiment") as mine:
        run(tracing_provider=OpenTelemetryTracing(tracer_provider=sdk))
    [whole] = [span for span in exporter.get_finished_spans() if span.name == "run sums"]
    assert whole.parent.span_id == mine.get_span_context().span_id


def test_what_is_no_utf_8_is_replaced(run, exporter, sdk):
    provider = OpenTelemetryTracing(OtelConfig(record_content=True), tracer_provider=sdk)
    run(items=[{**ITEMS[0], "item_id": "a\ud800"}], tracing_provider=provider)
    [made] = [span for span in exporter.get_finished_spans() if span.name == "chat m-1"]
    assert made.attributes["themis.item_id"] == "a?"


def test_without_a_tracer_provider_of_the_program_nothing_is_kept(run, monkeypatch):
    monkeypatch.setattr(trace, "get_tracer_provider", trace.NoOpTracerProvider)
    assert run(observers=["otel"]) == "completed"


@pytest.mark.parametrize("mistake", [{"exporter": "jaeger"}, {"service": "x"}])
def test_a_wrong_configuration_is_refused(mistake):
    with pytest.raises(ValueError, match="validation error"):
        OtelConfig(**mistake)
