"""The observer's configuration."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["OtelConfig"]


class OtelConfig(BaseModel):
    """Where spans go, and what they hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    exporter: Literal["global", "console", "otlp"] = Field(
        "global",
        description="global: the tracer provider that the program has set up; console: JSON on "
        "stderr; otlp: OTLP over HTTP, as the OTEL_EXPORTER_OTLP_* variables say.",
    )
    record_content: bool = Field(
        False,
        description="Whether spans hold prompts, answers and error texts, which may quote them.",
    )
    service_name: str = Field(
        "themis",
        min_length=1,
        description="The service.name of console and otlp; OTEL_SERVICE_NAME goes before it.",
    )
