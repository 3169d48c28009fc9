"""Two models of a run that goes on: a comparison that may be looked at after every item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
from sqlalchemy import and_, func, select

from themis.results.comparison import arm_settings
from themis.results.score_sums import score_value, selected_scores
from themis.statistics import Direction, confidence_sequence, verdict_of
from themis.storage import schema

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from themis.results.layout import Arm, MetricColumn, RunLayout

__all__ = ["SoFar", "compare_so_far"]

_SCORES, _TRIALS = schema.scores, schema.trials


@attrs.frozen(slots=True, kw_only=True)
class SoFar:
    """What the items scored by both models say, in the order in which they were.

    The interval and the p-value hold however often they are looked at: to stop when `decided` does
    not raise the chance of a false finding above 1 - ci_level. They are None before ten items.
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
        return self.p_value is not None and self.p_value < 1 - self.ci_level


def compare_so_far(
    connection: Connection,
    layout: RunLayout,
    *,
    metrics: Sequence[MetricColumn],
    models: tuple[str, str],
    direction: Direction,
    level: float,
) -> SoFar:
    """The comparison of (baseline, treatment) by an anytime-valid confidence sequence.

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
    found = confidence_sequence(deltas, level=level, magnitude=magnitude)
    delta, p_value = sum(deltas) / len(deltas) if deltas else None, _last(found.p_values)
    return SoFar(
        metric_id=metrics[0].metric_id,
        baseline_model_id=models[0],
        treatment_model_id=models[1],
        n_items=len(deltas),
        delta_mean=delta,
        ci_lower=_last(found.lower),
        ci_upper=_last(found.upper),
        ci_level=level,
        p_value=p_value,
        verdict=verdict_of(delta, p_value=p_value, direction=direction, level=level),
        method=found.method,
    )


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
