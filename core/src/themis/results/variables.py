"""What a run measures: one variable per metric, told apart by score name where that is needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from themis.results.benchmark_result import BenchmarkResult

__all__ = ["Variable", "measured_variables", "variable_keys", "variable_name"]


@attrs.frozen(slots=True, kw_only=True)
class Variable:
    """A metric as reports name it, with its direction, units and the row of its overall mean."""

    name: str
    metric_id: str
    score_name: str | None
    direction: str
    units: str | None
    row: dict[str, Any]

    @property
    def mean(self) -> float | None:
        """The mean of all its scores; None where there is none."""
        mean: float | None = self.row["mean"]
        return mean


def variable_keys(result: BenchmarkResult) -> list[str]:
    """The keys that tell variables apart in rows of `aggregate`."""
    return ["metric_id", "score_name"] if result.scores_one_metric_twice else ["metric_id"]


def measured_variables(result: BenchmarkResult) -> dict[str, Variable]:
    """The variables of a run by name, in the order of the plan; a failed one has no mean."""
    units = {
        entry["metric_id"]: entry.get("units") or None
        for entry in result.manifest.get("metrics", ())
    }
    directions = result.run_side().directions
    found = [
        Variable(
            name=variable_name(row),
            metric_id=row["metric_id"],
            score_name=row.get("score_name"),
            direction=directions[row["metric_id"]],
            units=units.get(row["metric_id"]),
            row=row,
        )
        for row in result.aggregate(group_by=variable_keys(result))
    ]
    order = {name: place for place, name in enumerate(result.metric_ids)}
    return {each.name: each for each in sorted(found, key=lambda each: order[each.metric_id])}


def variable_name(row: Mapping[str, Any]) -> str:
    """The name of the variable that a row is about."""
    metric_id, score_name = str(row["metric_id"]), row.get("score_name")
    return metric_id if score_name is None else f"{metric_id}/{score_name}"
