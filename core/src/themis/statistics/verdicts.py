"""What a comparison comes to, in one word."""

from __future__ import annotations

import math
from typing import Literal, get_args

from themis.statistics.estimate import error_rate

__all__ = ["Direction", "Verdict", "check_direction", "verdict_of"]

Verdict = Literal[
    "improved", "regressed", "equivalent", "inconclusive", "missing", "not_comparable"
]
Direction = Literal["maximize", "minimize", "none"]


def verdict_of(
    delta: float | None,
    *,
    p_value: float | None,
    equivalence_p: float | None = None,
    margin: float | None = None,
    direction: Direction = "maximize",
    level: float = 0.95,
) -> Verdict:
    """`equivalent` if shown to be within the margin, else the direction of a significant change.

    `p_value` and `equivalence_p` are compared with 1 - level; give adjusted ones where a family
    was tested. A change that is significant but not past `margin` is neither: `inconclusive`. A
    metric without a direction neither improves nor regresses, and a difference that is not known
    (None or NaN) tells nothing. `missing` and `not_comparable` are
    for the caller to say: no number tells them.
    """
    check_direction(direction)
    alpha = error_rate(level)
    if delta is None or math.isnan(delta):
        return "inconclusive"
    if equivalence_p is not None and equivalence_p < alpha:
        return "equivalent"
    significant = p_value is not None and p_value < alpha
    if not significant or direction == "none" or abs(delta) <= (margin or 0.0):
        return "inconclusive"
    return "improved" if (delta > 0) == (direction == "maximize") else "regressed"


def check_direction(direction: str) -> None:
    """Raise ValueError, naming the known ones, unless `direction` is one of them."""
    if direction not in get_args(Direction):
        known = ", ".join(get_args(Direction))
        msg = f"unknown direction {direction!r}; known: {known}"
        raise ValueError(msg)
