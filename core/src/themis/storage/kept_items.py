"""Items that a run was planned to keep, and that the store does not have any more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from themis.errors import StorageError
from themis.storage.schema import items, runs, trials

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlalchemy.engine import Connection

    from themis.storage.reading import EventReader

__all__ = ["lost_items"]

_TO_DO = "run its benchmark file again, which stores it, or restore the store from a copy"


def lost_items(connection: Connection, reader: EventReader) -> Iterator[str]:
    """What is lost, each item once for each run whose manifest says that the store keeps it."""
    planned = connection.execute(select(runs.c.id, runs.c.run_id, runs.c.manifest_seq)).all()
    for run in planned:
        if _keeps_items(connection, reader, run.manifest_seq):
            for item_hash, item_id in connection.execute(_absent(run.id)).yield_per(1000):
                item = f"item {item_hash.hex()} ({item_id!r:.80} of run {run.run_id[:12]})"
                yield f"{item} is missing; {_TO_DO}"


def _keeps_items(connection: Connection, reader: EventReader, seq: int) -> bool:
    """What a run's manifest says; of one that cannot be read the events have told already."""
    try:
        planned = reader.read(connection, [seq])[seq].value
        return planned["manifest"]["project"]["storage"]["store_item_payloads"] is True
    except (StorageError, KeyError, TypeError):
        return False


def _absent(run: int) -> Select[Any]:
    there = select(items.c.item_hash).where(items.c.item_hash == trials.c.item_hash).exists()
    found = select(trials.c.item_hash, func.min(trials.c.item_id))
    return found.where(trials.c.run == run, ~there).group_by(trials.c.item_hash)
