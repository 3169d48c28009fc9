"""Comparing with a threshold: strictly, but for what rounding does."""

from __future__ import annotations

import math
import sys
from typing import Literal

from themis.statistics.verdicts import Direction

__all__ = ["badness", "change_percent", "past", "shift_verdict"]

_RELATIVE = 1e-9
_ROUNDING = 4 * sys.float_info.epsilon


def past(amount: float, threshold: float, *, scale: float = 0.0) -> bool:
    """Whether `amount` is past `threshold` by more than 1e-9 of it, or rounding of `scale`.

    `scale` is the size of the values that the amount was computed from.
    """
    slack = _RELATIVE * abs(threshold) + _ROUNDING * abs(scale)
    return amount > threshold + (slack if math.isfinite(slack) else 0.0)


def badness(change: float, direction: Direction) -> float:
    """The change with its sign turned so that up is worse; for direction none it has no meaning."""
    return change if direction == "minimize" else -change


def change_percent(current: float, baseline: float) -> float:
    """100 (current - baseline)/abs(baseline); from 0 it is 0 or infinite, with its sign."""
    if baseline == 0:
        return 0.0 if current == 0 else math.copysign(math.inf, current)
    change = 100 * (current - baseline) / abs(baseline)
    if math.isfinite(change):
        return change
    return 100 * (current / abs(baseline) - math.copysign(1.0, baseline))


def shift_verdict(
    change: float, threshold: float, *, direction: Direction, scale: float
) -> Literal["regressed", "improved", "unchanged"]:
    """Past the threshold in the bad direction, in the good one, or neither."""
    if direction == "none":
        return "unchanged"
    worse = badness(change, direction)
    if past(worse, threshold, scale=scale):
        return "regressed"
    return "improved" if past(-worse, threshold, scale=scale) else "unchanged"
