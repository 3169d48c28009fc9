"""How a metric's scores lie in one run: count, mean, and spread of all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
from sqlalchemy import func, select

from themis.results.score_sums import of_metrics
from themis.storage import schema

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from themis.results.layout import MetricColumn, RunLayout

__all__ = ["Moments", "score_moments"]

_SCORES = schema.scores


@attrs.frozen(slots=True)
class Moments:
    """`n` scores, their mean and population standard deviation; None of no scores."""

    n: int
    mean: float | None
    std: float | None


def score_moments(
    connection: Connection, layout: RunLayout, metrics: Sequence[MetricColumn]
) -> Moments:
    """The moments of all scores of some metric columns; failed ones are left out."""
    here = (_SCORES.c.run == layout.run) & of_metrics(metrics)
    value: Any = _SCORES.c.value
    n, mean = connection.execute(select(func.count(value), func.avg(value)).where(here)).one()
    if not n:
        return Moments(0, None, None)
    mean = float(mean)
    away = value - mean
    variance = connection.scalar(select(func.avg(away * away)).where(here))
    std = math.sqrt(float(variance or 0.0))
    return Moments(int(n), mean, std) if math.isfinite(std) else Moments(int(n), mean, None)
