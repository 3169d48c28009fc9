"""Connections to a store's database: some that write under the store's lock, some that cannot."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import attrs
import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import create_engine, event

from themis.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection, Engine

__all__ = ["Address"]

_REFERENCE = re.compile(r"env:([A-Za-z_]\w*)")
_LOCKS = 0x7E3115
"""The class of the advisory locks; the second half of a lock's key is made from the schema."""

_WRITER_SETTINGS = {
    "synchronous_commit": ("off", "on"),
    "idle_in_transaction_session_timeout": ("0", "30s"),
}
"""What a writer's connection changes of the server's settings, if they are the first value.

A commit is durable when it is acknowledged, whatever the server's default is. A writer that is
stopped in the middle of a transaction (a suspended process, a lost machine) is cut off by the
server, so that the others do not wait for the lock that it holds.
"""
_CHANGE = "SELECT set_config(%s, %s, false) WHERE current_setting(%s) = %s"
_TAKE_LOCK = f"SELECT pg_advisory_xact_lock({_LOCKS}, hashtext(current_schema()))"


@attrs.frozen
class Address:
    """Where a database is. The URL may hold a password: it is never shown."""

    url: str = attrs.field(repr=False)
    place: str

    @classmethod
    def of(cls, database_url: str) -> Address:
        """The address that a spec gives: a URL, or `env:NAME` for one in the environment.

        Raises:
            StorageError: the variable is not set, the URL is none, or it is given here with its
            password in it.
        """
        url = _resolved(database_url)
        try:
            parts = conninfo_to_dict(url)
        except psycopg.Error:
            msg = "the database_url is no address of PostgreSQL; write postgresql://user@host/name"
            raise StorageError(msg) from None  # the driver's own message shows the URL
        if url == database_url and parts.get("password") is not None:
            msg = (
                "the database_url holds a password, and a credential is never written into a spec; "
                "write 'env:NAME' and set NAME to the whole URL, or use PGPASSWORD or ~/.pgpass"
            )
            raise StorageError(msg)
        host, port = parts.get("host") or "localhost", parts.get("port") or 5432
        return cls(url, f"postgresql://{host}:{port}/{parts.get('dbname') or ''}")

    def writing_engine(self) -> Engine:
        """An engine whose transactions have the store to themselves, one after the other."""
        engine = self._engine(self._connect_writer, pool_size=1)
        event.listen(engine, "begin", _take_lock)
        return engine

    def reading_engine(self) -> Engine:
        """An engine whose transactions cannot write, and each see one state of the store."""
        return self._engine(self._connect_reader, pool_size=4)

    def _engine(self, connect: Callable[[], Any], *, pool_size: int) -> Engine:
        return create_engine(
            "postgresql+psycopg://",
            creator=connect,
            pool_size=pool_size,
            pool_pre_ping=True,
            paramstyle="format",
            use_native_hstore=False,
        )

    def _connect_writer(self) -> psycopg.Connection[Any]:
        connection = self._connect()
        for name, (default, wanted) in _WRITER_SETTINGS.items():
            connection.execute(_CHANGE, (name, wanted, name, default))
        connection.commit()
        return connection

    def _connect_reader(self) -> psycopg.Connection[Any]:
        connection = self._connect()
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        return connection

    def _connect(self) -> psycopg.Connection[Any]:
        try:
            return psycopg.connect(self.url, client_encoding="utf8", application_name="themis")
        except psycopg.Error as error:
            raise psycopg.OperationalError(self._without_secrets(str(error))) from None

    def _without_secrets(self, text: str) -> str:
        password = conninfo_to_dict(self.url).get("password")
        return text.replace(self.url, self.place).replace(str(password or self.url), "[redacted]")


def _resolved(database_url: str) -> str:
    reference = _REFERENCE.fullmatch(database_url)
    if reference is None:
        return database_url
    url = os.environ.get(reference[1], "").strip()
    if not url:
        msg = f"the database_url is taken from {reference[1]}, which is not set; export it"
        raise StorageError(msg)
    return url


def _take_lock(connection: Connection) -> None:
    connection.exec_driver_sql(_TAKE_LOCK)
