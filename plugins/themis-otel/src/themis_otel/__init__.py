"""OpenTelemetry tracing of Themis's runs.

The tracing provider is `themis_otel.tracing:OpenTelemetryTracing`, its settings
`themis_otel.config:OtelConfig`.
"""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
