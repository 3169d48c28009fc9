"""One of the candidates: the first, the longest, or the best by a metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from themis.builtins.outputs import output_text
from themis.builtins.reducers.members import answering, standing_for
from themis.builtins.settings import Settings, settings_from
from themis.errors import ErrorCode, ThemisError
from themis.plugin import CandidateRecord, MetricScore, ReduceContext, ReducedCandidate, ScoreError
from themis.specs import ExtractorRefSpec, MetricRefSpec

__all__ = [
    "BestOfN",
    "BestOfNSettings",
    "First",
    "FirstSettings",
    "Longest",
    "LongestSettings",
]


class FirstSettings(Settings):
    """`first` has no settings."""


class First:
    """The candidate of the lowest sample index."""

    component_id: ClassVar[str] = "first"

    def __init__(self, config: FirstSettings | Mapping[str, Any] | None = None) -> None:
        self.settings = settings_from(FirstSettings, config)

    def reduce(
        self,
        candidates: Sequence[CandidateRecord],
        ctx: ReduceContext,  # noqa: ARG002 (the protocol's)
    ) -> ReducedCandidate:
        """The first candidate that has an output."""
        members = answering(candidates, self.component_id)
        return standing_for(min(members, key=lambda one: one.sample_index), {})


class LongestSettings(Settings):
    """What `longest` counts."""

    unit: Literal["characters", "words"] = Field(
        default="characters", description="What the length of an output is measured in."
    )


class Longest:
    """The candidate with the longest output; of several, the one that came first."""

    component_id: ClassVar[str] = "longest"

    def __init__(self, config: LongestSettings | Mapping[str, Any] | None = None) -> None:
        self.settings = settings_from(LongestSettings, config)

    def reduce(
        self,
        candidates: Sequence[CandidateRecord],
        ctx: ReduceContext,  # noqa: ARG002 (the protocol's)
    ) -> ReducedCandidate:
        """The candidate with the most to say."""
        members = answering(candidates, self.component_id)
        lengths = [self._length(output_text(one) or "") for one in members]
        most = max(lengths)
        return standing_for(members[lengths.index(most)], {self.settings.unit: most})

    def _length(self, text: str) -> int:
        return len(text) if self.settings.unit == "characters" else len(text.split())


class BestOfNSettings(Settings):
    """By which metric the best candidate is chosen."""

    metric: MetricRefSpec = Field(
        description="The metric; one that asks judges makes this a choice by judges."
    )
    extractors: list[ExtractorRefSpec] = Field(
        default_factory=list,
        description="Readers of answers that the metric scores; none: it scores the raw output.",
    )
    direction: Literal["maximize", "minimize"] = Field(
        default="maximize", description="Whether a higher or a lower score is better."
    )


class BestOfN:
    """The candidate that a metric scores best; of several, the one that came first.

    Candidates that the metric cannot score take no part; where it can score none, the first one's
    error is the reduction's.

    Example::

        reduction = { reducer = { id = "best_of_n", config = { metric = {
            id = "rubric_score", config = { rubric = "...", judges = [...] } } } } }
    """

    component_id: ClassVar[str] = "best_of_n"

    def __init__(self, config: BestOfNSettings | Mapping[str, Any] | None = None) -> None:
        self.settings = settings_from(BestOfNSettings, config)

    async def reduce(
        self, candidates: Sequence[CandidateRecord], ctx: ReduceContext
    ) -> ReducedCandidate:
        """The best-scored candidate."""
        members = answering(candidates, self.component_id)
        outcomes = [await ctx.score(one) for one in members]
        values = {
            position: outcome.value
            for position, outcome in enumerate(outcomes)
            if isinstance(outcome, MetricScore) and outcome.value is not None
        }
        if not values:
            raise _unscored(self.component_id, outcomes[0])
        sign = 1.0 if self.settings.direction == "maximize" else -1.0
        best = max(values, key=lambda position: sign * values[position])
        scores = [values.get(position) for position in range(len(members))]
        return standing_for(members[best], {"score": values[best], "scores": scores})


def _unscored(component: str, outcome: MetricScore | ScoreError) -> ThemisError:
    failed = isinstance(outcome, ScoreError)
    why = outcome.message if isinstance(outcome, ScoreError) else outcome.error
    code = outcome.code if isinstance(outcome, ScoreError) else ErrorCode.METRIC_COMPUTATION
    what = why or ("it failed" if failed else "it gave no value")
    return ThemisError(f"{component}: no candidate could be scored: {what}", code=code)
