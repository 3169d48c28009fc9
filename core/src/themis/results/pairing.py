"""Scores of two sides, matched item by item: what every comparison is made of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, TypedDict

import attrs
from sqlalchemy import and_, select

from themis.results.score_sums import OnError, score_value, trial_units
from themis.statistics import (
    Comparison,
    Direction,
    compare,
    compare_unpaired,
    comparison_of_clusters,
)
from themis.storage import schema

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection

    from themis.results.clustering import ClusterNames
    from themis.results.layout import Arm, MetricColumn, RunLayout

__all__ = ["Criteria", "MatchedItems", "SideScores", "side_scores"]

_SMALLER = 2.0**-64
"""No number of samples of an item is too many for sums of values this much smaller."""


@attrs.frozen(slots=True, kw_only=True)
class Criteria:
    """How comparisons of one call are judged; see `themis.statistics.compare`."""

    level: float = 0.95
    margin: float | None = None
    power: float = 0.8
    cluster_names: ClusterNames | None = None


class _Options(TypedDict):
    """What every comparison is told."""

    level: float
    direction: Direction
    margin: float | None
    power: float


@attrs.frozen(slots=True)
class SideScores:
    """Each item's mean over its samples, None where all of them failed; and how many failed."""

    means: Mapping[bytes, float | None] = attrs.field(factory=dict)
    errors: int = 0


@attrs.define(slots=True)
class MatchedItems:
    """The pairs of one row: two sides' means of the same items, None where one has none."""

    baseline: list[float | None] = attrs.field(factory=list)
    candidate: list[float | None] = attrs.field(factory=list)
    items: list[bytes] = attrs.field(factory=list)
    errors: int = 0

    def add(self, before: SideScores, after: SideScores) -> None:
        """Match the items of one prompt, parameter set, slice and metric column."""
        for item in dict.fromkeys(chain(before.means, after.means)):
            self.baseline.append(before.means.get(item))
            self.candidate.append(after.means.get(item))
            self.items.append(item)
        self.errors += before.errors + after.errors

    def compared(self, criteria: Criteria, direction: Direction) -> Comparison:
        """The comparison; several pairs of an item, or of what it belongs to, are one unit.

        Where there is no pair, and both sides have scores, they are compared as independent.
        """
        named = criteria.cluster_names
        known = {} if named is None else named(dict.fromkeys(self.items))
        units = [known.get(item, item) for item in self.items]
        options = _Options(
            level=criteria.level,
            direction=direction,
            margin=criteria.margin,
            power=criteria.power,
        )
        if self._shares_nothing():
            sides = {"baseline_clusters": units, "candidate_clusters": units}
            found = compare_unpaired(self.baseline, self.candidate, **sides, **options)
        else:
            found = compare(self.baseline, self.candidate, clusters=units, **options)
        return found if named is None else comparison_of_clusters(found, items=self._compared())

    def _compared(self) -> int:
        """How many items the comparison is of."""
        scored = list(zip(self.items, self.baseline, self.candidate, strict=True))
        if self._shares_nothing():
            sides = [{row[0] for row in scored if row[side] is not None} for side in (1, 2)]
            return sum(map(len, sides))
        return len({item for item, before, after in scored if None not in (before, after)})

    def _shares_nothing(self) -> bool:
        """Whether both sides have scores, and no item has one of each."""
        both = zip(self.baseline, self.candidate, strict=True)
        if any(before is not None and after is not None for before, after in both):
            return False
        return all(
            any(score is not None for score in side) for side in (self.baseline, self.candidate)
        )


def side_scores(
    connection: Connection,
    layout: RunLayout,
    metric: MetricColumn,
    *,
    arms: Sequence[Arm],
    on_error: OnError,
) -> SideScores:
    """The scores of some arms by one metric column, item by item.

    Two arms of one model (two providers, say) are averaged like samples.
    """
    if not arms:
        return SideScores()
    value = score_value(on_error)
    found = _item_sums(connection, layout, metric, arms=arms, value=value)
    scale = 1.0
    if not all(math.isfinite(total) for _, total, _ in found.values()):
        # The sum of an item's samples overflows, though its mean does not.
        scale = _SMALLER
        found = _item_sums(connection, layout, metric, arms=arms, value=value * scale)
    means = {item: total / n / scale if n else None for item, (n, total, _) in found.items()}
    return SideScores(means, sum(failed for _, _, failed in found.values()))


def _item_sums(
    connection: Connection,
    layout: RunLayout,
    metric: MetricColumn,
    *,
    arms: Sequence[Arm],
    value: ColumnElement[Any],
) -> dict[bytes, tuple[int, float, int]]:
    """By item: how many values there are, their sum, and how many failed."""
    units = trial_units(value)
    trials = schema.trials
    here = and_(trials.c.run == layout.run, trials.c.trial == units.c.trial)
    statement = select(trials.c.item_hash, units.c.n, units.c.total, units.c.failed)
    values = {"run": layout.run, "metrics": [metric.index], "shift": 0.0}
    rows = connection.execute(
        statement.join(trials, here), {**values, "arms": [arm.index for arm in arms]}
    )
    sums: dict[bytes, tuple[int, float, int]] = {}
    for item, n, total, failed in rows:
        before = sums.get(item, (0, 0.0, 0))
        sums[item] = (before[0] + n, before[1] + total, before[2] + failed)
    return sums
