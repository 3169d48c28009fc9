"""Several samples of one item: pass@k, pass^k, the vote, the best, and what repeats are worth."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import attrs

from themis.statistics.estimate import finite_array

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

__all__ = [
    "RepeatSpread",
    "best_of_k",
    "majority",
    "pass_at_k",
    "pass_hat_k",
    "repeat_spread",
]


@attrs.frozen(slots=True, kw_only=True)
class RepeatSpread:
    """Where the spread of repeated scores lies, in squared units of the scores.

    `se` is over item means; `se_if_k_infinite` what would be left of it with endless repeats:
    if the two are close, more items help and more samples do not.
    """

    mean: float
    se: float
    within_variance: float
    between_variance: float
    se_if_k_infinite: float


def pass_at_k(n: int, c: int, k: int) -> float | None:
    """Chance that one of k samples is right, unbiased: 1 - C(n-c, k)/C(n, k) (Chen 2021).

    `c` of the item's `n` samples were right. None where k > n: it cannot be estimated. The
    benchmark's value is the mean over items.
    """
    _check_samples(n, c, k)
    return None if k > n else 1 - math.comb(n - c, k) / math.comb(n, k)


def pass_hat_k(n: int, c: int, k: int) -> float | None:
    """Chance that all of k samples are right, unbiased: C(c, k)/C(n, k) (Yao 2024)."""
    _check_samples(n, c, k)
    return None if k > n else math.comb(c, k) / math.comb(n, k)


def best_of_k(scores: Sequence[float], k: int) -> float | None:
    """Expected best of k of an item's scores, unbiased: sum_i x_(i) C(i-1, k-1)/C(n, k).

    None where there are fewer than k scores.
    """
    ranked: list[float] = sorted(finite_array(scores).tolist())
    _check_samples(len(ranked), 0, k)
    if k > len(ranked):
        return None
    ways = math.comb(len(ranked), k)
    return sum(score * (math.comb(place, k - 1) / ways) for place, score in enumerate(ranked))


def majority(answers: Sequence[Hashable]) -> Hashable | None:
    """The answer given most often; the one given first where several are. None of no answers."""
    counts = Counter(answers)
    return max(counts, key=counts.__getitem__) if counts else None


def repeat_spread(scores: Sequence[Sequence[float]]) -> RepeatSpread | None:
    """Split the spread of equally many scores per item; None with fewer than 2 items or repeats.

    within = mean of the items' variances; between = var(item means) - within/k, at least 0.

    Raises:
        ValueError: the items have differing numbers of scores.
    """
    import numpy as np

    if len({len(row) for row in scores}) > 1:
        msg = "items have differing numbers of scores: give equally many, or use mean_estimate"
        raise ValueError(msg)
    if len(scores) < 2 or len(scores[0]) < 2:
        return None
    rows = np.array([finite_array(row) for row in scores])
    means, repeats = rows.mean(axis=1), rows.shape[1]
    total = float(means.var(ddof=1))
    within = float(rows.var(axis=1, ddof=1).mean())
    between = max(total - within / repeats, 0.0)
    return RepeatSpread(
        mean=float(means.mean()),
        se=math.sqrt(total / len(means)),
        within_variance=within,
        between_variance=between,
        se_if_k_infinite=math.sqrt(between / len(means)),
    )


def _check_samples(n: int, c: int, k: int) -> None:
    if not 0 <= c <= n or k < 1:
        msg = f"{c} right of {n} samples, k {k}: 0 <= c <= n and k >= 1 are needed"
        raise ValueError(msg)
