"""The SQL behind every mean: sums over the scores of one group, item by item.

Only sums leave the database, so a million scores cost the time of one scan.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import attrs
from sqlalchemy import (
    ColumnElement,
    Double,
    Integer,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    func,
    null,
    select,
)

from themis.results.trial_status import trial_status
from themis.statistics import ClusterSums
from themis.storage import schema
from themis.storage.schema import ScoreStatus

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Row

    from themis.results.grouping import ScoreGroup
    from themis.results.item_blocks import ItemBlocks
    from themis.results.layout import MetricColumn, RunLayout

__all__ = [
    "GroupQuery",
    "GroupSums",
    "OnError",
    "item_units",
    "of_metrics",
    "score_value",
    "selected_scores",
    "trial_units",
]

OnError = Literal["exclude", "zero"]
Column = ColumnElement[Any]

_SCORES = schema.scores
_TRIALS = schema.trials


@attrs.frozen(slots=True)
class GroupSums:
    """The sums of one group; `row_key` holds the values of its row keys (item_id, status)."""

    row_key: tuple[str | None, ...]
    sums: ClusterSums
    errors: int


@attrs.frozen(slots=True, kw_only=True)
class GroupQuery:
    """Sums the groups of one run: one group for each value of `row_keys` within a ScoreGroup."""

    connection: Connection
    layout: RunLayout
    row_keys: Sequence[str] = ()
    on_error: OnError = "exclude"
    blocks: ItemBlocks | None = None

    def sums(self, group: ScoreGroup) -> list[GroupSums]:
        """The sums of a group's scores; empty when none has been recorded."""
        statement = self._statement(group)
        return [self._resolved(statement, group, found) for found in self._run(statement, group)]

    def _resolved(self, statement: Select[Any], group: ScoreGroup, found: GroupSums) -> GroupSums:
        """The sums, taken again around their mean if rounding has eaten the spread."""
        if found.sums.count == 0 or found.sums.resolved:
            return found
        again = self._run(statement, group, shift=found.sums.mean)
        return next(sums for sums in again if sums.row_key == found.row_key)

    def _run(
        self, statement: Select[Any], group: ScoreGroup, *, shift: float = 0.0
    ) -> list[GroupSums]:
        values = {"metrics": group.metrics, "arms": group.arms, "shift": shift}
        rows = self.connection.execute(statement, {"run": self.layout.run, **values})
        return [self._read(row, shift) for row in rows if row.rows_read]

    def _read(self, row: Row[Any], shift: float) -> GroupSums:
        row_key = tuple(row[: len(self.row_keys)])
        sums = _cluster_sums(row, shift) if row.clusters else ClusterSums()
        return GroupSums(row_key, sums, int(row.failed))

    def _statement(self, group: ScoreGroup) -> Select[Any]:
        value = score_value(self.on_error)
        if self.row_keys:
            units = item_units(value, self.row_keys)
        elif not group.distinct_items:
            blocks = self._blocks_of(group)
            units = item_units(value, ()) if blocks is None else _by_block(value, blocks)
        elif self.layout.num_samples > 1:
            units = trial_units(value)
        else:
            return _summed_rows(value)
        return _summed(units, [units.c[name] for name in self.row_keys])

    def _blocks_of(self, group: ScoreGroup) -> ItemBlocks | None:
        """The blocks by which the group's items are told apart, where they can be."""
        slices = {arm.slice_id for arm in self.layout.arms if arm.index in group.arms}
        usable = self.blocks is not None and (self.blocks.across or len(slices) == 1)
        return self.blocks if usable else None


def score_value(on_error: OnError) -> Column:
    """A score's value; where there is none, NULL or 0, as `on_error` says."""
    if on_error not in get_args(OnError):
        msg = f'on_error is "exclude" (leave failures out) or "zero" (count as 0); got {on_error!r}'
        raise ValueError(msg)
    if on_error == "exclude":
        return _SCORES.c.value
    return case((_SCORES.c.status == ScoreStatus.OK.value, _SCORES.c.value), else_=0.0)


def selected_scores() -> ColumnElement[bool]:
    """The rows of :run whose metric is one of :metrics and whose arm is one of :arms."""
    metrics = bindparam("metrics", expanding=True, literal_execute=True, type_=Integer)
    arms = bindparam("arms", expanding=True, literal_execute=True, type_=Integer)
    return and_(
        _SCORES.c.run == bindparam("run", type_=Integer),
        _SCORES.c.metric.in_(metrics),
        _SCORES.c.arm.in_(arms),
    )


