"""Labelled extras: tests of something other than the mean difference.

Their p-values answer other questions, so none of them stands beside the interval of a mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from themis.statistics.discordant import mcnemar_exact_p
from themis.statistics.estimate import finite_array

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["sign_test_p", "wilcoxon_p"]


def sign_test_p(deltas: Sequence[float]) -> float | None:
    """Exact two-sided p that rises and falls are equally likely; None if nothing differs."""
    values = finite_array(deltas)
    rises, falls = int((values > 0).sum()), int((values < 0).sum())
    return mcnemar_exact_p(rises, falls) if rises + falls else None


def wilcoxon_p(deltas: Sequence[float]) -> float | None:
    """Two-sided p of Wilcoxon's signed-rank test: the differences are symmetric about 0.

    Exact for at most 50 differences without ties; None if nothing differs.
    """
    values = finite_array(deltas)
    moved = values[values != 0]
    if not len(moved):
        return None
    from scipy.stats import wilcoxon

    return float(wilcoxon(moved).pvalue)
