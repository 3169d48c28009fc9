"""Whether a run's trials lie item by item, so that an item is told by a trial's number.

A plan numbers its trials slice by slice, item by item, arm by arm. Where that holds, the trials of
an item are a block of as many as the slice has arms, and grouping by item needs no join: a fifth of
the time. An interrupted planning may have left other orders, so it is read off the trials.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
from sqlalchemy import ColumnElement, case, distinct, func, select

from themis.storage import schema

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from themis.results.layout import RunLayout

__all__ = ["ItemBlocks", "item_blocks"]

_TRIALS = schema.trials


@attrs.frozen(slots=True)
class ItemBlocks:
    """Trials `b * size` to `b * size + size - 1` are of one item, and of no other block's.

    With `across`, no item is in two slices either; else that is said of each slice alone.
    """

    size: int
    across: bool

    def block(self, trial: ColumnElement[int]) -> ColumnElement[int]:
        """The number of a trial's block."""
        return trial // self.size


def item_blocks(connection: Connection, layout: RunLayout) -> ItemBlocks | None:
    """The blocks of a run; None where its trials lie otherwise, or slices have differing arms.

    None on other databases than SQLite too: they group by hashing, which a join hardly slows.
    """
    if connection.dialect.name != "sqlite":
        return None
    slices = {arm.slice_id for arm in layout.arms}
    size, rest = divmod(len(layout.arms), max(len(slices), 1))
    if rest or not size:
        return None
    blocks = _single_item_blocks(connection, layout, size)
    if blocks is None:
        return None
    firsts = select(_TRIALS.c.arm, func.count(distinct(_TRIALS.c.item_hash)))
    here = (_TRIALS.c.run == layout.run) & (_TRIALS.c.trial % size == 0)
    per_slice = connection.execute(firsts.where(here).group_by(_TRIALS.c.arm)).all()
    if len(per_slice) > len(slices) or sum(items for _, items in per_slice) != blocks:
        return None
    if len(per_slice) == 1:
        return ItemBlocks(size, across=True)
    items = connection.scalar(select(func.count(distinct(_TRIALS.c.item_hash))).where(here))
    return ItemBlocks(size, across=items == blocks)


def _single_item_blocks(connection: Connection, layout: RunLayout, size: int) -> int | None:
    """How many blocks there are, if each holds the trials of one item."""
    item = _TRIALS.c.item_hash
    inside = select(case((func.min(item) == func.max(item), 0), else_=1).label("mixed"))
    inside = inside.where(_TRIALS.c.run == layout.run).group_by(_TRIALS.c.trial // size)
    blocks = inside.subquery()
    counted = select(func.count(), func.sum(blocks.c.mixed)).select_from(blocks)
    found, mixed = connection.execute(counted).one()
    return int(found) if found and not mixed else None
