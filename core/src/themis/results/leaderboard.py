"""Models by their mean, each metric in its own direction."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any

from themis.statistics import Tier, leaderboard_tiers

if TYPE_CHECKING:
    from themis.results.layout import RunLayout
    from themis.results.source import RunSource

__all__ = ["leaderboard_keys", "metric_directions", "ranked", "tiered"]

Metric = tuple[str, str | None]
"""A metric id, and its score name where that tells two numbers apart."""


def leaderboard_keys(layout: RunLayout) -> list[str]:
    """What a leaderboard groups by; score names too, where they tell two numbers apart."""
    names = ["score_name"] if layout.scores_one_metric_twice else []
    return ["metric_id", *names, "model_id"]


def metric_directions(source: RunSource) -> dict[str, str]:
    """`maximize`, `minimize` or `none` by metric id, from the manifest; `maximize` if not there."""
    declared = source.manifest.get("metrics", ())
    known = {entry["metric_id"]: entry.get("direction", "maximize") for entry in declared}
    return {name: known.get(name, "maximize") for name in source.layout.metric_ids}


def metric_bounds(source: RunSource) -> dict[str, tuple[float, float]]:
    """The lowest and the highest value of each metric that has both, from the manifest."""
    found: dict[str, list[Any]] = {}
    for entry in source.manifest.get("metrics", ()):
        found.setdefault(entry["metric_id"], []).append(entry.get("bounds"))
    return {
        name: (min(low for low, _ in bounds), max(high for _, high in bounds))
        for name, bounds in found.items()
        if None not in bounds
    }


def ranked(
    rows: Sequence[Mapping[str, Any]], directions: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The rows by metric, the best model first; `rank` is null where there is no better or worse.

    Equal means share a rank. A model without a mean comes last, without a rank.
    """
    found = []
    for metric in dict.fromkeys(map(_metric_of, rows)):
        mine = [row for row in rows if _metric_of(row) == metric]
        found += _ranked_metric(mine, directions[metric[0]])
    return found


def tiered(
    rows: Sequence[Mapping[str, Any]], compared: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Ranked rows with `tier`, `best_rank` and `worst_rank`, by comparisons of every two models.

    They are null where the rank is. Two models are told apart by an adjusted p-value below 0.05.
    """
    apart = {
        (_metric_of(row), frozenset((row["baseline_model_id"], row["treatment_model_id"])))
        for row in compared
        if row["adjusted_p_value"] is not None and row["adjusted_p_value"] < 0.05
    }
    found = []
    for metric in dict.fromkeys(map(_metric_of, rows)):
        mine = [row for row in rows if _metric_of(row) == metric]
        ranked_models = [row["model_id"] for row in mine if row["rank"] is not None]
        tiers = leaderboard_tiers(ranked_models, apart=_apart_in(metric, apart))
        found += [{**row, **_tier_cells(tiers.get(row["model_id"]))} for row in mine]
    return found


def _apart_in(metric: Metric, apart: Set[Any]) -> Callable[[Hashable, Hashable], bool]:
    return lambda one, other: (metric, frozenset((one, other))) in apart


def _metric_of(row: Mapping[str, Any]) -> Metric:
    return row["metric_id"], row.get("score_name")


def _tier_cells(tier: Tier | None) -> dict[str, int | None]:
    if tier is None:
        return {"tier": None, "best_rank": None, "worst_rank": None}
    return {"tier": tier.tier, "best_rank": tier.best_rank, "worst_rank": tier.worst_rank}


def _ranked_metric(rows: Sequence[Mapping[str, Any]], direction: str) -> list[dict[str, Any]]:
    sign = -1.0 if direction == "maximize" else 1.0
    ordered = sorted(
        rows,
        key=lambda row: (row["mean"] is None, sign * (row["mean"] or 0.0), row["model_id"]),
    )
    return [
        {"rank": _rank(row, ordered, direction), **row, "direction": direction} for row in ordered
    ]


def _rank(
    row: Mapping[str, Any], ordered: Sequence[Mapping[str, Any]], direction: str
) -> int | None:
    if direction == "none" or row["mean"] is None:
        return None
    return 1 + next(place for place, other in enumerate(ordered) if other["mean"] == row["mean"])
