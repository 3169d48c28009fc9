"""What a table of pairs says beside its test: wins, losses, correlation, effect size."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

from themis.statistics.estimate import finite_array

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PairedEffects", "paired_effects"]


@attrs.frozen(slots=True, kw_only=True)
class PairedEffects:
    """Descriptions of pairs; what needs a spread that is not there is None.

    `cohen_dz` is mean(delta)/sd(delta); `unpaired_se` what the standard error would be had the
    items not been shared: the pairs' worth is its ratio to the paired one.
    """

    wins: int
    losses: int
    ties: int
    correlation: float | None
    cohen_dz: float | None
    unpaired_se: float | None


def paired_effects(baseline: Sequence[float], treatment: Sequence[float]) -> PairedEffects:
    """Describe the pairs; a win is an item on which the treatment scores higher."""
    before, after = finite_array(baseline), finite_array(treatment)
    deltas = after - before
    several = len(deltas) > 1
    spread = float(deltas.std(ddof=1)) if several else 0.0
    variances = (float(before.var(ddof=1)), float(after.var(ddof=1))) if several else (0.0, 0.0)
    product = math.sqrt(variances[0] * variances[1])
    shared = float(((before - before.mean()) * (after - after.mean())).sum()) if several else 0.0
    return PairedEffects(
        wins=int((deltas > 0).sum()),
        losses=int((deltas < 0).sum()),
        ties=int((deltas == 0).sum()),
        correlation=shared / (len(deltas) - 1) / product if product else None,
        cohen_dz=float(deltas.mean()) / spread if spread else None,
        unpaired_se=math.sqrt(sum(variances) / len(deltas)) if several else None,
    )
