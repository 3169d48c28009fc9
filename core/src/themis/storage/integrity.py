"""Checking a store: is everything in it what was written, and do the projections follow from it?"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from sqlalchemy import func, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from themis.errors import StorageError
from themis.storage.blobs import BlobDirectory, BlobStore
from themis.storage.dialects import sql_of
from themis.storage.items import decode_item
from themis.storage.kept_items import lost_items
from themis.storage.migrations import check_version, migrate
from themis.storage.payloads import PayloadFormat
from themis.storage.projection import Projection
from themis.storage.reading import EventReader
from themis.storage.schema import PROJECTIONS, artifacts, items, metadata
from themis.storage.sqlite import path_uri, reading_engine, writing_engine
from themis.storage.sqlite_store import DATABASE, existing_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Select, Table
    from sqlalchemy.engine import Connection, Engine

    from themis.storage.events import StoredEvent
    from themis.storage.run_store import SqlRunStore

__all__ = ["Finding", "Verification", "verify", "verify_database", "verify_store"]

_MOST_FINDINGS = 200


@attrs.frozen(slots=True)
class Finding:
    """One thing that is wrong. `seq` is the event it is about, where it is about one."""

    what: str
    message: str
    seq: int | None = None


@attrs.define(slots=True)
class Verification:
    """What was looked at, and what is wrong with it; nothing is, when `findings` is empty.

    At most 200 findings of each kind are kept; `dropped` counts the others.
    """

    events: int = 0
    items: int = 0
    blobs: int = 0
    projected_rows: int = 0
    findings: list[Finding] = attrs.field(factory=list)
    dropped: int = 0

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    def add(self, what: str, message: str, *, seq: int | None = None) -> None:
        """Record a finding."""
        if sum(one.what == what for one in self.findings) < _MOST_FINDINGS:
            self.findings.append(Finding(what, message, seq))
        else:
            self.dropped += 1


def verify(path: str | Path) -> Verification:
    """Read everything in the store at `path` and compare it with the hashes that were recorded.

    Each event, item and blob is checked against its hash, numbers are checked for gaps, runs that
    keep what their items hold are checked to have all of it, and the projections are compared, row
    by row, with a fresh fold of the events. Nothing is changed; a store that is being written may
    be verified.

    Raises:
        StorageError: there is no store, or not one this version can read.
    """
    root = existing_store(path)
    engine = reading_engine(path_uri(root / DATABASE, mode="ro"), damaged_text=True)
    try:
        return verify_database(engine, BlobDirectory(root / "blobs"), place=str(root))
    finally:
        engine.dispose()


def verify_store(store: SqlRunStore) -> Verification:
    """`verify` for an open store, whatever its database."""
    return verify_database(store.reading, store.blobs, place=store.place)


def verify_database(engine: Engine, blobs: BlobStore, *, place: str) -> Verification:
    """`verify` for an open database and its blobs; `place` is for messages."""
    return _Check(engine, blobs, place=place).run()


class _Check:
    """One verification; every step turns what the database refuses to read into a finding."""

    def __init__(self, engine: Engine, blobs: BlobStore, *, place: str) -> None:
        self._engine = engine
        self._blobs = blobs
        self._place = place
        self._payloads = PayloadFormat(blobs)
        self._reader = EventReader(self._payloads)
        self._result = Verification()
        self._expected = 1

    def run(self) -> Verification:
        with self._noting(), self._engine.connect() as connection:
            check_version(connection, place=self._place)
            for step in (
                self._database,
                self._tables,
                self._events,
                self._items,
                self._kept_items,
                self._projections,
            ):
                with self._noting():
                    step(connection)
        self._every_blob()
        return self._result

    @contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, UnicodeDecodeError) as error:
            # The driver fails to decode a message that quotes a damaged name.
            cause = getattr(error, "orig", None) or error
            self._result.add("database", f"{self._place} cannot be read further: {cause}")

    def _database(self, connection: Connection) -> None:
        for line in sql_of(connection.dialect).damage(connection):
            self._result.add("database", line)

    def _tables(self, connection: Connection) -> None:
        """Every table has its name and columns, those too whose rows are nobody's record."""
        names = set(inspect(connection).get_table_names())
        for table in metadata.sorted_tables:
            if table.name not in names:
                self._result.add("database", f"there is no table named {table.name}")
            with self._noting():
                connection.execute(select(table).limit(1)).all()

    def _events(self, connection: Connection) -> None:
        try:
            for rows in self._reader.scan_rows(connection):
                self._some_events(rows)
        except StorageError as error:
            self._result.add("event", f"{error}")

    def _some_events(self, rows: Sequence[Any]) -> None:
        for row in rows:
            seq = row[0]
            if seq != self._expected:
                self._result.add("event", f"events {self._expected} to {seq - 1} are missing")
            self._expected = seq + 1
            self._result.events += 1
            self._try("event", self._reader.decode, row, seq=seq)

    def _items(self, connection: Connection) -> None:
        columns = (items.c.item_hash, items.c.encoding, items.c.payload, items.c.hash)
        for row in connection.execute(select(*columns)).yield_per(100):
            self._result.items += 1
            self._try("item", self._item, row)

    def _kept_items(self, connection: Connection) -> None:
        for message in lost_items(connection, self._reader):
            self._result.add("item", message)

    def _every_blob(self) -> None:
        for name in self._blobs.names():
            self._result.blobs += 1
            self._try("blob", self._blobs.get, name)

    def _item(self, row: Any) -> None:
        decode_item(row, self._payloads)

    def _try(
        self, what: str, read: Callable[[Any], Any], subject: Any, *, seq: int | None = None
    ) -> None:
        try:
            read(subject)
        except Exception as error:  # noqa: BLE001 (a damaged row may fail in any way)
            self._result.add(what, f"{error}", seq=seq)

    def _projections(self, connection: Connection) -> None:
        if any(one.what == "event" for one in self._result.findings):
            self._result.add(
                "projection", "not compared: they cannot be derived from damaged events"
            )
            return
        with self._fresh(connection) as fresh:
            for table in PROJECTIONS:
                self._compare(table, connection, fresh)

    @contextmanager
    def _fresh(self, connection: Connection) -> Iterator[Connection]:
        """A database with the projections of `connection`'s events, gone afterwards."""
        with tempfile.TemporaryDirectory(prefix="themis-verify-") as folder:
            engine = writing_engine(path_uri(Path(folder) / DATABASE, mode="rwc"))
            try:
                with engine.begin() as fresh:
                    migrate(fresh, place="the temporary store")
                    projection = Projection(engine.dialect, self._loader(connection))
                    for events in self._reader.scan(connection, chunk=1000):
                        projection.apply(fresh, events)
                    yield fresh
            finally:
                engine.dispose()

    def _loader(
        self, connection: Connection
    ) -> Callable[[Connection, Sequence[int]], dict[int, StoredEvent]]:
        return lambda _, seqs: self._reader.read(connection, seqs)

    def _compare(self, table: Table, stored: Connection, fresh: Connection) -> None:
        query, width = _content(table)
        found = stored.execute(query).yield_per(1000)
        wanted = fresh.execute(query).yield_per(1000)
        for key, row, expected in _merged(iter(found), iter(wanted), width):
            self._result.projected_rows += row is not None
            if row != expected:
                self._result.add("projection", _difference(table, key, row, expected))


