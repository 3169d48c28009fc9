"""The store: the core's, on connections to PostgreSQL."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from themis.storage.blobs import BlobDirectory, BlobStore
from themis.storage.migrations import check_version, migrate
from themis.storage.payloads import PayloadFormat
from themis.storage.run_store import SqlRunStore
from themis.storage.sqlite_store import database_errors
from themis_postgres.connections import Address

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from themis.specs.storage import PostgresBlobStorageSpec
    from themis.storage.submissions import Limits

__all__ = ["PostgresRunStore", "open_store"]


class PostgresRunStore(SqlRunStore):
    """A store in the database's current schema, and its blobs in a folder that writers share.

    Any number of processes may write it at once. Opening it for writing makes the tables.

    Raises:
        StorageError: the database cannot be reached, there is no store to read, or it was written
            by a newer Themis.
    """

    def __init__(
        self,
        spec: PostgresBlobStorageSpec,
        *,
        read_only: bool = False,
        limits: Limits | None = None,
    ) -> None:
        address = Address.of(spec.database_url)
        self.blobs: BlobStore = BlobDirectory(Path(spec.blob_root_dir).expanduser())
        with ExitStack() as opened:
            self.writing = None if read_only else _migrated(address, opened)
            super().__init__(
                reading=_checked(address, opened),
                writing=self.writing,
                payloads=PayloadFormat(self.blobs, compression=spec.compression),
                place=address.place,
                held=opened,
                store_item_payloads=spec.store_item_payloads,
                limits=limits,
            )


def open_store(spec: PostgresBlobStorageSpec, *, read_only: bool = False) -> PostgresRunStore:
    """The store that a `postgres_blob` storage spec describes."""
    return PostgresRunStore(spec, read_only=read_only)


def _migrated(address: Address, opened: ExitStack) -> Engine:
    engine = address.writing_engine()
    opened.callback(engine.dispose)
    with database_errors(address.place), engine.begin() as connection:
        migrate(connection, place=address.place)
    return engine


def _checked(address: Address, opened: ExitStack) -> Engine:
    engine = address.reading_engine()
    opened.callback(engine.dispose)
    with database_errors(address.place), engine.connect() as connection:
        check_version(connection, place=address.place)
    return engine
