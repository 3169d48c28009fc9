"""One model against another on the same items: one test, one interval."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

import attrs

from themis.statistics.estimate import (
    SAME,
    TOO_LARGE,
    TOO_SMALL,
    ClusterSums,
    check_level,
    cluster_sums,
    finite_array,
    t_interval,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

__all__ = ["ONE_ITEM", "SMALLEST_P", "PairedTest", "paired_t", "sign_flip_constant_p", "t_test_p"]

ONE_ITEM = "one item: the spread of differences is unknown"
SMALLEST_P = sys.float_info.min
"""The least p-value a float can hold in full; a smaller one is reported as this, never as 0."""


@attrs.frozen(slots=True, kw_only=True)
class PairedTest:
    """The mean difference treatment - baseline, its interval and the p-value of the same test.

    `method` is `paired_t`, `paired_t_item_clusters` (several pairs of one item),
    `sign_flip_exact` (all differences equal: a t statistic does not exist; or few of them),
    `mcnemar_midp` or `none`.
    What is undefined is None, and `reason` says why.
    """

    pair_count: int
    n_items: int
    baseline_mean: float | None
    treatment_mean: float | None
    delta_mean: float | None
    se: float | None = None
    statistic: float | None = None
    df: int | None = None
    p_value: float | None = None
    ci_lower: float | None = None
    ci_upper: float | None = None
    ci_level: float = 0.95
    method: str = "none"
    reason: str | None = None


def paired_t(
    baseline: Sequence[float],
    treatment: Sequence[float],
    *,
    clusters: Sequence[Hashable] | None = None,
    level: float = 0.95,
) -> PairedTest:
    """Student's paired t test of treatment - baseline, with its two-sided p and interval.

    t = mean(delta)/se with G - 1 degrees of freedom, se over the G clusters (the items; default:
    every pair its own). When all differences are equal and not zero, p is the exact sign-flip
    permutation's.

    Raises:
        ValueError: the two differ in length, or a value is not finite.
    """
    check_level(level)
    before, after = finite_array(baseline), finite_array(treatment)
    if len(before) != len(after):
        msg = f"{len(before)} baseline and {len(after)} treatment values: give one per pair"
        raise ValueError(msg)
    deltas = _differences(before, after)
    if deltas is None:
        return _too_large(len(before), clusters=clusters, level=level)
    sums = attrs.evolve(cluster_sums(deltas, clusters=clusters), magnitude=_scale(before, after))
    known = PairedTest(
        pair_count=len(deltas),
        n_items=sums.clusters,
        baseline_mean=float(before.mean()) if len(before) else None,
        treatment_mean=float(after.mean()) if len(after) else None,
        delta_mean=sums.mean if len(deltas) else None,
        ci_level=level,
    )
    return _tested(known, sums)


def _differences(before: Any, after: Any) -> Any:
    """The differences; None where one of them, or a mean, is past what a float can hold."""
    import numpy as np

    with np.errstate(over="ignore", invalid="ignore"):
        deltas = after - before
        totals = before.sum(), after.sum(), deltas.sum()
    return deltas if np.isfinite(deltas).all() and np.isfinite(totals).all() else None


def _too_large(n: int, *, clusters: Sequence[Hashable] | None, level: float) -> PairedTest:
    return PairedTest(
        pair_count=n,
        n_items=n if clusters is None else len(set(clusters)),
        baseline_mean=None,
        treatment_mean=None,
        delta_mean=None,
        ci_level=level,
        reason=TOO_LARGE,
    )


def _scale(before: Any, after: Any) -> float:
    """The largest absolute score: differences far below it are rounding."""
    import numpy as np

    return float(max(np.abs(before).max(), np.abs(after).max())) if len(before) else 0.0


def _tested(known: PairedTest, sums: ClusterSums) -> PairedTest:
    if known.pair_count == 0:
        return attrs.evolve(known, reason="no item has a score from both")
    if sums.clusters < 2:
        return attrs.evolve(known, reason=ONE_ITEM)
    if sums.constant and abs(sums.mean) <= SAME * sums.magnitude:
        return attrs.evolve(
            known, delta_mean=0.0, se=0.0, reason="no item differs: nothing to test"
        )
    if sums.constant:
        return _sign_flipped(known, sums)
    se, df = sums.standard_error(), sums.clusters - 1
    if not math.isfinite(se):
        return attrs.evolve(known, reason=TOO_LARGE)
    if se == 0:
        return attrs.evolve(known, reason=TOO_SMALL)
    statistic = sums.mean / se
    lower, upper = t_interval(sums.mean, se, df=df, level=known.ci_level)
    return attrs.evolve(
        known,
        se=se,
        statistic=statistic,
        df=df,
        p_value=t_test_p(statistic, df=df),
        ci_lower=lower,
        ci_upper=upper,
        method="paired_t" if sums.count == sums.clusters else "paired_t_item_clusters",
    )


def _sign_flipped(known: PairedTest, sums: ClusterSums) -> PairedTest:
    return attrs.evolve(
        known,
        se=0.0,
        p_value=sign_flip_constant_p(sums.clusters),
        method="sign_flip_exact",
        reason="all differences are equal: p is exact, an interval does not exist",
    )


def sign_flip_constant_p(n: int) -> float:
    """Exact two-sided sign-flip permutation p of n equal, non-zero differences: 2/2^n.

    Of the 2^n sign patterns only the two uniform ones reach the observed mean (Fisher 1935).
    """
    if n < 1:
        msg = f"a sign-flip test needs at least one difference; got {n}"
        raise ValueError(msg)
    return max(math.ldexp(1.0, 1 - n), SMALLEST_P)


def t_test_p(statistic: float, *, df: float) -> float:
    """Two-sided p of Student's t: 2 P(T <= -abs(t)), at least `SMALLEST_P`."""
    from scipy.special import stdtr

    return max(2 * float(stdtr(df, -abs(statistic))), SMALLEST_P)
