"""Intervals of a proportion, and of the difference of two that share no items.

`wilson_interval` (in `estimate`) is the default; the others are here for those who must report
them. Successes and n are counts; limits are proportions within 0..1, but for Wald's.
"""

from __future__ import annotations

import math
from statistics import NormalDist

from themis.statistics.estimate import check_counts, check_level, wilson_interval

__all__ = [
    "clopper_pearson_interval",
    "jeffreys_interval",
    "newcombe_interval",
    "newcombe_p",
    "uniform_prior_interval",
    "wald_interval",
]

_LARGEST_Z = 37.0
"""Beyond this a two-sided normal p is below the smallest float."""


def clopper_pearson_interval(successes: int, n: int, *, level: float = 0.95) -> tuple[float, float]:
    """The exact interval (Clopper and Pearson 1934): never too narrow, mostly too wide."""
    check_counts(successes, n)
    tail = _tail(level)
    lower = 0.0 if successes == 0 else _beta(tail, successes, n - successes + 1)
    upper = 1.0 if successes == n else _beta(1 - tail, successes + 1, n - successes)
    return lower, upper


def jeffreys_interval(successes: int, n: int, *, level: float = 0.95) -> tuple[float, float]:
    """Equal-tailed posterior interval under Jeffreys' prior, Beta(1/2, 1/2)."""
    return _posterior(successes, n, prior=0.5, level=level)


def uniform_prior_interval(successes: int, n: int, *, level: float = 0.95) -> tuple[float, float]:
    """Equal-tailed posterior interval under the uniform prior, Beta(1, 1)."""
    return _posterior(successes, n, prior=1.0, level=level)


def wald_interval(successes: int, n: int, *, level: float = 0.95) -> tuple[float, float]:
    """P +- z sqrt(p (1 - p)/n): the textbook interval, which is wrong near 0 and 1."""
    check_counts(successes, n)
    check_level(level)
    share = successes / n
    reach = NormalDist().inv_cdf((1 + level) / 2) * math.sqrt(share * (1 - share) / n)
    return share - reach, share + reach


def newcombe_interval(
    baseline: tuple[int, int], candidate: tuple[int, int], *, level: float = 0.95
) -> tuple[float, float]:
    """Interval of candidate - baseline for two independent proportions (Newcombe 1998, method 10).

    Each side is (successes, n). With Wilson limits l, u of each: d - sqrt((p1 - l1)^2 +
    (u0 - p0)^2) and d + sqrt((u1 - p1)^2 + (p0 - l0)^2).
    """
    check_counts(*baseline)
    check_counts(*candidate)
    before, after = baseline[0] / baseline[1], candidate[0] / candidate[1]
    low_before, high_before = wilson_interval(*baseline, level=level)
    low_after, high_after = wilson_interval(*candidate, level=level)
    delta = after - before
    return (
        delta - math.hypot(after - low_after, high_before - before),
        delta + math.hypot(high_after - after, before - low_before),
    )


def newcombe_p(
    baseline: tuple[int, int], candidate: tuple[int, int], *, difference: float = 0.0
) -> float:
    """Two-sided p of `difference`: one less the level at which Newcombe's interval reaches it.

    It is below 1 - level exactly where the interval of that level leaves the difference out.
    """
    delta = candidate[0] / candidate[1] - baseline[0] / baseline[1] - difference
    if abs(delta) < 1e-15:
        return 1.0
    below, above = 0.0, _LARGEST_Z
    for _ in range(80):
        z = (below + above) / 2
        if _newcombe_reach(baseline, candidate, z, upwards=delta < 0) < abs(delta):
            below = z
        else:
            above = z
    return math.erfc(below / math.sqrt(2))


def _newcombe_reach(
    baseline: tuple[int, int], candidate: tuple[int, int], z: float, *, upwards: bool
) -> float:
    """How far from the difference Newcombe's limit is, at `z` standard errors."""
    down_before, up_before = _wilson_reach(*baseline, z)
    down_after, up_after = _wilson_reach(*candidate, z)
    return math.hypot(up_after, down_before) if upwards else math.hypot(down_after, up_before)


def _wilson_reach(successes: int, n: int, z: float) -> tuple[float, float]:
    """The distances of Wilson's limits from the proportion."""
    shift = (successes + z * z / 2) / (n + z * z) - successes / n
    reach = z / (n + z * z) * math.sqrt(successes * (n - successes) / n + z * z / 4)
    return max(reach - shift, 0.0), max(reach + shift, 0.0)


def _posterior(successes: int, n: int, *, prior: float, level: float) -> tuple[float, float]:
    check_counts(successes, n)
    tail = _tail(level)
    ones, zeros = successes + prior, n - successes + prior
    return _beta(tail, ones, zeros), _beta(1 - tail, ones, zeros)


def _beta(share: float, ones: float, zeros: float) -> float:
    from scipy.special import betaincinv

    return float(betaincinv(ones, zeros, share))


def _tail(level: float) -> float:
    check_level(level)
    return (1 - level) / 2
