"""Models by their mean, each metric in its own direction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from themis.results.layout import RunLayout
    from themis.results.source import RunSource

__all__ = ["leaderboard_keys", "metric_directions", "ranked"]


def leaderboard_keys(layout: RunLayout) -> list[str]:
    """What a leaderboard groups by; score names too, where they tell two numbers apart."""
    names = ["score_name"] if layout.scores_one_metric_twice else []
    return ["metric_id", *names, "model_id"]


def metric_directions(source: RunSource) -> dict[str, str]:
    """`maximize`, `minimize` or `none` by metric id, from the manifest; `maximize` if not there."""
    declared = source.manifest.get("metrics", ())
    known = {entry["metric_id"]: entry.get("direction", "maximize") for entry in declared}
    return {name: known.get(name, "maximize") for name in source.layout.metric_ids}


def ranked(
    rows: Sequence[Mapping[str, Any]], directions: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The rows by metric, the best model first; `rank` is null where there is no better or worse.

    Equal means share a rank. A model without a mean comes last, without a rank.
    """
    metrics = list(dict.fromkeys((row["metric_id"], row.get("score_name")) for row in rows))
    found = []
    for metric in metrics:
        mine = [row for row in rows if (row["metric_id"], row.get("score_name")) == metric]
        found += _ranked_metric(mine, directions[metric[0]])
    return found


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
