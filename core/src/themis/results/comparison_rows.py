"""A comparison as a row, and the family that a call's rows make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from themis.statistics import Adjustment, Comparison, adjust

__all__ = ["ComparedGroup", "family_rows"]

_FIGURES = (
    "baseline_mean",
    "candidate_mean",
    "delta_mean",
    "se",
    "p_value",
    "ci_lower",
    "ci_upper",
    "ci_level",
    "method",
    "reason",
    "margin",
    "equivalence_p",
    "mde",
    "power",
    "direction",
)


@attrs.frozen(slots=True, kw_only=True)
class ComparedGroup:
    """One comparison with the keys that name it, and how many candidates and metrics failed."""

    keys: Mapping[str, Any]
    found: Comparison
    errors: int


def family_rows(groups: Sequence[ComparedGroup], correction: Adjustment) -> list[dict[str, Any]]:
    """The rows of one call: p-values adjusted over all of them, verdicts by the adjusted ones.

    Rows without a p-value count too: what was looked at is the family, not what could be tested.

    Raises:
        ValueError: the correction is unknown.
    """
    found, size = [group.found for group in groups], len(groups)
    adjusted = adjust([one.p_value for one in found], correction, size=size)
    equivalence = adjust([one.equivalence_p for one in found], correction, size=size)
    family = {"adjustment_method": correction, "family_size": size}
    return [
        {**_row(group, p, alike), **family}
        for group, p, alike in zip(groups, adjusted, equivalence, strict=True)
    ]


def _row(
    group: ComparedGroup, adjusted_p: float | None, equivalence_p: float | None
) -> dict[str, Any]:
    found = group.found
    return {
        **group.keys,
        "pair_count": found.pair_count,
        "n_items": found.n_items,
        **({} if found.n_clusters is None else {"n_clusters": found.n_clusters}),
        "dropped_baseline": found.dropped_baseline,
        "dropped_candidate": found.dropped_candidate,
        "errors": group.errors,
        **{name: getattr(found, name) for name in _FIGURES},
        "adjusted_p_value": adjusted_p,
        "verdict": found.with_adjusted_p(adjusted_p, equivalence_p=equivalence_p).verdict,
    }
