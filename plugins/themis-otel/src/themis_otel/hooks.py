"""What this distribution provides, as data."""

from __future__ import annotations

from themis.plugin import ObserverDeclaration, PluginInfo, hookimpl

__all__ = ["themis_observers", "themis_plugin"]


@hookimpl
def themis_plugin() -> PluginInfo:
    """The core API this plugin was written for."""
    return PluginInfo(core_api=">=1.0,<2", summary="OpenTelemetry tracing of runs.")


@hookimpl
def themis_observers() -> list[ObserverDeclaration]:
    """The `otel` observer."""
    return [
        ObserverDeclaration(
            name="otel",
            implementation="themis_otel.tracing:OpenTelemetryTracing",
            config="themis_otel.config:OtelConfig",
            version="1.0",
            summary="Spans of the run, its stages and each model call, with GenAI attributes.",
        )
    ]
