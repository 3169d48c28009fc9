"""How many items a difference needs, and which difference the items there are would have shown.

Normal approximations (z), two-sided at `level`; round the number of items up. Differences and
spreads are in the units of the scores.
"""

from __future__ import annotations

import math
from statistics import NormalDist

from themis.statistics.estimate import check_level, error_rate

__all__ = [
    "detectable_difference",
    "detectable_gain",
    "fewest_pairs",
    "items_for_paired_proportions",
    "items_for_pairs",
    "items_for_proportions",
    "power_of",
]

_MOST = 1e9
"""The root of the most items that anybody is told to collect."""


def detectable_difference(se: float, *, level: float = 0.95, power: float = 0.8) -> float:
    """The least true difference found with this power: (z_level + z_power) se."""
    return (_z_level(level) + _z_power(power)) * se


def detectable_gain(n: int, *, level: float = 0.95, power: float = 0.8) -> float | None:
    """The least true difference that McNemar's mid-p finds in n right/wrong pairs, at the best.

    With no losses its p is 2^-wins, so `k` wins are needed; the share p of wins that gives as many
    with this power solves P(binomial(n, p) >= k) = power (the beta quantile). None where n < k.
    """
    from scipy.special import betaincinv

    _z_power(power)
    needed = math.floor(-math.log2(error_rate(level)) + 1e-9) + 1
    return float(betaincinv(needed, n - needed + 1, power)) if n >= needed else None


def power_of(difference: float, se: float, *, level: float = 0.95) -> float:
    """The chance that a true difference is found: both tails of the normal test."""
    if se <= 0:
        msg = f"a standard error must be positive; got {se}"
        raise ValueError(msg)
    z, shift = _z_level(level), abs(difference) / se
    normal = NormalDist()
    return normal.cdf(shift - z) + normal.cdf(-shift - z)


def items_for_pairs(
    difference: float, *, spread: float, level: float = 0.95, power: float = 0.8
) -> float:
    """Shared items needed; `spread` is the standard deviation of the items' differences."""
    _check_difference(difference)
    if not 0 < spread < math.inf:
        msg = f"a spread is the standard deviation of differences, above 0; got {spread}"
        raise ValueError(msg)
    return _items((_z_level(level) + _z_power(power)) * spread, difference)


def fewest_pairs(level: float = 0.95) -> int:
    """The least number of pairs with which any result is significant, were all to agree.

    The exact two-sided sign-flip p of n pairs is 2^(1 - n) at least; 6 at a level of 0.95.
    """
    return math.floor(1 - math.log2(error_rate(level)) + 1e-9) + 1


def items_for_paired_proportions(
    difference: float, *, discordant: float, level: float = 0.95, power: float = 0.8
) -> float:
    """Shared right/wrong items needed, `discordant` the share that the models differ on.

    (z_level sqrt(psi) + z_power sqrt(psi - d^2))^2 / d^2 (Connor 1987).
    """
    _check_difference(difference)
    if not abs(difference) <= discordant <= 1:
        msg = (
            f"models that differ by {difference} disagree on that share of items at least; "
            f"got {discordant}"
        )
        raise ValueError(msg)
    spread = math.sqrt(discordant - difference**2)
    reach = _z_level(level) * math.sqrt(discordant) + _z_power(power) * spread
    return _items(reach, difference)


def items_for_proportions(
    first: float, second: float, *, level: float = 0.95, power: float = 0.8
) -> float:
    """Items per model, none shared, to tell two proportions apart (Fleiss, Levin, Paik 2003).

    (z_level sqrt(2 m (1 - m)) + z_power sqrt(p1 (1 - p1) + p2 (1 - p2)))^2 / (p1 - p2)^2, with m
    the mean of the two.
    """
    for share in (first, second):
        if not 0 <= share <= 1:
            msg = f"a proportion lies between 0 and 1; got {share}"
            raise ValueError(msg)
    _check_difference(first - second)
    middle = (first + second) / 2
    apart = math.sqrt(first * (1 - first) + second * (1 - second))
    reach = _z_level(level) * math.sqrt(2 * middle * (1 - middle)) + _z_power(power) * apart
    return _items(reach, first - second)


def _items(reach: float, difference: float) -> float:
    """(reach/difference)^2, where that is a number of items."""
    ratio = abs(reach / difference)
    if ratio > _MOST:
        msg = f"a difference of {difference:g} is too small beside the spread: no number of items"
        msg += " that can be counted shows it"
        raise ValueError(msg)
    return ratio * ratio


def _z_level(level: float) -> float:
    check_level(level)
    return NormalDist().inv_cdf((1 + level) / 2)


def _z_power(power: float) -> float:
    if not 0 < power < 1:
        msg = f"power lies between 0 and 1 (0.8, say); got {power}"
        raise ValueError(msg)
    return NormalDist().inv_cdf(power)


def _check_difference(difference: float) -> None:
    if difference == 0 or not math.isfinite(difference):
        msg = f"no number of items shows a difference of {difference}"
        raise ValueError(msg)