def _content(table: Table) -> tuple[Select[Any], int]:
    """The rows of a projection in the order of their key, and how many columns the key has."""
    if table is artifacts:  # where a key is among the levels depends on how events were grouped
        by_key = select(artifacts.c.key, func.min(artifacts.c.seq)).group_by(artifacts.c.key)
        return by_key.order_by(artifacts.c.key), 1
    keys = list(table.primary_key)
    return select(table).order_by(*keys), len(keys)


def _merged(
    found: Iterator[Any], wanted: Iterator[Any], width: int
) -> Iterator[tuple[Any, Any, Any]]:
    """(key, stored row or None, expected row or None), both inputs being sorted by key."""
    left: Any = next(found, None)
    right: Any = next(wanted, None)
    while left is not None or right is not None:
        order = _order(left, right, width)
        key = (left if order <= 0 else right)[:width]
        yield key, left if order <= 0 else None, right if order >= 0 else None
        left = next(found, None) if order <= 0 else left
        right = next(wanted, None) if order >= 0 else right


def _order(left: Any, right: Any, width: int) -> int:
    """Which comes first: -1 the left row, 1 the right one, 0 they have the same key."""
    if left is None or right is None:
        return 1 if left is None else -1
    if left[:width] == right[:width]:
        return 0
    return -1 if _rank(left[:width]) < _rank(right[:width]) else 1


def _rank(key: Sequence[Any]) -> list[tuple[int, Any]]:
    """Keys in the database's order: null, numbers, text, bytes."""
    kinds = ((type(cell) in {str, bytes}) + isinstance(cell, bytes) for cell in key)
    return [
        (-1, 0) if cell is None else (kind, cell) for kind, cell in zip(kinds, key, strict=True)
    ]


def _difference(table: Table, key: Sequence[Any], row: Any, expected: Any) -> str:
    names = [column.name for column in table.primary_key][-len(key) :]
    shown = (cell.hex() if isinstance(cell, bytes) else cell for cell in key)
    place = ", ".join(f"{name}={cell}" for name, cell in zip(names, shown, strict=True))
    what = "is not in the events" if expected is None else "differs from the events"
    if row is None:
        what = "is missing"
    return f"{table.name} row ({place}) {what}; `themis store rebuild` derives it anew"
