"""Numbered migrations: what brings a store of any earlier version to this one.

A migration is frozen once released: it spells out its own statements and imports no schema. The
newest one leaves the tables as `themis.storage.schema` describes them (a test compares).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from sqlalchemy import inspect, select, text

from themis.errors import ErrorCode, StorageError
from themis.storage.events import now_ms
from themis.storage.migrations import m0001_initial, m0002_reduction, m0003_leases
from themis.storage.schema import schema_version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

__all__ = ["CURRENT", "MIGRATIONS", "check_version", "migrate", "version_of"]


class Migration(Protocol):
    """A module with the statements that lead from the version before to `VERSION`."""

    VERSION: int

    def statements(self, dialect_name: str) -> Sequence[str]:
        """The statements, for `sqlite` or `postgresql`."""
        ...


MIGRATIONS: tuple[Migration, ...] = (
    cast("Migration", m0001_initial),
    cast("Migration", m0002_reduction),
    cast("Migration", m0003_leases),
)
CURRENT = MIGRATIONS[-1].VERSION


def version_of(connection: Connection) -> int:
    """The schema version of a database; 0 when it holds no store yet."""
    if not inspect(connection).has_table(schema_version.name):
        return 0
    return max(connection.scalars(select(schema_version.c.version)), default=0)


def migrate(connection: Connection, *, place: str) -> int:
    """Bring the database to this version inside the caller's transaction; the version it had.

    Raises:
        StorageError: it was written by a newer Themis.
    """
    found = version_of(connection)
    _refuse_newer(found, place)
    for migration in MIGRATIONS:
        if found < migration.VERSION:
            for statement in migration.statements(connection.dialect.name):
                connection.execute(text(statement))
            connection.execute(
                schema_version.insert().values(version=migration.VERSION, applied_at=now_ms())
            )
    return found


def check_version(connection: Connection, *, place: str) -> None:
    """Refuse to read a database of another version.

    Raises:
        StorageError: it is newer, older or no store at all; the message says what to do.
    """
    found = version_of(connection)
    _refuse_newer(found, place)
    if found == 0:
        msg = f"{place} holds no Themis store; check the path"
        raise StorageError(msg)
    if found < CURRENT:
        msg = (
            f"the store at {place} has schema version {found}, this Themis reads {CURRENT}; "
            "open it for writing once (any `themis run` on it, or `themis store rebuild`)"
        )
        raise StorageError(msg)


def _refuse_newer(found: int, place: str) -> None:
    if found > CURRENT:
        msg = (
            f"the store at {place} has schema version {found}, and this Themis knows versions up "
            f"to {CURRENT}; upgrade themis-framework"
        )
        raise StorageError(msg, code=ErrorCode.STORAGE_READ)
