"""Means over items that belong together: sums by cluster, out of the database's sums by item."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

import attrs
from sqlalchemy import select

from themis.results.score_sums import item_units, score_value
from themis.statistics import ClusterSums

if TYPE_CHECKING:
    from sqlalchemy.engine import Row

    from themis.results.grouping import ScoreGroup
    from themis.results.score_sums import GroupQuery

__all__ = ["ClusterNames", "ClusteredSums", "clustered_sums", "remembered"]

ClusterNames = Callable[[Iterable[bytes]], Mapping[bytes, Hashable]]
"""The unit that each item belongs to, by item hash."""
RowKey = tuple[str | None, ...]


@attrs.frozen(slots=True)
class ClusteredSums:
    """The sums of one group by cluster, and of how many items with a score."""

    row_key: RowKey
    sums: ClusterSums
    items: int
    errors: int


@attrs.define(slots=True)
class _Cluster:
    """What the items of one cluster add up to."""

    n: int = 0
    total: float = 0.0
    low: float = float("inf")
    high: float = float("-inf")

    def add(self, row: Row[Any]) -> None:
        self.n += row.n
        self.total += row.total
        self.low, self.high = min(self.low, row.low), max(self.high, row.high)

    def sums(self, shift: float) -> ClusterSums:
        mean = shift + self.total / self.n
        return ClusterSums(
            clusters=1,
            count=self.n,
            total=self.total,
            total_squares=self.total * self.total,
            cross=self.total * self.n,
            count_squares=self.n * self.n,
            lowest=mean,
            highest=mean,
            magnitude=max(abs(self.low), abs(self.high)),
            zeros=int(self.low == 0 == self.high),
            ones=int(self.low == 1 == self.high),
            shift=shift,
        )


def clustered_sums(
    query: GroupQuery, group: ScoreGroup, names: ClusterNames
) -> Iterator[ClusteredSums]:
    """The sums of a group's scores; `names` says which items belong together.

    Raises:
        ValueError: an item has no such name.
    """
    for row_key, rows in _rows(query, group, shift=0.0).items():
        found = _summed(row_key, rows, names, shift=0.0)
        if found.sums.count and not found.sums.resolved:  # rounding has eaten the spread
            shift = found.sums.mean
            found = _summed(row_key, _rows(query, group, shift=shift)[row_key], names, shift=shift)
        yield found


def remembered(names: ClusterNames) -> ClusterNames:
    """The same names, each item asked for once."""
    known: dict[bytes, Hashable] = {}

    def lookup(items: Iterable[bytes]) -> Mapping[bytes, Hashable]:
        known.update(names([item for item in items if item not in known]))
        return known

    return lookup


def _rows(query: GroupQuery, group: ScoreGroup, *, shift: float) -> dict[RowKey, list[Row[Any]]]:
    units = item_units(score_value(query.on_error), query.row_keys)
    values = {"metrics": group.metrics, "arms": group.arms, "shift": shift}
    found: dict[RowKey, list[Row[Any]]] = {}
    for row in query.connection.execute(select(units), {"run": query.layout.run, **values}):
        found.setdefault(tuple(getattr(row, name) for name in query.row_keys), []).append(row)
    return found


def _summed(
    row_key: RowKey, rows: list[Row[Any]], names: ClusterNames, *, shift: float
) -> ClusteredSums:
    scored = [row for row in rows if row.n]
    named = names([row.item_hash for row in scored])
    clusters: dict[Hashable, _Cluster] = {}
    for row in scored:
        clusters.setdefault(named[row.item_hash], _Cluster()).add(row)
    sums = reduce(add, (cluster.sums(shift) for cluster in clusters.values()), ClusterSums())
    return ClusteredSums(row_key, sums, len(scored), sum(int(row.failed) for row in rows))
