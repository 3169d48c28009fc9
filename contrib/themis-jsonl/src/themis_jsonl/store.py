"""The store: the core's, on an index whose commits are each preceded by the lines they stand for.

A transaction of the index writes its events and items to the files, on the disk, just before it is
committed. If the process ends in between, the lines are there, and the next opening puts them into
the index; if the commit fails, the lines are taken back. So what is acknowledged is in the lines.
"""

from __future__ import annotations

import shutil
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, select
from sqlalchemy.exc import SQLAlchemyError

from themis.errors import ErrorCode, StorageError
from themis.storage import InMemoryRunStore, SqliteRunStore
from themis.storage.blobs import BlobDirectory
from themis.storage.lock import WriterLock
from themis.storage.migrations import check_version
from themis.storage.payloads import PayloadFormat
from themis.storage.reading import EventReader
from themis.storage.schema import items, progress
from themis.storage.sqlite import path_uri, reading_engine
from themis.storage.sqlite_store import DATABASE, open_for_writing
from themis_jsonl.config import JsonlConfig
from themis_jsonl.index import catch_up, position_of, remember, write_progress
from themis_jsonl.journal import Journal, Position
from themis_jsonl.lines import EventLine

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

    from themis.storage import SqlRunStore

__all__ = ["JsonlRunStore", "jsonl_store", "open_store"]

_INDEX = "index"
_BETWEEN = (0.02, 0.1, 0.0)
"""A writer may be between its lines and their commit: look again before all are read."""

_NOTING = """
PRAGMA synchronous=NORMAL;
CREATE TEMP TABLE new_items (item_hash BLOB NOT NULL);
CREATE TEMP TABLE new_progress (run_id TEXT NOT NULL);
CREATE TEMP TRIGGER note_item AFTER INSERT ON main.items
    BEGIN INSERT INTO new_items VALUES (NEW.item_hash); END;
CREATE TEMP TRIGGER note_progress AFTER INSERT ON main.progress
    BEGIN INSERT INTO new_progress VALUES (NEW.run_id); END;
CREATE TEMP TRIGGER note_update AFTER UPDATE ON main.progress
    BEGIN INSERT INTO new_progress VALUES (NEW.run_id); END;
"""
"""Note which rows are new, and leave it to the lines to survive a loss of power."""


class JsonlRunStore(SqliteRunStore):
    """The store in `folder`, open for writing. One process writes it at a time; any number read.

    Raises:
        StorageError: another process is writing it (named, after about a second), its files were
            altered, or a newer release wrote them.
    """

    def __init__(
        self,
        folder: Path,
        *,
        store_item_payloads: bool = True,
        segment_bytes: int = 256 * 2**20,
    ) -> None:
        self.folder = folder
        self._journal = Journal(folder, segment_bytes=segment_bytes)
        self._broken: str | None = None
        with ExitStack() as opened:
            opened.callback(_locked(folder).release)
            self._journal.create()
            self._journal.check_format()
            at = _indexed(self._journal)
            super().__init__(folder / _INDEX, store_item_payloads=store_item_payloads)
            opened.callback(super().close)
            self._journal.start(at)
            opened.callback(self._journal.close)
            assert self.writing is not None
            self._unpacking = PayloadFormat(self.blobs)
            _listen(self.writing, self)
            self._opened = opened.pop_all()

    @property
    def place(self) -> str:
        """Where the store is, for messages."""
        return str(self.folder)

    def close(self) -> None:
        """Write what waits and let go of the store; may be repeated."""
        opened = ExitStack()
        opened.callback(self._opened.close)
        with opened:
            super().close()

    def before_transaction(self, connection: Connection) -> None:
        """Take back the lines of a transaction that was not committed after all."""
        self._journal.cut(position_of(connection))

    def before_commit(self, connection: Connection) -> None:
        """Write the lines of a transaction to the disk.

        Raises:
            StorageError: they could not be written, now or earlier.
        """
        if self._broken is not None:
            raise StorageError(self._broken, code=ErrorCode.STORAGE_WRITE)
        try:
            self._write(connection)
        except OSError as error:
            self._broken = f"the store at {self.folder} cannot be written: {error}; open it again"
            raise StorageError(self._broken, code=ErrorCode.STORAGE_WRITE) from error

    def _write(self, connection: Connection) -> None:
        for run_id, payload in _noted(connection, "progress"):
            write_progress(self.folder, run_id, payload)
        new_items = [
            (item_hash, self._unpacking.unpack(encoding, stored))
            for item_hash, encoding, stored in _noted(connection, "items")
        ]
        lines = self._new_events(connection)
        if lines or new_items:
            remember(connection, self._journal.append(lines, new_items))

    def _new_events(self, connection: Connection) -> list[EventLine]:
        reader = EventReader(self._unpacking)
        rows = [
            row
            for chunk in reader.scan_rows(connection, after=self._journal.at.seq)
            for row in chunk
        ]
        last = rows[-1][0] if rows else 0
        return [
            EventLine(
                seq, run, kind, key, at, self._unpacking.unpack(encoding, stored), seq == last
            )
            for seq, run, kind, key, at, encoding, stored, _ in rows
        ]


