"""How far judges agree about one subject."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import combinations

__all__ = ["pair_agreement"]


def pair_agreement(verdicts: Sequence[Hashable]) -> float:
    """The share of pairs of judges whose verdicts are the same, from 0 to 1; 1 for a single judge.

    >>> pair_agreement(["pass", "pass", "fail"])
    0.3333333333333333
    """
    pairs = [one == other for one, other in combinations(verdicts, 2)]
    return sum(pairs) / len(pairs) if pairs else 1.0
