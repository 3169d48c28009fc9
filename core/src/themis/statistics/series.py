"""A metric over time: one point per run."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

from themis.statistics.estimate import finite_array

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["SeriesPoint", "event_series"]


@attrs.frozen(slots=True, kw_only=True)
class SeriesPoint:
    """The values of one event: mean, population standard deviation, and how many there were."""

    time_event: str
    mean: float | None
    std: float | None
    n: int


def event_series(
    rows: Sequence[Sequence[float | None]], labels: Sequence[str]
) -> list[SeriesPoint]:
    """One point per event, in the order given; None and NaN do not count, an empty event is kept.

    Raises:
        ValueError: there are not as many labels as rows.
    """
    if len(rows) != len(labels):
        msg = f"{len(rows)} events with {len(labels)} labels: give one label per event"
        raise ValueError(msg)
    return [_point(row, " ".join(label.split())) for row, label in zip(rows, labels, strict=True)]


def _point(row: Sequence[float | None], label: str) -> SeriesPoint:
    values = finite_array([value for value in row if value is not None and math.isfinite(value)])
    if not len(values):
        return SeriesPoint(time_event=label, mean=None, std=None, n=0)
    mean, std = float(values.mean()), float(values.std())
    return SeriesPoint(time_event=label, mean=mean, std=std, n=len(values))
