"""Stores on SQLite: a folder with the database and the blobs, or memory."""

from __future__ import annotations

import re
import uuid
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sqlalchemy.exc import SQLAlchemyError

from themis.errors import ErrorCode, StorageError
from themis.records.secrets import REDACTED
from themis.storage.blobs import BlobDirectory, BlobStore, MemoryBlobs, make_folder
from themis.storage.lock import WriterLock
from themis.storage.migrations import check_version, migrate
from themis.storage.payloads import Compression, PayloadFormat
from themis.storage.remains import refuse_empty, refuse_remains
from themis.storage.run_store import SqlRunStore
from themis.storage.sqlite import memory_uri, path_uri, reading_engine, writing_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Engine

    from themis.storage.submissions import Limits

__all__ = [
    "DATABASE",
    "InMemoryRunStore",
    "SqliteRunStore",
    "database_errors",
    "existing_store",
    "open_for_writing",
    "open_store",
    "sqlite_store",
    "store_folder",
]

DATABASE = "themis.sqlite3"
"""The database's name in the store's folder; beside it `blobs/` and `writer.lock`."""

_USER = re.compile(r":/+[^\s/]*@")
_PASSWORD = re.compile(r"\b(password\s*=\s*)(?:'(?:[^'\\]|\\.)*'|\S+)", re.IGNORECASE)


class SqliteStorage(Protocol):
    """What `open_store` reads of a storage spec."""

    @property
    def root_dir(self) -> str | Path: ...
    @property
    def store_item_payloads(self) -> bool: ...
    @property
    def compression(self) -> Compression: ...


class SqliteRunStore(SqlRunStore):
    """A store in the folder `root`. Writing makes the folder and takes the writer's lock.

    Raises:
        StorageError: another process is writing it (named, after about a second), there is no
            store to read, it is damaged or only its blobs or its log are left, or it was written by
            a newer Themis.
    """

    def __init__(
        self,
        root: str | Path,
        *,
        read_only: bool = False,
        compression: Compression = "zstd",
        store_item_payloads: bool = True,
        limits: Limits | None = None,
    ) -> None:
        self.root = root = Path(root)
        self.blobs: BlobStore = BlobDirectory(root / "blobs")
        with ExitStack() as opened:
            self.writing = None if read_only else open_for_writing(root, opened)
            reading = _open_for_reading(root, opened)
            super().__init__(
                reading=reading,
                writing=self.writing,
                payloads=PayloadFormat(self.blobs, compression=compression),
                place=str(root),
                held=opened,
                store_item_payloads=store_item_payloads,
                limits=limits,
            )

    @property
    def database(self) -> Path:
        """The database's file."""
        return self.root / DATABASE

    def _leasing_engine(self) -> Engine:
        return _second_writer(path_uri(self.database, mode="rw"), self._held)

    def file_bytes(self) -> tuple[int, int]:
        """Bytes of the database's file and of its log."""
        log = self.database.with_name(f"{DATABASE}-wal")
        return self.database.stat().st_size, log.stat().st_size if log.exists() else 0


class InMemoryRunStore(SqlRunStore):
    """A store that is gone once it is closed. Everything but the disk is the same.

    It is for tests, and for stores that keep their events elsewhere and everything that is derived
    of them in memory; `place` is what messages call those.
    """

    writing: Engine

    def __init__(
        self,
        *,
        place: str = "memory",
        compression: Compression = "zstd",
        store_item_payloads: bool = True,
        limits: Limits | None = None,
    ) -> None:
        uri = memory_uri(f"themis-{uuid.uuid4().hex}")
        self.blobs: BlobStore = MemoryBlobs()
        with ExitStack() as opened:
            self.writing = _migrated(uri, place, opened)
            super().__init__(
                reading=reading_engine(uri),
                writing=self.writing,
                payloads=PayloadFormat(self.blobs, compression=compression),
                place=place,
                held=opened,
                store_item_payloads=store_item_payloads,
                limits=limits,
            )
        self._uri = uri

    def _leasing_engine(self) -> Engine:
        return _second_writer(self._uri, self._held)


def _second_writer(uri: str, held: ExitStack) -> Engine:
    """The writer's thread has its connection to itself; SQLite lets the two wait in turn."""
    engine = writing_engine(uri)
    held.callback(engine.dispose)
    return engine


def sqlite_store(path: str | Path, *, read_only: bool = False) -> SqliteRunStore:
    """The store in a folder, or the one whose database file `path` is."""
    return SqliteRunStore(store_folder(path), read_only=read_only)


def open_store(spec: SqliteStorage, *, read_only: bool = False) -> SqliteRunStore:
    """The store that a `sqlite_blob` storage spec describes."""
    return SqliteRunStore(
        store_folder(spec.root_dir),
        read_only=read_only,
        compression=spec.compression,
        store_item_payloads=spec.store_item_payloads,
    )


def store_folder(path: str | Path) -> Path:
    """The folder of a store, given it or the database in it."""
    path = Path(path).expanduser()
    if path.is_file() and path.name == DATABASE:
        return path.parent
    if path.exists() and not path.is_dir():
        msg = f"{_shown(path)} is no store; a store is a folder with {DATABASE} in it"
        raise StorageError(msg)
    return path


def _shown(path: Path) -> str:
    """A path for a message; it may be the address of a database, as a path of one slash."""
    text = _PASSWORD.sub(rf"\1{REDACTED}", str(path))
    return _USER.sub(f":/{REDACTED}@", text)


def existing_store(path: str | Path) -> Path:
    """The folder of a store that is there; StorageError when there is none, or an empty one."""
    root = store_folder(path)
    if not (root / DATABASE).is_file():
        msg = f"there is no store at {_shown(root)}; run a benchmark into it, or check the path"
        raise StorageError(msg)
    refuse_empty(root / DATABASE)
    return root


def open_for_writing(root: Path, opened: ExitStack) -> Engine:
    """Take the writer's lock and open the database, migrated; `opened` lets go of both."""
    try:
        make_folder(root.absolute())
        lock = WriterLock(root / "writer.lock")
    except OSError as error:
        msg = f"the store at {root} cannot be written: {error}"
        raise StorageError(msg, code=ErrorCode.STORAGE_WRITE) from error
    opened.callback(lock.release)
    refuse_remains(root / DATABASE)
    return _migrated(path_uri(root / DATABASE, mode="rwc"), str(root), opened)


def _migrated(uri: str, place: str, opened: ExitStack) -> Engine:
    engine = writing_engine(uri)
    opened.callback(engine.dispose)
    with database_errors(place), engine.begin() as connection:
        migrate(connection, place=place)
    return engine


def _open_for_reading(root: Path, opened: ExitStack) -> Engine:
    existing_store(root)
    engine = reading_engine(path_uri(root / DATABASE, mode="ro"))
    opened.callback(engine.dispose)
    with database_errors(str(root)), engine.connect() as connection:
        check_version(connection, place=str(root))
    return engine


@contextmanager
def database_errors(place: str, *, doing: str = "opened") -> Iterator[None]:
    """Turn what the database refuses to do into a StorageError."""
    try:
        yield
    except (SQLAlchemyError, UnicodeDecodeError) as error:
        cause = getattr(error, "orig", None) or error
        msg = (
            f"the store at {place} cannot be {doing}: {cause}; "
            "look at it with `themis store verify`, or restore it from a copy"
        )
        raise StorageError(msg) from error
