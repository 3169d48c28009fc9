"""How sure a figure of agreement is, from how far each item moves it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import attrs

from themis.statistics.estimate import SAME, cluster_numbers

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from themis.statistics.agreement import Agreement

__all__ = ["blocks_of", "with_jackknife_interval"]

MOST_BLOCKS = 200
"""More items than this are left out several at a time: the time stays bounded."""


def blocks_of(clusters: Sequence[Hashable]) -> tuple[int, Any]:
    """How many items the clusters name, and which block of items (from 0) each unit is of."""
    numbers = cluster_numbers(clusters)
    return int(numbers.max()) + 1 if len(numbers) else 0, numbers % MOST_BLOCKS


def with_jackknife_interval(known: Agreement, without: Any) -> Agreement:
    """The agreement with its standard error and interval, from the values without each block.

    se = sqrt((G - 1)/G sum (value_g - mean)^2) (Tukey 1958; Kott 2001 for blocks), t with G - 1
    degrees of freedom. The interval is of Fisher's z, atanh(value), so that it stays within -1..1.
    """
    import numpy as np
    from scipy.special import stdtrit

    value, blocks = known.value, len(without)
    if value is None:
        return known
    if value <= -1 + SAME:
        return attrs.evolve(known, reason="it is at its least: the interval does not exist")
    if value >= 1 - SAME:
        reason = "the judges agree fully: there is no disagreement to infer from"
        return attrs.evolve(known, value=1.0, reason=reason)
    if blocks < 2:
        return attrs.evolve(known, reason="one item: the spread between items is unknown")
    if not np.isfinite(without).all():
        reason = "without one of the items agreement is undefined: its spread is unknown"
        return attrs.evolve(known, reason=reason)
    spread = without - without.mean()
    se = math.sqrt((blocks - 1) / blocks * float((spread**2).sum()))
    if se <= SAME:
        return attrs.evolve(known, reason="every item agrees alike: no spread to infer from")
    reach = float(stdtrit(blocks - 1, (1 + known.ci_level) / 2)) * se / (1 - value**2)
    lower, upper = (math.tanh(math.atanh(value) + end) for end in (-reach, reach))
    return attrs.evolve(known, se=se, ci_lower=lower, ci_upper=upper)
