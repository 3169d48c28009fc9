"""Two models' right and wrong answers to the same items: only those they differ in count.

`wins` are the items that the candidate alone got right, `losses` those that the baseline alone
did, of `n` items in all.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import attrs

from themis.statistics.estimate import check_level, error_rate
from themis.statistics.paired import SMALLEST_P, PairedTest

__all__ = [
    "mcnemar",
    "mcnemar_exact_p",
    "mcnemar_midp_p",
    "midp_limit",
    "tango_interval",
    "tango_z",
]


def mcnemar_exact_p(wins: int, losses: int) -> float:
    """Two-sided exact p: 2 P(X <= min(wins, losses)), X binomial(wins + losses, 1/2), at most 1."""
    _check_discordant(wins, losses)
    return min(1.0, max(2 * _at_most(min(wins, losses), wins + losses), SMALLEST_P))


def mcnemar_midp_p(wins: int, losses: int) -> float:
    """The exact p less the probability of what was seen (Fagerland, Lydersen, Laake 2013).

    The exact test is too cautious; this one keeps its level and finds more. 1 if nothing differs.
    """
    _check_discordant(wins, losses)
    fewer, total = min(wins, losses), wins + losses
    p = 2 * _at_most(fewer, total) - _exactly(fewer, total)
    return min(1.0, max(p, SMALLEST_P))


def mcnemar(wins: int, losses: int, *, ones: int, n: int, level: float = 0.95) -> PairedTest:
    """McNemar's mid-p test with Tango's interval of the difference of the proportions right.

    `ones` counts the items that both got right. Where the two disagree about a difference of 0,
    which only happens at the edge, p decides: the interval is widened to hold 0, or the end past 0
    is the one that mid-p itself gives (`midp_limit`). If nothing differs there is nothing to test,
    but the interval still says how large a difference could have hidden.
    """
    known = PairedTest(
        pair_count=n,
        n_items=n,
        baseline_mean=(ones + losses) / n,
        treatment_mean=(ones + wins) / n,
        delta_mean=(wins - losses) / n,
        ci_level=level,
        method="mcnemar_midp",
    )
    lower, upper = tango_interval(wins, losses, n=n, level=level)
    if wins + losses == 0:
        reason = "no item differs: nothing to test"
        return attrs.evolve(known, se=0.0, ci_lower=lower, ci_upper=upper, reason=reason)
    p_value = mcnemar_midp_p(wins, losses)
    if p_value >= error_rate(level):
        lower, upper = min(lower, 0.0), max(upper, 0.0)
    elif wins > losses:
        lower = lower if lower > 0 else midp_limit(wins, losses, n=n, level=level)
    else:
        upper = upper if upper < 0 else -midp_limit(losses, wins, n=n, level=level)
    se = _standard_error(wins, losses, n)
    return attrs.evolve(known, se=se, p_value=p_value, ci_lower=lower, ci_upper=upper)


def tango_interval(wins: int, losses: int, *, n: int, level: float = 0.95) -> tuple[float, float]:
    """Score interval of (wins - losses)/n (Tango 1998): the differences that |z| <= z_level leaves.

    Unlike the t interval it has a width when all items agree, and never leaves -1..1.
    """
    check_level(level)
    _check_discordant(wins, losses)
    if not wins + losses <= n or n == 0:
        msg = f"{wins} wins and {losses} losses of {n} items: n must hold them all"
        raise ValueError(msg)
    z = NormalDist().inv_cdf((1 + level) / 2)
    return -_tango_limit(losses, wins, n, z), _tango_limit(wins, losses, n, z)


def midp_limit(wins: int, losses: int, *, n: int, level: float) -> float:
    """The least difference that mid-p leaves, of more wins than losses and so many discordant.

    (2 q - 1) (wins + losses)/n, q the share of wins at which P(X > wins) + P(X = wins)/2, X
    binomial(wins + losses, q), is half of 1 - level.
    """
    from scipy.special import bdtr, bdtrc

    _check_discordant(wins, losses)
    total, tail = wins + losses, error_rate(level) / 2
    below, above = 0.5, 1.0
    for _ in range(60):
        share = (below + above) / 2
        at_least = 1.0 if wins == 0 else float(bdtrc(wins - 1, total, share))
        if (at_least + 1 - float(bdtr(wins, total, share))) / 2 < tail:
            below = share
        else:
            above = share
    return (2 * above - 1) * total / n


def tango_z(wins: int, losses: int, *, n: int, difference: float) -> float:
    """The score statistic of H0: the difference of the two proportions is `difference`.

    (wins - losses - n d) / sqrt(n (2 q + d (1 - d))), q the share of losses that is most likely
    under H0; positive where the data lie above H0.
    """
    linear = (2 * n - wins + losses) * difference - wins - losses
    constant = -losses * difference * (1 - difference)
    root = math.sqrt(max(linear * linear - 8 * n * constant, 0.0))
    lost = (root - linear) / (4 * n)
    variance = n * (2 * lost + difference * (1 - difference))
    gap = wins - losses - n * difference
    if abs(gap) <= 1e-12 * n:
        return 0.0
    return gap / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, gap)


def _tango_limit(wins: int, losses: int, n: int, z: float) -> float:
    """The upper limit, by bisection: z falls from 0 at the estimate as the difference rises."""
    if wins == n:
        return 1.0
    inside, outside = (wins - losses) / n, 1.0
    for _ in range(60):
        middle = (inside + outside) / 2
        if tango_z(wins, losses, n=n, difference=middle) >= -z:
            inside = middle
        else:
            outside = middle
    return inside


def _standard_error(wins: int, losses: int, n: int) -> float | None:
    """The standard error of the mean of n differences of 1, -1 or 0."""
    if n < 2:
        return None
    squares = wins + losses - (wins - losses) ** 2 / n
    return math.sqrt(max(squares, 0.0) / (n * (n - 1)))


def _at_most(successes: int, n: int) -> float:
    from scipy.special import bdtr

    return float(bdtr(successes, n, 0.5))


def _exactly(successes: int, n: int) -> float:
    ways = math.lgamma(n + 1) - math.lgamma(successes + 1) - math.lgamma(n - successes + 1)
    return math.exp(ways - n * math.log(2))


def _check_discordant(wins: int, losses: int) -> None:
    if wins < 0 or losses < 0:
        msg = f"{wins} wins and {losses} losses: counts are not negative"
        raise ValueError(msg)
