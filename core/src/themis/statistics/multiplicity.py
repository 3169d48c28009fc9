"""p-values of one family, adjusted for how many there are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, TypeGuard, get_args

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Adjustment", "adjust", "benjamini_yekutieli", "bonferroni", "family_size"]

Adjustment = Literal["none", "holm", "bh"]


def adjust(
    p_values: Sequence[float | None], method: Adjustment, *, size: int | None = None
) -> list[float | None]:
    """Adjusted p-values, in the order given. None and NaN stay None and do not count.

    `size` is that of the family (m) where it holds more than the p-values that are defined.

    * `holm` (Holm 1979), family-wise error: the running maximum of (m - i) p_(i), i from 0.
    * `bh` (Benjamini and Hochberg 1995), false discovery rate: the running minimum, from the
      largest down, of m p_(i) / (i + 1).

    Raises:
        ValueError: the method is unknown, a p-value is outside 0..1, or `size` is less than there
            are.
    """
    if method not in get_args(Adjustment):
        known = ", ".join(get_args(Adjustment))
        msg = f"unknown p-value correction {method!r}; known: {known}"
        raise ValueError(msg)
    ranked = sorted((p, place) for place, p in enumerate(p_values) if _known(p))
    if size is None:
        size = len(ranked)
    elif size < len(ranked):
        msg = f"a family of {size} cannot hold {len(ranked)} p-values"
        raise ValueError(msg)
    steps = _STEPS[method]([p for p, _ in ranked], size)
    adjusted: list[float | None] = [None] * len(p_values)
    for (_, place), value in zip(ranked, steps, strict=True):
        adjusted[place] = value
    return adjusted


def family_size(p_values: Sequence[float | None]) -> int:
    """How many p-values are defined, which is how many tests the family holds."""
    return sum(map(_known, p_values))


def bonferroni(p_values: Sequence[float | None]) -> list[float | None]:
    """M p, at most 1. Holm's correction holds under the same conditions and finds more."""
    size = family_size(p_values)
    return [min(1.0, size * p) if _known(p) else None for p in p_values]


def benjamini_yekutieli(p_values: Sequence[float | None]) -> list[float | None]:
    """False discovery rate under any dependence (2001): `bh` times sum_i 1/i, at most 1."""
    penalty = sum(1 / rank for rank in range(1, family_size(p_values) + 1))
    ranked = sorted((p, place) for place, p in enumerate(p_values) if _known(p))
    lowest = 1.0
    adjusted: list[float | None] = [None] * len(p_values)
    for rank in range(len(ranked), 0, -1):
        p, place = ranked[rank - 1]
        lowest = min(lowest, penalty * len(ranked) / rank * p)
        adjusted[place] = lowest
    return adjusted


def _known(p: float | None) -> TypeGuard[float]:
    return p is not None and _defined(p)


def _defined(p: float) -> bool:
    if math.isnan(p):
        return False
    if not 0 <= p <= 1:
        msg = f"a p-value lies between 0 and 1; got {p}"
        raise ValueError(msg)
    return True


def _unadjusted(ranked: list[float], size: int) -> list[float]:  # noqa: ARG001 (one signature)
    return ranked


def _holm(ranked: list[float], size: int) -> list[float]:
    highest, steps = 0.0, []
    for rank, p in enumerate(ranked):
        highest = max(highest, min(1.0, (size - rank) * p))
        steps.append(highest)
    return steps


def _benjamini_hochberg(ranked: list[float], size: int) -> list[float]:
    lowest, steps = 1.0, []
    for rank in range(len(ranked), 0, -1):
        lowest = min(lowest, size / rank * ranked[rank - 1])
        steps.append(lowest)
    return steps[::-1]


_STEPS = {"none": _unadjusted, "holm": _holm, "bh": _benjamini_hochberg}
