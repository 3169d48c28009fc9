"""What every test of a difference gives, whichever was chosen."""

from __future__ import annotations

from typing import Any

import attrs

from themis.statistics.equivalence import tost_from_se

__all__ = ["Route", "figures_of", "t_equivalence_p"]

_FIGURES = (
    "delta_mean",
    "se",
    "p_value",
    "ci_lower",
    "ci_upper",
    "ci_level",
    "method",
    "reason",
    "baseline_mean",
)


@attrs.frozen(slots=True, kw_only=True)
class Route:
    """The figures of the test that was taken, its degrees of freedom, and the p of equivalence."""

    figures: dict[str, Any]
    equivalence_p: float | None
    df: float | None = None


def figures_of(test: Any, *, candidate_mean: float | None, n_items: int) -> dict[str, Any]:
    """The figures that a comparison reports, from a paired or unpaired test."""
    shared = {name: getattr(test, name) for name in _FIGURES}
    return {**shared, "candidate_mean": candidate_mean, "n_items": n_items}


def t_equivalence_p(test: Any, margin: float | None) -> float | None:
    """The p-value of equivalence by the t test that was made; None without a margin or a spread."""
    if not margin or not test.se or test.df is None:
        return None
    return tost_from_se(test.delta_mean, test.se, df=test.df, low=-margin, high=margin).p_value
