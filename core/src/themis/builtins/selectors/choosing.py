"""Which candidates go on to the reducer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from themis.builtins.settings import Settings, settings_from
from themis.errors import ErrorCode, ThemisError
from themis.plugin import CandidateRecord, MetricScore, SelectContext
from themis.specs import ExtractorRefSpec, MetricRefSpec

__all__ = ["Readable", "ReadableSettings", "TopK", "TopKSettings"]


class ReadableSettings(Settings):
    """What makes a candidate readable."""

    extractors: list[ExtractorRefSpec] = Field(
        min_length=1, description="Readers of answers, tried in order until one succeeds."
    )


class Readable:
    """The candidates from which an answer can be read; all of them where none can."""

    component_id: ClassVar[str] = "readable"

    def __init__(self, config: ReadableSettings | Mapping[str, Any] | None = None) -> None:
        self.settings = settings_from(ReadableSettings, config)

    async def select(
        self, candidates: Sequence[CandidateRecord], ctx: SelectContext
    ) -> Sequence[CandidateRecord]:
        """Those that can be read, in order."""
        read = [await ctx.extract(one) for one in candidates]
        pairs = zip(candidates, read, strict=True)
        return [one for one, seen in pairs if seen.best_extraction()] or list(candidates)


class TopKSettings(Settings):
    """How many candidates go on, and by which metric."""

    k: int = Field(ge=1, description="How many candidates go on.")
    metric: MetricRefSpec = Field(description="The metric that ranks them.")
    extractors: list[ExtractorRefSpec] = Field(
        default_factory=list,
        description="Readers of answers that the metric scores; none: it scores the raw output.",
    )
    direction: Literal["maximize", "minimize"] = Field(
        default="maximize", description="Whether a higher or a lower score is better."
    )


class TopK:
    """The `k` candidates that a metric scores best, in the order of their samples."""

    component_id: ClassVar[str] = "top_k"

    def __init__(self, config: TopKSettings | Mapping[str, Any] | None = None) -> None:
        self.settings = settings_from(TopKSettings, config)

    async def select(
        self, candidates: Sequence[CandidateRecord], ctx: SelectContext
    ) -> Sequence[CandidateRecord]:
        """The best ones; those that cannot be scored are left out."""
        sign = 1.0 if self.settings.direction == "maximize" else -1.0
        ranked = []
        for position, one in enumerate(candidates):
            outcome = await ctx.score(one)
            if isinstance(outcome, MetricScore) and outcome.value is not None:
                ranked.append((-sign * outcome.value, position))
        if not ranked:
            msg = f"{self.component_id}: none of {len(candidates)} candidates could be scored"
            raise ThemisError(msg, code=ErrorCode.METRIC_COMPUTATION)
        chosen = sorted(position for _, position in sorted(ranked)[: self.settings.k])
        return [candidates[position] for position in chosen]
