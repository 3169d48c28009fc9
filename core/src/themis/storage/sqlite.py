"""Opening SQLite databases: one connection that writes, others that cannot.

WAL with synchronous=FULL: what is committed survives power loss, and reads never wait for the
writer. Reading connections are opened read-only by SQLite itself.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event
from sqlalchemy.pool import NullPool, StaticPool

from themis.errors import StorageError

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Connection, Engine

__all__ = ["memory_uri", "path_uri", "reading_engine", "writing_engine"]

_BUSY_SECONDS = 1.0
_MEMORY_SINCE = (3, 36, 0)
_WRITER_PRAGMAS = (
    "PRAGMA page_size=8192",  # only takes effect on a new database, before anything else
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA fullfsync=ON",  # macOS: a plain fsync does not reach the disk's platter
    "PRAGMA wal_autocheckpoint=2000",
    "PRAGMA journal_size_limit=67108864",
    "PRAGMA cache_size=-32768",
    "PRAGMA temp_store=MEMORY",
)
_READER_PRAGMAS = ("PRAGMA query_only=ON", "PRAGMA cache_size=-32768", "PRAGMA temp_store=MEMORY")


def path_uri(path: Path, *, mode: str) -> str:
    """SQLite's URI of a file; `mode` is `rwc` or `ro`."""
    return f"{path.absolute().as_uri()}?mode={mode}"


def memory_uri(name: str) -> str:
    """The URI of a database in memory that connections of this process share by `name`.

    Raises:
        StorageError: this Python's SQLite is too old to have them.
    """
    if sqlite3.sqlite_version_info < _MEMORY_SINCE:
        msg = (
            f"an in-memory store needs SQLite 3.36 or newer, this Python has "
            f"{sqlite3.sqlite_version}; use a store on disk"
        )
        raise StorageError(msg)
    return f"file:/{name}?vfs=memdb"


def writing_engine(uri: str) -> Engine:
    """An engine with the one connection that writes; transactions take the write lock at once."""
    engine = create_engine(
        "sqlite://", creator=lambda: _connect(uri, _WRITER_PRAGMAS), poolclass=StaticPool
    )
    event.listen(engine, "begin", _begin_immediate)
    return engine


def reading_engine(uri: str, *, damaged_text: bool = False) -> Engine:
    """An engine whose connections cannot write; each transaction sees one state of the store.

    `damaged_text` reads text that is not UTF-8 (a flipped bit) instead of failing on the row.
    """
    engine = create_engine(
        "sqlite://",
        creator=lambda: _connect(uri, _READER_PRAGMAS, damaged_text=damaged_text),
        poolclass=NullPool,  # a reader left open when the store closes is closed when it ends
    )
    event.listen(engine, "begin", _begin)
    return engine


def _connect(
    uri: str, pragmas: tuple[str, ...], *, damaged_text: bool = False
) -> sqlite3.Connection:
    connection = sqlite3.connect(
        uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    if damaged_text:
        connection.text_factory = _text_or_surrogates
    try:
        for pragma in pragmas:
            connection.execute(pragma)
    except BaseException:  # the message of a damaged schema may be text that cannot be decoded
        connection.close()
        raise
    return connection


def _text_or_surrogates(data: Any) -> str:
    return bytes(data).decode("utf-8", "surrogateescape")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
