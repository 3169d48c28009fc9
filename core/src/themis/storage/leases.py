"""Leases: who may work on something, until when, and how a store tells that it is over.

A lease's epoch grows with each claim. Writes made under a lease are checked in the transaction
that commits them: a worker that was stopped past the end of its lease and wakes up is refused,
whether or not another has claimed the work since. Times are those of the database's own clock.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import attrs
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from themis.errors import ErrorCode, StorageError
from themis.storage.bulk import upsert
from themis.storage.dialects import sql_of
from themis.storage.schema import leases

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from sqlalchemy.engine import Connection, Engine

__all__ = ["Lease", "LeaseLostError", "LeaseTable", "refuse_if_lost"]


class LeaseLostError(StorageError):
    """A write, or a renewal, under a lease that has ended or is another's by now."""


@attrs.frozen(slots=True)
class Lease:
    """The right to work on what `name` names, until `expires_at` (Unix milliseconds)."""

    name: str
    holder: str
    epoch: int
    expires_at: int


class LeaseTable:
    """The leases of a store, on an engine whose transactions have the store to themselves."""

    def __init__(self, engine: Engine, *, place: str) -> None:
        self._place = place
        self._engine = engine
        self._sql = sql_of(engine.dialect)
        self._upsert = upsert(leases, engine.dialect)
        self._one_at_a_time = threading.Lock()

    def claim(self, name: str, *, holder: str, seconds: float) -> Lease | None:
        """A lease on `name`; None while another holder has one that has not ended."""
        with self._transaction() as connection:
            now, row = self._sql.now_ms(connection), _row(connection, name)
            if row is not None and row.expires_at > now and row.holder != holder:
                return None
            epoch = 1 if row is None else row.epoch + 1
            lease = Lease(name, holder, epoch, now + _ms(seconds))
            self._upsert.run(connection, [attrs.astuple(lease)])
        return lease

    def renew(self, lease: Lease, *, seconds: float) -> Lease:
        """The same lease, ending `seconds` from now.

        Raises:
            LeaseLostError: it has ended, or is another's by now.
        """
        with self._transaction() as connection:
            refuse_if_lost(connection, lease)
            ends = self._sql.now_ms(connection) + _ms(seconds)
            self._end_at(connection, lease, ends)
        return attrs.evolve(lease, expires_at=ends)

    def release(self, lease: Lease) -> None:
        """End the lease, if it is still this holder's."""
        with self._transaction() as connection:
            self._end_at(connection, lease, 0)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._one_at_a_time, self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            cause = getattr(error, "orig", None) or error
            msg = f"the leases of {self._place} cannot be written: {cause}; try again"
            raise StorageError(msg, code=ErrorCode.STORAGE_WRITE) from error

    def _end_at(self, connection: Connection, lease: Lease, ends: int) -> None:
        same = (leases.c.name == lease.name) & (leases.c.epoch == lease.epoch)
        connection.execute(update(leases).where(same).values(expires_at=ends))


def refuse_if_lost(connection: Connection, lease: Lease) -> None:
    """Refuse to go on with a transaction under a lease that is over.

    Raises:
        LeaseLostError: it has ended, or is another's by now; the message says which.
    """
    row, now = _row(connection, lease.name), sql_of(connection.dialect).now_ms(connection)
    if row is not None and row.epoch == lease.epoch and row.expires_at > now:
        return
    if row is None or row.epoch == lease.epoch:
        what = "has ended"
    else:
        what = f"is {row.holder}'s by now (epoch {row.epoch})"
    msg = (
        f"the lease of {lease.holder} on {lease.name} (epoch {lease.epoch}) {what}; nothing was "
        "written under it, claim it again to go on"
    )
    raise LeaseLostError(msg, code=ErrorCode.STORAGE_WRITE)


def _row(connection: Connection, name: str) -> Any:
    return connection.execute(select(leases).where(leases.c.name == name)).one_or_none()


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