class _Snapshot(InMemoryRunStore):
    """What the lines say now, in memory: for readers of a store whose index is not up to them."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(place=str(journal.folder))
        with ExitStack() as opened:
            opened.callback(self.close)
            catch_up(self.writing, PayloadFormat(self.blobs), journal)
            opened.pop_all()
        assert self._writer is not None
        self._writer.close()
        self._writer = None


class _Indexed(SqliteRunStore):
    """A store whose index holds all lines, open for reading."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / _INDEX, read_only=True)
        self.folder = folder

    @property
    def place(self) -> str:
        return str(self.folder)


def open_store(config: JsonlConfig, *, read_only: bool = False) -> SqlRunStore:
    """The store that a project's `storage` describes."""
    folder = Path(config.base_dir, Path(config.root_dir).expanduser())
    if read_only:
        return _open_for_reading(folder)
    return JsonlRunStore(
        folder,
        store_item_payloads=config.store_item_payloads,
        segment_bytes=config.segment_bytes,
    )


def jsonl_store(path: str | Path, *, read_only: bool = False) -> SqlRunStore:
    """The store in a folder, made where there is none yet.

    Raises:
        StorageError: it cannot be opened, its files were altered, or there is none to read.
    """
    return open_store(JsonlConfig(root_dir=str(path)), read_only=read_only)


def _open_for_reading(folder: Path) -> SqlRunStore:
    """Nothing is written, not even the index."""
    journal = Journal(folder)
    journal.check_format()
    for seconds in _BETWEEN if (folder / _INDEX).exists() else ():
        if _is_up_to_date(journal):
            return _Indexed(folder)
        time.sleep(seconds)
    return _Snapshot(journal)


def _is_up_to_date(journal: Journal) -> bool:
    """Whether the index holds all that the lines do."""
    at = _indexed_to(journal)
    if at is None or not journal.holds(at):
        return False
    behind = next(journal.groups(at), None) or next(journal.items(at.items), None)
    return behind is None


def _indexed(journal: Journal) -> Position:
    """Bring the index to where the lines are, or make it anew where it is not of these lines."""
    index = journal.folder / _INDEX
    at = _indexed_to(journal)
    if index.exists() and (at is None or not journal.holds(at)):
        shutil.rmtree(index)
    with ExitStack() as opened:
        engine = open_for_writing(index, opened)
        return catch_up(engine, PayloadFormat(BlobDirectory(index / "blobs")), journal)


def _indexed_to(journal: Journal) -> Position | None:
    """Up to where the index holds the lines; None where it cannot be read as it is."""
    database = journal.folder / _INDEX / DATABASE
    if not database.is_file():
        return None
    engine = reading_engine(path_uri(database, mode="ro"))
    try:
        with engine.connect() as connection:
            check_version(connection, place=str(database))
            return position_of(connection)
    except (SQLAlchemyError, StorageError):
        return None
    finally:
        engine.dispose()


def _listen(engine: Engine, store: JsonlRunStore) -> None:
    connection = engine.raw_connection()
    connection.cursor().executescript(_NOTING)
    connection.close()
    event.listen(engine, "begin", store.before_transaction)
    event.listen(engine, "commit", store.before_commit)


def _noted(connection: Connection, what: str) -> list[Any]:
    """The rows that this transaction has written into a table."""
    table, columns = {
        "items": (items, (items.c.item_hash, items.c.encoding, items.c.payload)),
        "progress": (progress, (progress.c.run_id, progress.c.payload)),
    }[what]
    key = next(iter(table.primary_key)).name
    noted = f"SELECT {key} FROM new_{what}"  # noqa: S608 (both names are written above)
    keys = {row[0] for row in connection.exec_driver_sql(noted)}
    if not keys:
        return []
    connection.exec_driver_sql(f"DELETE FROM new_{what}")  # noqa: S608
    return list(connection.execute(select(*columns).where(table.c[key].in_(keys))))


def _locked(folder: Path) -> WriterLock:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return WriterLock(folder / "writer.lock")
    except OSError as error:
        msg = f"the store at {folder} cannot be written: {error}"
        raise StorageError(msg, code=ErrorCode.STORAGE_WRITE) from error
