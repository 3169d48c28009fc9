"""A mean that exists wherever its values do."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["mean_of"]


def mean_of(values: Sequence[float]) -> float:
    """The mean of finite values, correctly rounded where their sum can be held; there must be one.

    Raises:
        ValueError: a value is not finite.
    """
    for place, value in enumerate(values):
        if not math.isfinite(value):
            msg = f"value {place} is {value}: leave out or count what is not finite"
            raise ValueError(msg)
    try:
        return math.fsum(values) / len(values)
    except OverflowError:
        return math.fsum(value / len(values) for value in values)
