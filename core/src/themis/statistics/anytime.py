"""Anytime-valid intervals of a mean out of running sums alone: for whoever keeps no scores.

They hold at every moment at once, as those of `themis.statistics.sequential`, cost the same however
many scores there were, and need no arrays. They do not intersect with earlier ones, so that one may
be a little wider than the one before.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from themis.statistics.estimate import check_level
from themis.statistics.sequential import tuned_rho

__all__ = ["anytime_interval", "bounded_anytime_interval"]

_BURN_IN = 50
"""With fewer lopsided values (exponential, say) the limit theorem misses two times too often."""
_HALVINGS = 60
"""Bisection of an interval of 0..1 down to the precision of a float."""


def anytime_interval(
    mean: float,
    sd: float,
    *,
    n: float,
    level: float = 0.95,
    tuned_for: int = 200,
    burn_in: int = _BURN_IN,
) -> tuple[float, float] | None:
    """The interval that `confidence_sequence` adds last, from n values' mean and deviation.

    None before `burn_in` values, and where they are all equal. It is asymptotic: for very lopsided
    values it misses more often than it says. n need not be whole: scores in clusters of m are worth
    at least n / m independent ones.
    """
    check_level(level)
    rho = tuned_rho(1 - level, tuned_for)
    if n < burn_in or not sd > 0:
        return None
    scale = n * rho**2 + 1
    reach = sd * math.sqrt(2 * scale * math.log(math.sqrt(scale) / (1 - level))) / (n * rho)
    return mean - reach, mean + reach


def bounded_anytime_interval(
    mean: float, *, n: float, low: float = 0.0, high: float = 1.0, level: float = 0.95
) -> tuple[float, float]:
    """An interval from the mean of n scores within `low`..`high`, valid for any n and any of them.

    Those means m for which the beta-binomial mixture martingale (Robbins 1970; Howard and others
    2021), B(s + 1/2, n - s + 1/2) / B(1/2, 1/2) / (m^s (1 - m)^(n - s)) for a sum s of scores
    scaled to 0..1, is below 1 / (1 - level). It is exact for 0/1 scores, and holds for all others
    between, since x -> (p/m)^x ((1 - p)/(1 - m))^(1 - x) is convex in x. n need not be whole, as in
    `anytime_interval`.

    Raises:
        ValueError: the mean is outside the bounds, or n is negative.
    """
    check_level(level)
    if n < 0 or not low <= mean <= high or low >= high:
        msg = f"a mean of {mean} over {n} scores, bounds {low}..{high}: it must lie within them"
        raise ValueError(msg)
    share = (mean - low) / (high - low)
    yes, no = n * share, n * (1 - share)
    limit = _log_beta(0.5, 0.5) - _log_beta(yes + 0.5, no + 0.5) - math.log(1 - level)

    def left_out(value: float) -> bool:
        return -yes * math.log(value) - no * math.log1p(-value) >= limit

    lower = 0.0 if yes <= 0 else _edge(left_out, outside=0.0, inside=share)
    upper = 1.0 if no <= 0 else _edge(left_out, outside=1.0, inside=share)
    return low + (high - low) * lower, low + (high - low) * upper


def _edge(left_out: Callable[[float], bool], *, outside: float, inside: float) -> float:
    """Where the values that are left out end; the value given is the last one outside."""
    for _ in range(_HALVINGS):
        middle = (outside + inside) / 2
        if not 0 < middle < 1:
            break
        outside, inside = (middle, inside) if left_out(middle) else (outside, middle)
    return outside


def _log_beta(one: float, other: float) -> float:
    return math.lgamma(one) + math.lgamma(other) - math.lgamma(one + other)
