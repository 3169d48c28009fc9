"""A disk that forgets: every write SQLite makes is recorded, and any loss of power replayed.

A file system promises only that what was synced stays. What was written since may be there, may
not, or may be there in part (in sectors), in any order. `Recording` notes writes, truncations,
syncs and removals as they reach the file layer; `Disk` makes of a prefix of them a state in which
a machine may wake up.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw
import attrs

__all__ = ["Change", "Disk", "Recording", "connect"]

SECTOR = 512


@attrs.frozen
class Change:
    """One thing that happened to a file, or (kind "acknowledged") that was promised."""

    kind: str
    file: str = ""
    offset: int = 0
    data: bytes = b""
    numbers: tuple[int, ...] = ()


class _File(apsw.VFSFile):
    def __init__(self, base: str, name: Any, flags: list[int], changes: list[Change]) -> None:
        self._name = Path(name.filename() if isinstance(name, apsw.URIFilename) else name).name
        self._changes = changes
        super().__init__(base, name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 (SQLite's names)
        super().xWrite(data, offset)
        self._changes.append(Change("write", self._name, offset, bytes(data)))

    def xTruncate(self, size: int) -> None:  # noqa: N802
        super().xTruncate(size)
        self._changes.append(Change("truncate", self._name, size))

    def xSync(self, flags: int) -> None:  # noqa: N802
        super().xSync(flags)
        self._changes.append(Change("sync", self._name))


class Recording(apsw.VFS):
    """The usual file layer, and a list of what went through it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.changes: list[Change] = []
        super().__init__(name, "")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        return _File("", name, flags, self.changes)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        super().xDelete(filename, syncdir)
        self.changes.append(Change("remove", Path(filename).name))

    def acknowledge(self, numbers: Iterable[int]) -> None:
        """Note that these events were acknowledged now."""
        self.changes.append(Change("acknowledged", numbers=tuple(numbers)))


class Disk:
    """What is on the disk while changes are replayed: `advance` one at a time, `lose` at will."""

    def __init__(self) -> None:
        self._synced: dict[str, bytes] = {}
        self._pending: dict[str, list[Change]] = {}
        self.acknowledged: set[int] = set()

    def advance(self, change: Change) -> None:
        """The next thing happens."""
        if change.kind == "acknowledged":
            self.acknowledged.update(change.numbers)
        elif change.kind == "sync":
            if change.file not in self._synced:
                self._sync_folder()  # SQLite does, after it made a file
            self._synced[change.file] = self._with(change.file, self._pending.pop(change.file, []))
        else:
            self._pending.setdefault(change.file, []).append(change)

    def lose(self, chance: random.Random) -> dict[str, bytes]:
        """The files as they may be after the power went now."""
        files = dict(self._synced)
        for name, pending in self._pending.items():
            kept = list(_survivors(pending, chance))
            if kept or name in files:
                files[name] = self._with(name, kept)
            if kept and kept[-1].kind == "remove":
                del files[name]
        return files

    def _sync_folder(self) -> None:
        for name, pending in self._pending.items():
            removed = [place for place, change in enumerate(pending) if change.kind == "remove"]
            if removed:
                self._synced.pop(name, None)
                del pending[: removed[-1] + 1]

    def _with(self, name: str, changes: Sequence[Change]) -> bytes:
        data = bytearray(self._synced.get(name, b""))
        for change in changes:
            if change.kind == "write":
                data.extend(bytes(max(0, change.offset - len(data))))
                data[change.offset : change.offset + len(change.data)] = change.data
            elif change.kind == "truncate":
                del data[change.offset :]
            else:
                data.clear()
        return bytes(data)


def _survivors(pending: Sequence[Change], chance: random.Random) -> Iterator[Change]:
    """Those of the unsynced changes that reached the disk: all, none, or any, some in part."""
    likely = chance.choice([0.0, 1.0, chance.random()])
    for change in pending:
        if change.kind == "write":
            yield from _sectors(change, likely, chance)
        elif chance.random() < likely:
            yield change


def _sectors(change: Change, likely: float, chance: random.Random) -> Iterator[Change]:
    if chance.random() < 0.5:  # as a whole, or not at all
        if chance.random() < likely:
            yield change
        return
    for start in range(0, len(change.data), SECTOR):
        if chance.random() < likely:
            part = change.data[start : start + SECTOR]
            yield Change("write", change.file, change.offset + start, part)


def connect(path: Path, vfs: Recording, pragmas: Iterable[str]) -> Connection:
    """A connection through the recording file layer, as SQLAlchemy's SQLite dialect uses one."""
    flags = apsw.SQLITE_OPEN_URI | apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    opened = Connection(apsw.Connection(f"{path.as_uri()}?vfs={vfs.name}", flags=flags))
    for pragma in pragmas:
        opened.execute(pragma)
    return opened


class Connection:
    """An apsw connection with the methods of the standard library's that SQLAlchemy calls."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def cursor(self) -> Cursor:
        return Cursor(self._connection)

    def execute(self, statement: str) -> Any:
        return self._connection.execute(statement)

    def create_function(self, *args: Any, **options: Any) -> None:
        """None of the store's statements calls one."""

    def commit(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("COMMIT")

    def rollback(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def close(self) -> None:
        self._connection.close()


class Cursor:
    """The same for a cursor."""

    arraysize = 1
    lastrowid = None

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1

    def execute(self, statement: str, values: Any = ()) -> Cursor:
        before = self._connection.total_changes()
        cursor, columns = self._connection.cursor(), []
        cursor.exec_trace = lambda made, *_: columns.extend(made.get_description()) or True
        cursor.execute(statement, values)
        self.description = [(one[0], *[None] * 6) for one in columns] or None
        self._rows = list(cursor)
        self.rowcount = self._connection.total_changes() - before
        return self

    def executemany(self, statement: str, rows: Any) -> Cursor:
        self._connection.cursor().executemany(statement, rows)
        return self

    def fetchone(self) -> Any:
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int = 1) -> list[Any]:
        taken, self._rows = self._rows[:size], self._rows[size:]
        return taken

    def fetchall(self) -> list[Any]:
        return self.fetchmany(len(self._rows))

    def close(self) -> None:
        self._rows = []
