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

    They are null where the rank is. A model is shown to be better than another where the verdict
    of their comparison says so, which is by the items that both have. `contradicted_by` names the
    models ranked below that are shown to be better: the means are over different items, then.
    """
    shown = set(filter(None, map(_shown_better, compared)))
    found = []
    for metric in dict.fromkeys(map(_metric_of, rows)):
        mine = [row for row in rows if _metric_of(row) == metric]
        ranked_models = [row["model_id"] for row in mine if row["rank"] is not None]
        tiers = leaderboard_tiers(ranked_models, apart=_apart_in(metric, shown))
        for row in mine:
            cells = _tier_cells(tiers.get(row["model_id"]))
            against = _contradicting(row, mine, shown)
            found.append({**row, **cells, "contradicted_by": against or None})
    return found


def _shown_better(compared: Mapping[str, Any]) -> tuple[Metric, str, str] | None:
    """The better and the worse model of a comparison; None where it does not tell."""
    models = compared["treatment_model_id"], compared["baseline_model_id"]
    if compared["verdict"] not in {"improved", "regressed"}:
        return None
    better, worse = models if compared["verdict"] == "improved" else models[::-1]
    return _metric_of(compared), better, worse


def _contradicting(
    row: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], shown: Set[Any]
) -> list[str]:
    metric, model, rank = _metric_of(row), row["model_id"], row["rank"]
    return [
        other["model_id"]
        for other in rows
        if None not in (rank, other["rank"])
        and other["rank"] > rank
        and (metric, other["model_id"], model) in shown
    ]


def _apart_in(metric: Metric, shown: Set[Any]) -> Callable[[Hashable, Hashable], bool]:
    return lambda better, worse: (metric, better, worse) in shown


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
