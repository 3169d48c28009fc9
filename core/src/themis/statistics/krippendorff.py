"""Krippendorff's alpha: any number of judges, any scale, ratings may be missing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, get_args

import attrs

from themis.statistics.agreement import Agreement

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Scale", "krippendorff_alpha"]

Scale = Literal["nominal", "ordinal", "interval", "ratio"]


def krippendorff_alpha(
    ratings: Sequence[Sequence[float | None]], *, scale: Scale = "nominal"
) -> Agreement:
    """Alpha = 1 - observed/expected disagreement (Krippendorff 2011), judges by units.

    None or NaN is a missing rating; a unit with fewer than two says nothing. `observed` and
    `expected` are disagreements here, in squared units of the scale. Nominal categories are
    numbers too: number them as you like.

    Raises:
        ValueError: an unknown scale, or rows of differing length.
    """
    import numpy as np

    if scale not in get_args(Scale):
        msg = f"unknown scale {scale!r}; known: {', '.join(get_args(Scale))}"
        raise ValueError(msg)
    values, counts = _category_counts(ratings)
    known = Agreement(value=None, n=len(counts), method=f"krippendorff_alpha_{scale}")
    if not len(counts):
        return attrs.evolve(known, reason="no unit was rated twice")
    per_unit = counts.sum(axis=1)
    weighted = counts / (per_unit - 1)[:, None]
    coincidences = counts.T @ weighted - np.diag(weighted.sum(axis=0))
    totals = coincidences.sum(axis=0)
    distances = _distances(scale, values, totals)
    n = float(totals.sum())
    observed = float((coincidences * distances).sum()) / n
    expected = float((np.outer(totals, totals) * distances).sum()) / (n * (n - 1))
    if expected == 0:
        return attrs.evolve(known, reason="all ratings are equal: chance cannot be told from skill")
    return attrs.evolve(known, value=1 - observed / expected, observed=observed, expected=expected)


def _category_counts(ratings: Sequence[Sequence[float | None]]) -> tuple[Any, Any]:
    """The values that occur, sorted, and how often each unit was given each; units rated twice."""
    import numpy as np

    if len({len(row) for row in ratings}) > 1:
        msg = "every judge needs a rating or None for every unit: rows differ in length"
        raise ValueError(msg)
    rows = [[math.nan if value is None else value for value in row] for row in ratings]
    table = np.asarray(rows, dtype=float)
    if not table.size:
        return np.zeros(0), np.zeros((0, 0))
    table = table[:, (~np.isnan(table)).sum(axis=0) >= 2]
    values = np.unique(table[~np.isnan(table)])
    counts = [(table == value).sum(axis=0) for value in values]
    return values, np.stack(counts, axis=1) if counts else np.zeros((0, 0))


def _distances(scale: Scale, values: Any, totals: Any) -> Any:
    """The squared distance between any two values that occur."""
    import numpy as np

    if scale == "nominal":
        return 1.0 - np.eye(len(values))
    # Ranks are as far apart as the ratings between them, half of each end's own.
    places = np.cumsum(totals) - totals / 2 if scale == "ordinal" else values
    away = np.subtract.outer(places, places)
    if scale == "ratio":
        sums = np.add.outer(places, places)
        away = np.divide(away, sums, out=np.zeros_like(away), where=away != 0)
    return away**2
