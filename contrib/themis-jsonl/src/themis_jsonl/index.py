"""The index: a database of the core's kind, made of the lines, and told which it holds.

It has everything that lines hold, in the tables that results are read from. It may be deleted:
opening the store makes it anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import attrs
from sqlalchemy import func, select

from themis.records.canonical import decode
from themis.storage import Item, StoredEvent
from themis.storage.bulk import insert, insert_new, upsert
from themis.storage.events import event_hash, item_row_hash, now_ms
from themis.storage.payloads import PayloadFormat
from themis.storage.projection import Projection
from themis.storage.reading import EventReader
from themis.storage.schema import events, items, progress
from themis_jsonl.journal import START, Journal, Position
from themis_jsonl.lines import EventLine

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

__all__ = ["catch_up", "position_of", "prepare", "remember", "write_progress"]

_AT_ONCE = 500
_POSITION = (
    "CREATE TABLE IF NOT EXISTS jsonl_position (one INTEGER PRIMARY KEY CHECK (one = 1), "
    "segment INTEGER NOT NULL, size INTEGER NOT NULL, seq INTEGER NOT NULL, "
    "seal TEXT NOT NULL, items INTEGER NOT NULL)"
)
_PROGRESS = "progress"


def prepare(connection: Connection) -> None:
    """Make the table that says which lines the index holds."""
    connection.exec_driver_sql(_POSITION)


def position_of(connection: Connection) -> Position:
    """Up to where the index holds the lines.

    Raises:
        SQLAlchemyError: it is no index of this kind.
    """
    found = connection.exec_driver_sql(
        "SELECT segment, size, seq, seal, items FROM jsonl_position"
    ).first()
    return START if found is None else Position(*found)


def remember(connection: Connection, at: Position) -> None:
    """The index holds the lines up to there, once the transaction is committed."""
    connection.exec_driver_sql(
        "INSERT OR REPLACE INTO jsonl_position VALUES (1, ?, ?, ?, ?, ?)",
        (at.segment, at.size, at.seq, at.seal, at.items),
    )


def catch_up(engine: Engine, payloads: PayloadFormat, journal: Journal) -> Position:
    """Bring the index to where the lines are; where that is.

    Raises:
        StorageError: a line was altered or is missing.
    """
    with engine.begin() as connection:
        prepare(connection)
        at = position_of(connection)
    writing = _Replay(engine, payloads)
    found = journal.items(at.items)
    while some := list(islice(found, _AT_ONCE)):
        at = attrs.evolve(at, items=some[-1][1])
        writing.items([item for item, _ in some], at)
    for lines, position in _gathered(journal, at):
        at = attrs.evolve(position, items=at.items)
        writing.events(lines, at)
    writing.progress(journal.folder)
    return at


def write_progress(folder: Path, run_id: str, payload: bytes) -> None:
    """Keep a run's latest progress in a file of its own, for people and for the next index."""
    target = folder / _PROGRESS / f"{quote(run_id, safe='')}.json"
    target.parent.mkdir(exist_ok=True)
    new = target.with_suffix(".new")
    new.write_bytes(payload + b"\n")
    new.replace(target)


class _Replay:
    """Puts lines into the tables, as they were numbered."""

    def __init__(self, engine: Engine, payloads: PayloadFormat) -> None:
        self._engine = engine
        self._payloads = payloads
        self._projection = Projection(engine.dialect, EventReader(payloads).read)
        self._events = insert(events, engine.dialect)
        self._items = insert_new(items, engine.dialect)
        self._progress = upsert(progress, engine.dialect)

    def events(self, lines: Sequence[EventLine], at: Position) -> None:
        packed = self._payloads.pack_all([line.payload for line in lines])
        rows = [_event_row(line, *one) for line, one in zip(lines, packed, strict=True)]
        with self._engine.begin() as connection:
            self._events.run(connection, rows)
            self._projection.apply(connection, [_stored(line) for line in lines])
            remember(connection, at)

    def items(self, found: Sequence[Item], at: Position) -> None:
        packed = self._payloads.pack_all([item.data for item in found])
        rows = [
            (item.item_hash, int(encoding), data, item_row_hash(item.item_hash, encoding, data))
            for item, (encoding, data) in zip(found, packed, strict=True)
        ]
        with self._engine.begin() as connection:
            self._items.run(connection, rows)
            remember(connection, at)

    def progress(self, folder: Path) -> None:
        with self._engine.begin() as connection:
            if connection.scalar(select(func.count()).select_from(progress)):
                return
            self._progress.run(connection, _saved_progress(folder / _PROGRESS))


def _gathered(journal: Journal, at: Position) -> Iterator[tuple[list[EventLine], Position]]:
    """Groups put together to some hundreds of events."""
    lines: list[EventLine] = []
    for group, position in journal.groups(at):
        lines += group
        at = position
        if len(lines) >= _AT_ONCE:
            yield lines, at
            lines = []
    if lines:
        yield lines, at


def _saved_progress(folder: Path) -> Iterator[tuple[Any, ...]]:
    for path in sorted(folder.glob("*.json")):
        yield unquote(path.stem), path.read_bytes().rstrip(b"\n"), now_ms()


def _event_row(line: EventLine, encoding: int, stored: bytes) -> tuple[Any, ...]:
    checked = event_hash(
        seq=line.seq,
        run=line.run,
        kind=line.kind,
        key=line.key,
        at=line.at,
        encoding=encoding,
        stored=stored,
    )
    return (line.seq, line.run, line.kind, line.key, line.at, int(encoding), stored, checked)


def _stored(line: EventLine) -> StoredEvent:
    return StoredEvent(line.seq, line.run, line.kind, line.key, line.at, decode(line.payload))
