"""What an operator does to a store: derive the projections anew, weigh it, shrink it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import attrs
from sqlalchemy import delete, func, select

from themis.storage.blobs import BlobDirectory
from themis.storage.dialects import sql_of
from themis.storage.payloads import PayloadFormat
from themis.storage.projection import Projection
from themis.storage.reading import EventReader
from themis.storage.schema import PROJECTIONS, Encoding, events, items, runs
from themis.storage.sqlite_store import (
    database_errors,
    existing_store,
    open_for_writing,
    sqlite_store,
)

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Connection, Engine

__all__ = ["StoreStats", "Usage", "rebuild", "rebuild_projections", "stats", "vacuum"]


@attrs.frozen(slots=True)
class Usage:
    """How many there are, and the bytes of their payloads as stored."""

    count: int
    bytes: int


@attrs.frozen(slots=True, kw_only=True)
class StoreStats:
    """What is in a store. `tables` are bytes per table and index, as far as SQLite tells."""

    path: str
    database_bytes: int
    log_bytes: int
    tables: dict[str, int]
    events: dict[str, Usage]
    runs: dict[str, Usage]
    items: Usage
    blobs: Usage


def rebuild(path: str | Path) -> int:
    """Derive every projection anew from the events, in one transaction; the number of events.

    Raises:
        StorageError: an event is missing or altered (nothing is changed then), or another process
            is writing the store.
    """
    root = existing_store(path)
    with ExitStack() as opened:
        engine = open_for_writing(root, opened)
        with database_errors(str(root), doing="rebuilt"):
            return rebuild_projections(engine, PayloadFormat(BlobDirectory(root / "blobs")))


def rebuild_projections(engine: Engine, payloads: PayloadFormat) -> int:
    """`rebuild` for an open database that nobody else writes."""
    reader = EventReader(payloads)
    projection = Projection(engine.dialect, reader.read)
    count = 0
    with engine.begin() as connection:
        for table in PROJECTIONS:
            connection.execute(delete(table))
        for chunk in reader.scan(connection, chunk=1000):
            projection.apply(connection, chunk)
            count += len(chunk)
    return count


def stats(path: str | Path) -> StoreStats:
    """Count and weigh what is in the store.

    Raises:
        StorageError: there is no store to read.
    """
    with sqlite_store(path, read_only=True) as store, store.reader() as connection:
        log = store.database.with_name(store.database.name + "-wal")
        names = list(store.blobs.names())
        return StoreStats(
            path=str(store.root),
            database_bytes=store.database.stat().st_size,
            log_bytes=log.stat().st_size if log.exists() else 0,
            tables=sql_of(connection.dialect).table_bytes(connection),
            events=_events_by(connection, events.c.kind),
            runs=_events_by_run(connection),
            items=_usage(connection.execute(_weighed(items)).one()),
            blobs=Usage(len(names), sum(map(store.blobs.size, names))),
        )


def vacuum(path: str | Path) -> int:
    """Remove blobs that nothing refers to and give free space back; the bytes freed.

    Raises:
        StorageError: another process is writing the store.
    """
    root = existing_store(path)
    with ExitStack() as opened:
        engine = open_for_writing(root, opened)
        before = _folder_bytes(root)
        with database_errors(str(root), doing="vacuumed"):
            _drop_unused_blobs(engine, BlobDirectory(root / "blobs"))
            connection = engine.raw_connection()
            for statement in sql_of(engine.dialect).reclaim():
                connection.cursor().execute(statement)
    return before - _folder_bytes(root)


def _drop_unused_blobs(engine: Engine, blobs: BlobDirectory) -> None:
    used: set[bytes] = set()
    with engine.begin() as connection:
        for table in (events, items):
            query = select(table.c.payload).where(table.c.encoding == Encoding.BLOB.value)
            used.update(connection.scalars(query))
    for name in list(blobs.names()):
        if name not in used:
            blobs.discard(name)
    blobs.sweep()


def _weighed(table: Any) -> Any:
    size = func.coalesce(func.sum(func.length(table.c.payload)), 0)
    return select(func.count(), size).select_from(table)


def _usage(row: Any) -> Usage:
    return Usage(int(row[-2]), int(row[-1]))


def _events_by(connection: Connection, column: Any) -> dict[str, Usage]:
    query = _weighed(events).add_columns(column).group_by(column).order_by(column)
    return {str(row[2]): Usage(int(row[0]), int(row[1])) for row in connection.execute(query)}


def _events_by_run(connection: Connection) -> dict[str, Usage]:
    names = {
        str(row.id): row.run_id for row in connection.execute(select(runs.c.id, runs.c.run_id))
    }
    by_run = _events_by(connection, events.c.run)
    return {names.get(run, f"run {run}"): usage for run, usage in by_run.items()}


def _folder_bytes(root: Path) -> int:
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file())
