"""Two models that share no items: less can be told than from pairs, and `method` says so."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

from themis.statistics.estimate import (
    TOO_LARGE,
    ClusterSums,
    check_counts,
    check_level,
    cluster_sums,
    t_interval,
)
from themis.statistics.paired import t_test_p
from themis.statistics.proportions import newcombe_interval, newcombe_p

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

__all__ = ["FEW_ITEMS", "UnpairedTest", "newcombe", "welch"]

FEW_ITEMS = "fewer than two items on one side: no spread to judge by"
Counts = tuple[int, int]


@attrs.frozen(slots=True, kw_only=True)
class UnpairedTest:
    """The difference candidate - baseline of two independent means, its interval and p-value.

    `method` is `welch`, `welch_clusters`, `newcombe` or `none`; `n_baseline` and `n_candidate`
    count the independent units. What is undefined is None, and `reason` says why.
    """

    n_baseline: int
    n_candidate: int
    baseline_mean: float | None
    candidate_mean: float | None
    delta_mean: float | None
    se: float | None = None
    statistic: float | None = None
    df: float | None = None
    p_value: float | None = None
    ci_lower: float | None = None
    ci_upper: float | None = None
    ci_level: float = 0.95
    method: str = "none"
    reason: str | None = None


def welch(
    baseline: Sequence[float],
    candidate: Sequence[float],
    *,
    baseline_clusters: Sequence[Hashable] | None = None,
    candidate_clusters: Sequence[Hashable] | None = None,
    level: float = 0.95,
) -> UnpairedTest:
    """Welch's t test (1947): t = d/sqrt(se0^2 + se1^2), degrees of freedom by Satterthwaite.

    Clusters (items, say) make the standard errors cluster-robust, and count as the units.

    Raises:
        ValueError: a value is not finite.
    """
    check_level(level)
    before = cluster_sums(baseline, clusters=baseline_clusters)
    after = cluster_sums(candidate, clusters=candidate_clusters)
    return welch_from_sums(before, after, level=level)


def welch_from_sums(before: ClusterSums, after: ClusterSums, *, level: float) -> UnpairedTest:
    """The same from cluster sums."""
    means = [_finite(sums.mean) if sums.count else None for sums in (before, after)]
    known = UnpairedTest(
        n_baseline=before.clusters,
        n_candidate=after.clusters,
        baseline_mean=means[0],
        candidate_mean=means[1],
        delta_mean=None if None in means else _finite(after.mean - before.mean),
        ci_level=level,
    )
    if before.count and after.count and known.delta_mean is None:
        return attrs.evolve(known, reason=TOO_LARGE)
    if min(before.clusters, after.clusters) < 2:
        return attrs.evolve(known, reason=FEW_ITEMS)
    squares = [sums.standard_error() ** 2 for sums in (before, after)]
    se = math.sqrt(sum(squares))
    if not math.isfinite(se):
        return attrs.evolve(known, reason=TOO_LARGE)
    if se == 0:
        reason = "neither side varies: no spread to judge the difference by"
        return attrs.evolve(known, se=0.0, reason=reason)
    units = before.clusters - 1, after.clusters - 1
    df = sum(squares) ** 2 / sum(part**2 / unit for part, unit in zip(squares, units, strict=True))
    delta = after.mean - before.mean
    lower, upper = t_interval(delta, se, df=df, level=level)
    single = before.count == before.clusters and after.count == after.clusters
    return attrs.evolve(
        known,
        se=se,
        statistic=delta / se,
        df=df,
        p_value=t_test_p(delta / se, df=df),
        ci_lower=lower,
        ci_upper=upper,
        method="welch" if single else "welch_clusters",
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def newcombe(baseline: Counts, candidate: Counts, *, level: float = 0.95) -> UnpairedTest:
    """Two independent proportions, each (successes, n): Newcombe's interval and the p it gives.

    Raises:
        ValueError: an n is not positive, or successes are not within 0..n.
    """
    for counts in (baseline, candidate):
        check_counts(*counts)
    before, after = baseline[0] / baseline[1], candidate[0] / candidate[1]
    lower, upper = newcombe_interval(baseline, candidate, level=level)
    variance = before * (1 - before) / baseline[1] + after * (1 - after) / candidate[1]
    return UnpairedTest(
        n_baseline=baseline[1],
        n_candidate=candidate[1],
        baseline_mean=before,
        candidate_mean=after,
        delta_mean=after - before,
        se=math.sqrt(variance),
        p_value=newcombe_p(baseline, candidate),
        ci_lower=lower,
        ci_upper=upper,
        ci_level=level,
        method="newcombe",
    )
