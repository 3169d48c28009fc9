"""How many items a difference needs, and which difference the items there are would have shown.

Normal approximations (z) but where said otherwise, two-sided at `level`; round the number of items
up. Differences and spreads are in the units of the scores.
"""

from __future__ import annotations

import math
from statistics import NormalDist

from themis.statistics.estimate import check_level, error_rate

__all__ = [
    "check_power",
    "detectable_agreement",
    "detectable_difference",
    "detectable_gain",
    "detectable_share",
    "fewest_pairs",
    "items_for_paired_proportions",
    "items_for_pairs",
    "items_for_proportions",
    "power_of",
]

_MOST = 1e9
"""The root of the most items that anybody is told to collect."""


def detectable_difference(
    se: float, *, level: float = 0.95, power: float = 0.8, df: float | None = None
) -> float:
    """The least true difference found with this power: (z_level + z_power) se.

    With `df`, the quantiles are those of t: few items do not know their spread.
    """
    tails = _z_level(level), _z_power(power)
    if df is not None:
        from scipy.special import stdtrit

        tails = float(stdtrit(df, (1 + level) / 2)), float(stdtrit(df, power))
    return sum(tails) * se


def detectable_agreement(se: float, *, n: int, power: float = 0.8) -> float:
    """The least true difference at which n differences all have its sign with this power.

    z(power^(1/n)) sqrt(n) se, of differences that are normal: so few are found by sign flips only
    if they all agree.
    """
    check_power(power)
    return NormalDist().inv_cdf(power ** (1 / n)) * math.sqrt(n) * se


def detectable_share(
    first: float, *, items: tuple[int, int], level: float = 0.95, power: float = 0.8
) -> float | None:
    """The least difference of another share from `first`, none of the items shared, found so.

    What `items_for_proportions` solves for items, solved for the difference: up and down, the
    larger of the two. None where no share is far enough away.
    """
    ways = [_away(first, end, items, (_z_level(level), _z_power(power))) for end in (0.0, 1.0)]
    return max((way for way in ways if way is not None), default=None)


def _away(
    first: float, end: float, items: tuple[int, int], tails: tuple[float, float]
) -> float | None:
    """How far from `first`, towards `end`, a share must be to be found; by bisection."""
    if not _found(first, end, items, tails):
        return None
    missed, found = first, end
    for _ in range(50):
        middle = (missed + found) / 2
        missed, found = (missed, middle) if _found(first, middle, items, tails) else (middle, found)
    return abs(found - first)


def _found(first: float, second: float, items: tuple[int, int], tails: tuple[float, float]) -> bool:
    pooled = (first * items[0] + second * items[1]) / sum(items)
    same = pooled * (1 - pooled) * (1 / items[0] + 1 / items[1])
    apart = first * (1 - first) / items[0] + second * (1 - second) / items[1]
    return tails[0] * math.sqrt(same) + tails[1] * math.sqrt(apart) < abs(second - first)


def detectable_gain(n: int, *, level: float = 0.95, power: float = 0.8) -> float | None:
    """The least true difference that McNemar's mid-p finds in n right/wrong pairs, at the best.

    With no losses its p is 2^-wins, so `k` wins are needed; the share p of wins that gives as many
    with this power solves P(binomial(n, p) >= k) = power (the beta quantile). None where n < k.
    """
    from scipy.special import betaincinv

    check_power(power)
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


def check_power(power: float) -> None:
    """Raise ValueError unless `power` is a chance between 0 and 1."""
    if not 0 < power < 1:
        msg = f"power lies between 0 and 1 (0.8, say); got {power}"
        raise ValueError(msg)


def _z_power(power: float) -> float:
    check_power(power)
    return NormalDist().inv_cdf(power)


def _check_difference(difference: float) -> None:
    if difference == 0 or not math.isfinite(difference):
        msg = f"no number of items shows a difference of {difference}"
        raise ValueError(msg)
