"""The tracing provider: a run's spans as OpenTelemetry's."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from themis.errors import OptionalDependencyError
from themis_otel import __version__
from themis_otel.attributes import content_of, end_attributes, name_of, start_attributes
from themis_otel.config import OtelConfig

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider as SdkTracerProvider

    from themis.plugin import Span

__all__ = ["OpenTelemetryTracing"]

_SCHEMA = "https://opentelemetry.io/schemas/1.37.0"
_FLUSH_MS = 4_000
_NANOSECONDS = 1_000_000_000


class OpenTelemetryTracing:
    """Keeps a run's spans with a tracer provider.

    A run's span is a child of the span that was current where this was made, if there was one.

    Args:
        config: Where spans go, and whether they hold content.
        tracer_provider: Takes the spans, whatever `config.exporter` says.

    Raises:
        OptionalDependencyError: the OTLP exporter is asked for and not installed.
    """

    def __init__(
        self,
        config: OtelConfig | None = None,
        *,
        tracer_provider: trace.TracerProvider | None = None,
    ) -> None:
        self._config = config or OtelConfig()
        self._provider = tracer_provider or _provider(self._config)
        self._tracer = self._provider.get_tracer("themis-otel", __version__, schema_url=_SCHEMA)
        self._around = otel_context.get_current()

    def start_span(self, span: Span, parent: trace.Span | None) -> trace.Span:
        """Start a span at its own time."""
        around = self._around if parent is None else trace.set_span_in_context(parent)
        return self._tracer.start_span(
            name_of(span),
            context=around,
            kind=SpanKind.CLIENT if span.model is not None else SpanKind.INTERNAL,
            attributes=start_attributes(span),
            start_time=_nanoseconds(span.start),
        )

    def end_span(self, handle: trace.Span, span: Span) -> None:
        """End it at its own time, with how it ended."""
        if handle.is_recording():
            handle.set_attributes(end_attributes(span))
            if self._config.record_content:
                handle.set_attributes(content_of(span))
            if span.error is not None:
                handle.set_status(Status(StatusCode.ERROR, self._description(span)))
        handle.end(end_time=_nanoseconds(span.start if span.end is None else span.end))

    def flush(self) -> None:
        """Have the exporters send what they hold."""
        flush = getattr(self._provider, "force_flush", None)  # the API alone has none
        if flush is not None:
            flush(_FLUSH_MS)

    def _description(self, span: Span) -> str | None:
        """An error's text may quote a prompt or an answer."""
        return span.error if self._config.record_content else span.error_code


def _provider(config: OtelConfig) -> trace.TracerProvider:
    if config.exporter == "global":
        return trace.get_tracer_provider()
    return _console(config) if config.exporter == "console" else _otlp(config)


def _console(config: OtelConfig) -> SdkTracerProvider:
    from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

    provider = _sdk(config)
    exporter = ConsoleSpanExporter(
        out=sys.stderr, formatter=lambda span: f"{span.to_json(indent=None)}\n"
    )
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider


def _otlp(config: OtelConfig) -> SdkTracerProvider:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError as missing:
        msg = (
            "exporter = 'otlp' needs opentelemetry-exporter-otlp-proto-http; "
            "install themis-otel[otlp]"
        )
        raise OptionalDependencyError(msg) from missing
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = _sdk(config)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def _sdk(config: OtelConfig) -> SdkTracerProvider:
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider

    named = Resource.create({"service.name": config.service_name})
    return TracerProvider(resource=named.merge(OTELResourceDetector().detect()))


def _nanoseconds(seconds: float) -> int:
    return round(seconds * _NANOSECONDS)
