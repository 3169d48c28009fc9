"""Do many judges agree, where each rated every unit?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from themis.statistics.agreement import Agreement
from themis.statistics.estimate import check_level
from themis.statistics.jackknife import blocks_of, with_jackknife_interval

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

__all__ = ["fleiss_kappa"]


def fleiss_kappa(
    counts: Sequence[Sequence[int]],
    *,
    clusters: Sequence[Hashable] | None = None,
    level: float = 0.95,
) -> Agreement:
    """Fleiss' kappa (1971): a row per unit, a column per category, equally many ratings per row.

    `clusters[i]` names the item of unit i (default: its own); the interval is the jackknife's over
    items.

    Raises:
        ValueError: rows have differing numbers of ratings, or fewer than two; or there are not as
            many clusters as rows.
    """
    import numpy as np

    check_level(level)
    table = np.asarray(counts, dtype=float)
    names = range(len(table)) if clusters is None else clusters
    if len(names) != len(table):
        msg = f"{len(table)} units with {len(names)} clusters: give one cluster per unit"
        raise ValueError(msg)
    items, blocks = blocks_of(names)
    known = Agreement(
        value=None, n=len(table), n_items=items, ci_level=level, method="fleiss_kappa"
    )
    if not len(table):
        return attrs.evolve(known, reason="no units were rated")
    ratings = table.sum(axis=1)
    if ratings.min() != ratings.max() or ratings[0] < 2:
        msg = "every unit needs the same number of ratings, two or more; see krippendorff_alpha"
        raise ValueError(msg)
    judges = float(ratings[0])
    agreed = ((table**2).sum(axis=1) - judges) / (judges * (judges - 1))
    observed, expected = agreed.mean(), ((table.sum(axis=0) / table.sum()) ** 2).sum()
    known = attrs.evolve(known, observed=float(observed), expected=float(expected))
    if 1 - expected < 1e-12:
        return attrs.evolve(known, reason="the judges used one category only")
    known = attrs.evolve(known, value=float((observed - expected) / (1 - expected)))
    return with_jackknife_interval(known, _without_each(table, agreed, blocks))


def _without_each(table: Any, agreed: Any, blocks: Any) -> Any:
    """Kappa without each block of items; not finite where it is undefined."""
    import numpy as np

    size = int(blocks.max()) + 1
    units = len(table) - np.bincount(blocks, minlength=size)
    sums = agreed.sum() - np.bincount(blocks, weights=agreed, minlength=size)
    totals = np.zeros((size, table.shape[1]))
    np.add.at(totals, blocks, table)
    rest = table.sum(axis=0) - totals
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = ((rest / rest.sum(axis=1, keepdims=True)) ** 2).sum(axis=1)
        return np.where(1 - expected < 1e-12, np.nan, (sums / units - expected) / (1 - expected))