def of_metrics(metrics: Sequence[MetricColumn]) -> ColumnElement[bool]:
    """The rows of these metric columns.

    As a sum, which no index is used for: an index on the list would cost the order of the key,
    and with it every page of a long read would be sorted anew.
    """
    return (_SCORES.c.metric + 0).in_([metric.index for metric in metrics])


def trial_units(value: Column) -> Subquery:
    """The samples of a trial are one unit; grouped in the key's order, so nothing is sorted."""
    keys = (_SCORES.c.metric, _SCORES.c.arm, _SCORES.c.trial)
    grouped = select(*keys, *_unit(value)).where(selected_scores()).group_by(*keys)
    return grouped.subquery("units")


def _summed_rows(value: Column) -> Select[Any]:
    """The sums where every score is a unit of its own: what `_summed` gives, by fewer sums."""
    away = value - _shift()
    n, total = func.count(value), func.coalesce(func.sum(away), 0.0)
    low, high = func.min(value), func.max(value)
    return select(
        func.count().label("rows_read"),
        func.sum(_failed()).label("failed"),
        n.label("clusters"),
        n.label("scores"),
        total.label("total"),
        func.sum(away * away).label("total_squares"),
        total.label("cross"),
        n.label("count_squares"),
        (low - _shift()).label("lowest"),
        (high - _shift()).label("highest"),
        low.label("low"),
        high.label("high"),
        func.sum(case((value == 0, 1), else_=0)).label("zeros"),
        func.sum(case((value == 1, 1), else_=0)).label("ones"),
    ).where(selected_scores())


def item_units(value: Column, row_keys: Sequence[str]) -> Subquery:
    """Scores of one item are one unit, whichever prompt, model, slice or metric they are of."""
    same_trial = and_(_TRIALS.c.run == _SCORES.c.run, _TRIALS.c.trial == _SCORES.c.trial)
    keys = {name: _ROW_KEYS[name]() for name in row_keys}
    named = [expression.label(name) for name, expression in keys.items()]
    return (
        select(_TRIALS.c.item_hash, *named, *_unit(value))
        .select_from(_SCORES.join(_TRIALS, same_trial))
        .where(selected_scores())
        .group_by(_TRIALS.c.item_hash, *keys.values())
        .subquery("units")
    )


def _by_block(value: Column, blocks: ItemBlocks) -> Subquery:
    """The same by the numbers of trials, without a look at their items."""
    grouped = select(*_unit(value)).where(selected_scores())
    return grouped.group_by(blocks.block(_SCORES.c.trial)).subquery("units")


_ROW_KEYS = {"item_id": lambda: _TRIALS.c.item_id, "status": trial_status}


def _unit(value: Column) -> list[Column]:
    return [
        func.count(value).label("n"),
        func.coalesce(func.sum(value - _shift()), 0.0).label("total"),
        func.min(value).label("low"),
        func.max(value).label("high"),
        func.count().label("rows_read"),
        func.sum(_failed()).label("failed"),
    ]


def _failed() -> Column:
    return case((_SCORES.c.status == ScoreStatus.OK.value, 0), else_=1)


def _shift() -> Column:
    return bindparam("shift", type_=Double)


def _summed(units: Subquery, keys: Sequence[Column]) -> Select[Any]:
    n, total, low, high = units.c.n, units.c.total, units.c.low, units.c.high
    mean = case((n > 0, total / n), else_=null())
    statement = select(
        *keys,
        func.sum(units.c.rows_read).label("rows_read"),
        func.sum(units.c.failed).label("failed"),
        func.sum(case((n > 0, 1), else_=0)).label("clusters"),
        func.sum(n).label("scores"),
        func.sum(total).label("total"),
        func.sum(total * total).label("total_squares"),
        func.sum(total * n).label("cross"),
        func.sum(n * n).label("count_squares"),
        func.min(mean).label("lowest"),
        func.max(mean).label("highest"),
        func.min(low).label("low"),
        func.max(high).label("high"),
        func.sum(case((and_(low == 0, high == 0), 1), else_=0)).label("zeros"),
        func.sum(case((and_(low == 1, high == 1), 1), else_=0)).label("ones"),
    )
    return statement.group_by(*keys) if keys else statement


def _cluster_sums(row: Row[Any], shift: float) -> ClusterSums:
    return ClusterSums(
        clusters=int(row.clusters),
        count=int(row.scores),
        total=row.total,
        total_squares=row.total_squares,
        cross=row.cross,
        count_squares=int(row.count_squares),
        lowest=row.lowest + shift,
        highest=row.highest + shift,
        magnitude=max(abs(row.low), abs(row.high)),
        zeros=int(row.zeros),
        ones=int(row.ones),
        shift=shift,
    )
