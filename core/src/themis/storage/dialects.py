"""What differs between the databases: the SQL that SQLAlchemy has no common word for.

Everything else (schema, migrations, statements, the fold) is written once, for both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import ARRAY, any_, bindparam, cast, column, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.types import TypeEngine

from themis.storage.events import now_ms
from themis.storage.schema import metadata

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Table
    from sqlalchemy.engine import Connection, Dialect, Engine

__all__ = ["SqlDialect", "sql_of"]

Columns = Mapping[str, TypeEngine[Any]]


class SqlDialect(Protocol):
    """One database's own SQL."""

    many_writers: bool
    """Whether other processes may have written since this one's last transaction."""

    by_column: bool
    """Whether one statement takes many rows as an array per column, instead of running per row."""

    def given(self, columns: Columns) -> Mapping[str, ColumnElement[Any]]:
        """The values of the rows that a bulk statement runs for, by name."""
        ...

    def insert_given(self, table: Table) -> Any:
        """An INSERT of the given rows, in the table's column order."""
        ...

    def insert(self, table: Table) -> Any:
        """An INSERT that can say what to do on a conflict."""
        ...

    def is_among(self, tested: ColumnElement[Any], names: list[str]) -> ColumnElement[bool]:
        """Whether a column is one of the values bound as `names`."""
        ...

    def is_transient(self, error: OperationalError) -> bool:
        """Whether a transaction that failed so may succeed when it is tried again."""
        ...

    def now_ms(self, connection: Connection) -> int:
        """Unix milliseconds by the one clock that all who use the database share."""
        ...

    def damage(self, connection: Connection) -> Iterator[str]:
        """What the database itself finds wrong with its files."""
        ...

    def table_bytes(self, connection: Connection) -> dict[str, int]:
        """Bytes of each table and index, as far as the database tells; largest first."""
        ...

    def reclaim(self, engine: Engine) -> None:
        """Give free space back, outside of any transaction."""
        ...


class _Sqlite:
    many_writers = False
    by_column = False

    def given(self, columns: Columns) -> Mapping[str, ColumnElement[Any]]:
        return {name: bindparam(name) for name in columns}

    def insert_given(self, table: Table) -> Any:
        return self.insert(table)

    def insert(self, table: Table) -> Any:
        return sqlite.insert(table)

    def is_among(self, tested: ColumnElement[Any], names: list[str]) -> ColumnElement[bool]:
        return tested.in_([bindparam(name) for name in names])

    def is_transient(self, error: OperationalError) -> bool:
        return any(word in str(error.orig) for word in ("locked", "busy"))

    def now_ms(self, connection: Connection) -> int:  # noqa: ARG002 (it has no clock of its own)
        return now_ms()

    def damage(self, connection: Connection) -> Iterator[str]:
        for (line,) in connection.exec_driver_sql("PRAGMA integrity_check(100)"):
            if line != "ok":
                yield str(line)

    def table_bytes(self, connection: Connection) -> dict[str, int]:
        query = "SELECT name, SUM(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC, 1"
        try:
            return {str(row[0]): int(row[1]) for row in connection.exec_driver_sql(query)}
        except OperationalError:
            return {}  # this SQLite was built without the table of page statistics

    def reclaim(self, engine: Engine) -> None:
        cursor = engine.raw_connection().cursor()
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class _Postgresql:
    many_writers = True
    by_column = True

    def given(self, columns: Columns) -> Mapping[str, ColumnElement[Any]]:
        arrays = (cast(bindparam(name), ARRAY(kind)) for name, kind in columns.items())
        named = (column(name, kind) for name, kind in columns.items())
        rows = func.unnest(*arrays).table_valued(*named, name="given").render_derived()
        return {name: rows.c[name] for name in columns}

    def insert_given(self, table: Table) -> Any:
        columns = {one.name: one.type for one in table.columns}
        return self.insert(table).from_select(list(columns), select(*self.given(columns).values()))

    def insert(self, table: Table) -> Any:
        return postgresql.insert(table)

    def is_among(self, tested: ColumnElement[Any], names: list[str]) -> ColumnElement[bool]:
        return tested == any_(cast(bindparam(names[0]), ARRAY(tested.type)))

    def is_transient(self, error: OperationalError) -> bool:
        # No state: the connection was lost. Else: connection (08), deadlock and the like (40), a
        # lock not had in time (55P03), a server that goes down or comes up (57P01 to 57P03).
        state = getattr(error.orig, "sqlstate", None)
        return state is None or state[:2] in {"08", "40"} or state[:4] in {"55P0", "57P0"}

    def now_ms(self, connection: Connection) -> int:
        query = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"
        return int(connection.exec_driver_sql(query).scalar_one())

    def damage(self, connection: Connection) -> Iterator[str]:  # noqa: ARG002
        yield from ()  # it checks its pages by itself, where it was set up with checksums

    def table_bytes(self, connection: Connection) -> dict[str, int]:
        query = (
            "SELECT relname, pg_relation_size(oid) FROM pg_class WHERE relkind IN ('r', 'i') "
            "AND relnamespace = current_schema()::regnamespace ORDER BY 2 DESC, 1"
        )
        return {str(row[0]): int(row[1]) for row in connection.exec_driver_sql(query)}

    def reclaim(self, engine: Engine) -> None:
        connection = engine.raw_connection()
        driver: Any = connection.driver_connection
        driver.autocommit = True
        try:
            for table in metadata.tables:  # and not what others keep in the same database
                driver.execute(f"VACUUM ANALYZE {table}")
        finally:
            driver.autocommit = False
            connection.close()


_BY_NAME: dict[str, SqlDialect] = {"sqlite": _Sqlite(), "postgresql": _Postgresql()}


def sql_of(dialect: Dialect) -> SqlDialect:
    """The SQL of a SQLAlchemy dialect's database."""
    return _BY_NAME[dialect.name]
