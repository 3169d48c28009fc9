"""What a candidate took: time and tokens, as the engine reported them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from themis.builtins.settings import Settings, settings_from
from themis.plugin import (
    CandidateRecord,
    InferenceRecord,
    MetricContext,
    MetricError,
    MetricScore,
    TokenUsage,
    TrialSpec,
)

__all__ = ["Latency", "LatencySettings", "TokenCount", "TokenCountSettings"]


class LatencySettings(Settings):
    """Which time `latency` gives."""

    until: Literal["end", "first_token"] = Field(
        default="end", description="Until the whole output, or until its first token."
    )


class Latency:
    """Milliseconds that the call took, waiting for its turn and retries not counted.

    A MetricError when the engine reported none: a missing time is not 0.
    """

    component_id: ClassVar[str] = "latency"

    def __init__(self, config: LatencySettings | Mapping[str, Any] | None = None) -> None:
        self.settings = settings_from(LatencySettings, config)

    def score(
        self,
        trial: TrialSpec,  # noqa: ARG002 (the protocol's)
        candidate: CandidateRecord,
        context: MetricContext | Mapping[str, Any],  # noqa: ARG002 (the protocol's)
    ) -> MetricScore:
        """The time in milliseconds."""
        inference = _inference(candidate, self.component_id)
        whole = self.settings.until == "end"
        field = "latency_ms" if whole else "time_to_first_token_ms"
        value = inference.latency_ms if whole else inference.time_to_first_token_ms
        if value is None:
            msg = (
                f"latency: candidate {candidate.candidate_id} has no {field}; its engine gave none"
            )
            raise MetricError(msg)
        return MetricScore(metric_id=self.component_id, value=float(value))


class TokenCountSettings(Settings):
    """Which tokens `token_count` counts."""

    count: Literal["prompt", "completion", "total", "reasoning", "cached"] = Field(
        default="completion", description="Which of the reported token counts to give."
    )


class TokenCount:
    """Tokens of the call as its engine counted them.

    A total that was not reported is the sum of prompt and completion. A MetricError when the engine
    reported no such count: a missing count is not 0.
    """

    component_id: ClassVar[str] = "token_count"

    def __init__(self, config: TokenCountSettings | Mapping[str, Any] | None = None) -> None:
        self.settings = settings_from(TokenCountSettings, config)

    def score(
        self,
        trial: TrialSpec,  # noqa: ARG002 (the protocol's)
        candidate: CandidateRecord,
        context: MetricContext | Mapping[str, Any],  # noqa: ARG002 (the protocol's)
    ) -> MetricScore:
        """The number of tokens."""
        usage = _inference(candidate, self.component_id).token_usage
        value = None if usage is None else _counted(usage, self.settings.count)
        if value is None:
            msg = (
                f"token_count: candidate {candidate.candidate_id} has no {self.settings.count} "
                "token count; its engine gave none"
            )
            raise MetricError(msg)
        return MetricScore(metric_id=self.component_id, value=float(value))


def _inference(candidate: CandidateRecord, metric: str) -> InferenceRecord:
    if candidate.inference is None:
        raise MetricError(f"{metric}: candidate {candidate.candidate_id} has no output to measure")
    return candidate.inference


def _counted(usage: TokenUsage, count: str) -> int | None:
    if count == "total" and usage.total is None:
        known = usage.prompt is not None and usage.completion is not None
        return (usage.prompt or 0) + (usage.completion or 0) if known else None
    value: int | None = getattr(usage, count)
    return value
