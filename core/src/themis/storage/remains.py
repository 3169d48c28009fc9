"""Tells a store that lost its database from one that never had any.

SQLite takes an empty file for a new database, removes the log that lies beside it, and starts over.
A database is empty for a moment when a store is made, too: what else lies in the folder decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from themis.errors import StorageError

__all__ = ["refuse_empty", "refuse_remains"]

_LOGS = ("-wal", "-shm")


def refuse_empty(database: Path) -> None:
    """Raise StorageError where a store's database is an empty file: there is nothing to read."""
    if database.stat().st_size:
        return
    found = " and ".join(_remains(database))
    cause = (
        f"{found} beside it are a store's, so it was cut off or replaced"
        if found
        else "it was cut off, or the process that made it ended in that moment"
    )
    msg = f"{database} is empty: {cause}; restore it from a copy, or remove it to start anew"
    raise StorageError(msg)


def refuse_remains(database: Path) -> None:
    """Raise StorageError where a store would start over on what is left of an earlier one."""
    if database.exists() and database.stat().st_size:
        return
    found = " and ".join(_remains(database))
    if found:
        state = "empty" if database.exists() else "not there"
        msg = (
            f"{database} is {state}, and {found} beside it are left of a store: nothing is started "
            f"over on it; restore {database.name} from a copy, or move {database.parent} away"
        )
        raise StorageError(msg)


def _remains(database: Path) -> Iterator[str]:
    """What only a store that was written to leaves beside its database."""
    for name in (f"{database.name}{ending}" for ending in _LOGS):
        if (database.parent / name).exists():
            yield name
    blobs = database.parent / "blobs"
    if blobs.is_dir() and any(path.is_file() for path in blobs.rglob("*")):
        yield f"{blobs.name}/"
