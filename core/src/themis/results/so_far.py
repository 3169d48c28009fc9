"""Two models of a run that goes on: a comparison that may be looked at after every item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
from sqlalchemy import and_, func, select

from themis.results.comparison import arm_settings
from themis.results.score_sums import score_value, selected_scores
from themis.statistics import (
    ConfidenceSequence,
    Direction,
    bounded_confidence_sequence,
    confidence_sequence,
)
from themis.storage import schema

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from themis.results.layout import Arm, MetricColumn, RunLayout

__all__ = ["SoFar", "compare_so_far"]

_SCORES, _TRIALS = schema.scores, schema.trials
_BURN_IN = 50
"""Before so many items the interval of a metric without bounds errs more often than it says."""


@attrs.frozen(slots=True, kw_only=True)
class SoFar:
    """What the items scored by both models say, in the order in which they were.

    For a metric with bounds the interval holds however often it is looked at, whatever the scores:
    to stop when `decided` does not raise the chance of a false finding above 1 - ci_level. There is
    no p-value of this route. For a metric without bounds the interval and the p-value hold the
    better the more items there are, and are None before fifty; `holds_always` is False.
    """

    metric_id: str
    baseline_model_id: str
    treatment_model_id: str
    n_items: int
    delta_mean: float | None
    ci_lower: float | None
    ci_upper: float | None
    ci_level: float
    p_value: float | None
    verdict: str
    method: str

    @property
    def decided(self) -> bool:
        """Whether one of the two is shown to be ahead."""
        return _leaves_out_zero(self.ci_lower, self.ci_upper)

    @property
    def holds_always(self) -> bool:
        """Whether the interval holds at any number of items, and not only at many."""
        return self.method == "empirical_bernstein_confidence_sequence"


def compare_so_far(
    connection: Connection,
    layout: RunLayout,
    *,
    metrics: Sequence[MetricColumn],
    models: tuple[str, str],
    direction: Direction,
    bounds: tuple[float, float] | None,
    level: float,
) -> SoFar:
    """The comparison of (baseline, treatment) by an anytime-valid confidence sequence.

    `bounds` are those of the metric's values; None: it has none.
    An item's difference is averaged over its samples, prompts and parameters; it counts from when
    the last of them was scored. Failed scores are left out.
    """
    pairs: dict[bytes, list[tuple[int, float]]] = {}
    magnitude = 0.0
    for metric in metrics:
        for setting in arm_settings(layout.arms_of(metric)):
            before, after = (
                _item_scores(
                    connection, layout, metric, [a for a in setting if a.model_id == model]
                )
                for model in models
            )
            for item in before.keys() & after.keys():
                (first, low), (second, high) = before[item], after[item]
                pairs.setdefault(item, []).append((max(first, second), high - low))
                magnitude = max(magnitude, abs(low), abs(high))
    ordered = sorted(
        (max(seq for seq, _ in found), sum(delta for _, delta in found) / len(found))
        for found in pairs.values()
    )
    deltas = [delta for _, delta in ordered]
    found = _sequence(deltas, bounds, level, magnitude=magnitude)
    delta, lower, upper = _mean(deltas), _last(found.lower), _last(found.upper)
    decided = _leaves_out_zero(lower, upper)
    return SoFar(
        metric_id=metrics[0].metric_id,
        baseline_model_id=models[0],
        treatment_model_id=models[1],
        n_items=len(deltas),
        delta_mean=delta,
        ci_lower=lower,
        ci_upper=upper,
        ci_level=level,
        p_value=_last(found.p_values),
        verdict=_verdict(lower, direction) if decided else "inconclusive",
        method=found.method,
    )


def _sequence(
    deltas: Sequence[float],
    bounds: tuple[float, float] | None,
    level: float,
    *,
    magnitude: float,
) -> ConfidenceSequence:
    """Differences of a bounded metric are bounded too: what holds for those holds at any n."""
    if bounds is None:
        return confidence_sequence(deltas, level=level, burn_in=_BURN_IN, magnitude=magnitude)
    most = bounds[1] - bounds[0]
    kept = [min(max(delta, -most), most) for delta in deltas]  # a mean may be past it by rounding
    return bounded_confidence_sequence(kept, low=-most, high=most, level=level)


def _leaves_out_zero(lower: float | None, upper: float | None) -> bool:
    return lower is not None and upper is not None and (lower > 0 or upper < 0)


def _verdict(lower: float | None, direction: Direction) -> str:
    """What a decided comparison comes to; its interval is above 0, or below."""
    if direction == "none":
        return "inconclusive"
    above = lower is not None and lower > 0
    return "improved" if above == (direction == "maximize") else "regressed"


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _last(values: Sequence[float | None]) -> float | None:
    return values[-1] if values else None


def _item_scores(
    connection: Connection, layout: RunLayout, metric: MetricColumn, arms: Sequence[Arm]
) -> dict[bytes, tuple[int, float]]:
    """Each item's mean, and the event that held the last of its scores."""
    if not arms:
        return {}
    value: Any = score_value("exclude")
    here = and_(_TRIALS.c.run == _SCORES.c.run, _TRIALS.c.trial == _SCORES.c.trial)
    statement = (
        select(_TRIALS.c.item_hash, func.max(_SCORES.c.seq), func.avg(value))
        .select_from(_SCORES.join(_TRIALS, here))
        .where(selected_scores())
        .group_by(_TRIALS.c.item_hash)
    )
    values = {"run": layout.run, "metrics": [metric.index], "arms": [arm.index for arm in arms]}
    rows = connection.execute(statement, values)
    return {item: (seq, float(mean)) for item, seq, mean in rows if mean is not None}
