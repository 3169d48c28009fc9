"""Krippendorff's alpha: any number of judges, any scale, ratings may be missing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import attrs

from themis.statistics.agreement import (
    Agreement,
    Scale,
    check_ratings,
    check_scale,
    scale_distances,
)
from themis.statistics.estimate import check_level
from themis.statistics.jackknife import blocks_of, with_jackknife_interval

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

__all__ = ["krippendorff_alpha"]


def krippendorff_alpha(
    ratings: Sequence[Sequence[float | None]],
    *,
    scale: Scale = "nominal",
    clusters: Sequence[Hashable] | None = None,
    level: float = 0.95,
) -> Agreement:
    """Alpha = 1 - observed/expected disagreement (Krippendorff 2011), judges by units.

    None or NaN is a missing rating; a unit with fewer than two says nothing. `observed` and
    `expected` are disagreements here, in squared units of the scale. Nominal categories are
    numbers too: number them as you like. `clusters[i]` names the item of unit i (default: its own);
    the interval is the jackknife's over items.

    Raises:
        ValueError: an unknown scale, ratings that it does not have, rows of differing length, or
            not one cluster per unit.
    """
    check_scale(scale)
    check_level(level)
    values, counts, names = _category_counts(ratings, clusters)
    check_ratings(values, scale)
    items, blocks = blocks_of(names)
    method = f"krippendorff_alpha_{scale}"
    known = Agreement(value=None, n=len(counts), n_items=items, ci_level=level, method=method)
    if not len(counts):
        return attrs.evolve(known, reason="no unit was rated twice")
    observed, expected = _disagreements(scale, values, _coincidences(counts))
    if expected == 0:
        return attrs.evolve(known, reason="all ratings are equal: chance cannot be told from skill")
    value = 1 - observed / expected
    known = attrs.evolve(known, value=value, observed=observed, expected=expected)
    return with_jackknife_interval(known, _without_each(scale, values, counts, blocks))


def _coincidences(counts: Any) -> Any:
    """How often two ratings of one unit were of these two values."""
    import numpy as np

    weighted = counts / (counts.sum(axis=1) - 1)[:, None]
    return counts.T @ weighted - np.diag(weighted.sum(axis=0))


def _disagreements(scale: Scale, values: Any, coincidences: Any) -> tuple[float, float]:
    """The disagreement observed, and that expected by chance."""
    import numpy as np

    totals = coincidences.sum(axis=0)
    # Ranks are as far apart as the ratings between them, half of each end's own.
    places = np.cumsum(totals) - totals / 2 if scale == "ordinal" else values
    distances = scale_distances(scale, places)
    n = float(totals.sum())
    observed = float((coincidences * distances).sum()) / n
    return observed, float(totals @ distances @ totals) / (n * (n - 1))


def _without_each(scale: Scale, values: Any, counts: Any, blocks: Any) -> Any:
    """Alpha without each block of items; NaN where it is undefined."""
    import numpy as np

    whole, found = _coincidences(counts), []
    for block in range(int(blocks.max()) + 1):
        mine = blocks == block
        rest = whole - _coincidences(counts[mine])
        if mine.all():
            return np.array([math.nan])
        observed, expected = _disagreements(scale, values, rest)
        found.append(1 - observed / expected if expected > 0 else math.nan)
    return np.array(found)


def _category_counts(
    ratings: Sequence[Sequence[float | None]], clusters: Sequence[Hashable] | None
) -> tuple[Any, Any, list[Hashable]]:
    """The values that occur, sorted; how often each unit was given each, and its cluster.

    Of the units that were rated twice at least.
    """
    import numpy as np

    if len({len(row) for row in ratings}) > 1:
        msg = "every judge needs a rating or None for every unit: rows differ in length"
        raise ValueError(msg)
    rows = [[math.nan if value is None else value for value in row] for row in ratings]
    table = np.asarray(rows, dtype=float)
    units = table.shape[-1] if table.ndim > 1 else 0
    names = list(range(units)) if clusters is None else list(clusters)
    if len(names) != units:
        msg = f"{units} units with {len(names)} clusters: give one cluster per unit"
        raise ValueError(msg)
    if not table.size:
        return np.zeros(0), np.zeros((0, 0)), []
    twice = (~np.isnan(table)).sum(axis=0) >= 2
    table = table[:, twice]
    values = np.unique(table[~np.isnan(table)])
    counts = [(table == value).sum(axis=0) for value in values]
    kept = [name for name, keep in zip(names, twice, strict=True) if keep]
    return values, np.stack(counts, axis=1) if counts else np.zeros((0, 0)), kept
