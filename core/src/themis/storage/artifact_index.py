"""Finding artifacts by key: a log-structured index in one table.

Keys are hashes, so adjacent inserts touch unrelated pages: with millions of keys in one tree each
new key rewrites a page. Here new keys enter level 0, which stays small and, once full, moves to
level 1 in one sorted pass. A lookup probes both.

The pass is made of many statements, each about its share of the keys: what a statement changes is
kept in memory until it ends, and all of them together change nearly every page of level 1.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, func, literal, literal_column, select

from themis.storage.bulk import LOOKUP_VALUES, BulkLookup, BulkStatement, insert_new, insert_select
from themis.storage.reading import chunked
from themis.storage.schema import artifacts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Select
    from sqlalchemy.engine import Connection, Dialect

__all__ = ["NEW_KEYS", "ArtifactIndex", "ArtifactLookup"]

NEW_KEYS = 65_536
"""Keys in level 0 before they move on."""

_LEVELS = (0, 1)
_BOUNDS = [*(bytes([byte]) for byte in range(0, 256, 4)), b"\xff" * 33]
_SHARES = list(itertools.pairwise(_BOUNDS))
"""Where each share of the keys (32 bytes, as if at random) begins, and where the next one does."""
_ANY: Select[Any] = select(literal_column("1")).where(
    select(artifacts.c.key).where(artifacts.c.level == bindparam("level")).exists()
)


class ArtifactLookup:
    """Finds keys in the index of one database."""

    def __init__(self, dialect: Dialect) -> None:
        self._any = BulkStatement(_ANY, ("level",), dialect)
        self._in_level = [_in_level(level, dialect) for level in _LEVELS]
        self._used: set[int] = set()

    def known(self, connection: Connection, keys: Iterable[bytes]) -> dict[bytes, int]:
        """An event that holds each artifact, for those of `keys` (32 bytes) that are stored."""
        found: dict[bytes, int] = {}
        levels = [level for level in _LEVELS if self._is_used(connection, level)]
        for chunk in chunked(keys, LOOKUP_VALUES):
            left = chunk
            for level in levels:
                found.update(self._in_level[level].run(connection, left))
                left = [key for key in left if key not in found]
        return found

    def _is_used(self, connection: Connection, level: int) -> bool:
        # Once used, always probed: probing an empty level is cheap, asking each time is not.
        if level not in self._used and self._any.fetch(connection, (level,)):
            self._used.add(level)
        return level in self._used


def _in_level(level: int, dialect: Dialect) -> BulkLookup:
    columns = select(artifacts.c.key, artifacts.c.seq)
    rows = columns.where(artifacts.c.level == literal_column(str(level)))
    return BulkLookup(rows, artifacts.c.key, dialect)


class ArtifactIndex:
    """Adds keys to the index of one database, inside the caller's transactions."""

    def __init__(self, dialect: Dialect, *, new_keys: int = NEW_KEYS) -> None:
        self._limit = new_keys
        self._insert = insert_new(artifacts, dialect)
        self._move_on = insert_select(artifacts, _LEVEL_0_SORTED, dialect)
        self._remove = BulkStatement(_REMOVE, ("l", "k"), dialect)
        self._new: int | None = None

    def add(self, connection: Connection, found: Iterable[tuple[bytes, int]]) -> None:
        """Add (key, seq) pairs; a key that is stored keeps its earlier seq."""
        rows = sorted((0, key, seq) for key, seq in found)
        if self._new is None:
            self._new = connection.scalar(_COUNT_NEW) or 0
        self._insert.run(connection, rows)
        self._new += len(rows)
        if self._new >= self._limit:
            for first, beyond in _SHARES:
                connection.execute(self._move_on, {"first": first, "beyond": beyond})
            connection.execute(delete(artifacts).where(artifacts.c.level == 0))
            self._new = 0

    def remove(self, connection: Connection, keys: Iterable[bytes]) -> None:
        """Take keys out, wherever they are."""
        listed = list(keys)
        for level in _LEVELS:
            self._remove.run(connection, ((level, key) for key in listed))
        self.forget()

    def forget(self) -> None:
        """Count anew; to be called when a transaction was rolled back."""
        self._new = None


_LEVEL_0_SORTED = (
    select(literal(1), artifacts.c.key, artifacts.c.seq)
    .where(artifacts.c.level == 0)
    .where(artifacts.c.key >= bindparam("first"), artifacts.c.key < bindparam("beyond"))
    .order_by(artifacts.c.key)
)
_REMOVE = delete(artifacts).where(
    artifacts.c.level == bindparam("l"), artifacts.c.key == bindparam("k")
)
_COUNT_NEW = select(func.count()).select_from(artifacts).where(artifacts.c.level == 0)
