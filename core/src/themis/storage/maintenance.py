"""What an operator does to a store: derive the projections anew, weigh it, shrink it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
from sqlalchemy import delete, func, select

from themis.errors import ErrorCode, StorageError
from themis.storage.dialects import sql_of
from themis.storage.payloads import PayloadFormat
from themis.storage.projection import Projection
from themis.storage.reading import EventReader
from themis.storage.schema import PROJECTIONS, Encoding, events, items, runs
from themis.storage.sqlite_store import database_errors, existing_store, sqlite_store

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Connection, Engine

    from themis.storage.blobs import BlobStore
    from themis.storage.run_store import SqlRunStore

__all__ = [
    "StoreStats",
    "Usage",
    "rebuild",
    "rebuild_projections",
    "rebuild_store",
    "stats",
    "store_stats",
    "vacuum",
    "vacuum_store",
]


@attrs.frozen(slots=True)
class Usage:
    """How many there are, and the bytes of their payloads as stored."""

    count: int
    bytes: int


@attrs.frozen(slots=True, kw_only=True)
class StoreStats:
    """What is in a store. `tables` are bytes per table and index, as far as the database tells."""

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
    with sqlite_store(existing_store(path)) as store:
        return rebuild_store(store)


def rebuild_store(store: SqlRunStore) -> int:
    """`rebuild` for a store that is open for writing, whatever its database."""
    with database_errors(store.place, doing="rebuilt"):
        return rebuild_projections(_writable(store), PayloadFormat(store.blobs))


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
    with sqlite_store(path, read_only=True) as store:
        return store_stats(store)


def store_stats(store: SqlRunStore) -> StoreStats:
    """`stats` for an open store, whatever its database."""
    with store.reader() as connection:
        names = list(store.blobs.names())
        tables = sql_of(connection.dialect).table_bytes(connection)
        database, log = store.file_bytes() or (sum(tables.values()), 0)
        return StoreStats(
            path=store.place,
            database_bytes=database,
            log_bytes=log,
            tables=tables,
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
    with sqlite_store(existing_store(path)) as store:
        return vacuum_store(store)


def vacuum_store(store: SqlRunStore) -> int:
    """`vacuum` for a store that is open for writing, whatever its database."""
    engine, before = _writable(store), _size(store)
    with database_errors(store.place, doing="vacuumed"):
        _drop_unused_blobs(engine, store.blobs)
        sql_of(engine.dialect).reclaim(engine)
    return before - _size(store)


def _writable(store: SqlRunStore) -> Engine:
    if store.writing is None:
        msg = f"the store at {store.place} was opened read-only; open it for writing"
        raise StorageError(msg, code=ErrorCode.STORAGE_WRITE)
    return store.writing


def _drop_unused_blobs(engine: Engine, blobs: BlobStore) -> None:
    used: set[bytes] = set()
    with engine.begin() as connection:  # nobody writes a blob meanwhile
        for table in (events, items):
            query = select(table.c.payload).where(table.c.encoding == Encoding.BLOB.value)
            used.update(connection.scalars(query))
        for name in list(blobs.names()):
            if name not in used:
                blobs.discard(name)
        blobs.sweep()


def _size(store: SqlRunStore) -> int:
    found = store_stats(store)
    return found.database_bytes + found.log_bytes + found.blobs.bytes


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
