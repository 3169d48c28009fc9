"""The stages of a run, in order, and which of them an execution runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import attrs

if TYPE_CHECKING:
    from themis.planning.plan import MetricPlan

__all__ = ["STAGES", "RunStage", "Stages"]

RunStage = Literal["generate", "reduce", "parse", "score", "judge"]
STAGES: tuple[RunStage, ...] = get_args(RunStage)


@attrs.frozen(slots=True, kw_only=True)
class Stages:
    """Which stages an execution runs; `metric_ids` are the only metrics that are scored."""

    generate: bool = True
    reduce: bool = True
    parse: bool = True
    score: bool = True
    judge: bool = True
    metric_ids: frozenset[str] | None = None

    @classmethod
    def between(
        cls, first: RunStage, last: RunStage, *, metric_ids: frozenset[str] | None = None
    ) -> Stages:
        """The stages from `first` to `last`, both among them."""
        chosen = STAGES[STAGES.index(first) : STAGES.index(last) + 1]
        flags = {stage: stage in chosen for stage in STAGES}
        return cls(
            generate=flags["generate"],
            reduce=flags["reduce"],
            parse=flags["parse"],
            score=flags["score"],
            judge=flags["judge"],
            metric_ids=metric_ids,
        )

    @property
    def evaluates(self) -> bool:
        """Whether anything is parsed or scored."""
        return self.parse or self.score or self.judge

    def measures(self, metric: MetricPlan) -> bool:
        """Whether a metric is scored."""
        wanted = self.judge if metric.judged else self.score
        return wanted and (self.metric_ids is None or metric.metric_id in self.metric_ids)
