"""Statements run for many rows at once, without SQLAlchemy's work per row.

SQLAlchemy compiles a statement for the database once; rows then go to the driver as they are. A
row of eleven columns costs 2 us this way and 5 us through `Connection.execute`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam
from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement, Select, Table
    from sqlalchemy.engine import Connection, Dialect
    from sqlalchemy.sql.base import Executable

__all__ = [
    "LOOKUP_VALUES",
    "BulkLookup",
    "BulkStatement",
    "insert",
    "insert_new",
    "insert_select",
    "upsert",
]

LOOKUP_VALUES = 512
"""Values in one `IN (...)`: far below every database's limit on variables."""

Row = tuple[Any, ...]


class BulkStatement:
    """A compiled statement whose rows are tuples in the order of `columns`."""

    def __init__(self, statement: Executable, columns: Sequence[str], dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        self._sql = str(compiled)
        self._columns = tuple(columns)
        self._positional = bool(compiled.positional)
        if self._positional and tuple(compiled.positiontup) != self._columns:
            msg = f"rows would be {self._columns}, the statement takes {compiled.positiontup}"
            raise ValueError(msg)

    def run(self, connection: Connection, rows: Iterable[Row]) -> None:
        """Run the statement once per row; nothing is sent for no rows."""
        values: Any = list(rows)
        if not values:
            return
        if not self._positional:
            values = [dict(zip(self._columns, row, strict=True)) for row in values]
        connection.exec_driver_sql(self._sql, values)

    def fetch(self, connection: Connection, row: Row) -> Sequence[Any]:
        """The rows the statement returns for one row of values."""
        values: Any = row if self._positional else dict(zip(self._columns, row, strict=True))
        return connection.exec_driver_sql(self._sql, values).all()


class BulkLookup:
    """A query for the rows whose `column` is one of many values.

    The list is padded to a power of two, so that a handful of compiled statements serve any number
    of values: 2 us a value, and 4 us through `Connection.execute`.
    """

    def __init__(self, query: Select[Any], column: ColumnElement[Any], dialect: Dialect) -> None:
        self._query = query
        self._column = column
        self._dialect = dialect
        self._sized: dict[int, BulkStatement] = {}

    def run(self, connection: Connection, values: Sequence[Any]) -> Sequence[Any]:
        """The rows for at most `LOOKUP_VALUES` values."""
        if not values:
            return ()
        size = 1 << (len(values) - 1).bit_length()
        padded = (*values, *[values[-1]] * (size - len(values)))
        if size not in self._sized:
            names = [f"v{number}" for number in range(size)]
            query = self._query.where(self._column.in_([bindparam(name) for name in names]))
            self._sized[size] = BulkStatement(query, names, self._dialect)
        return self._sized[size].fetch(connection, padded)


def insert(table: Table, dialect: Dialect) -> BulkStatement:
    """Insert rows in the table's column order; a key that is there already is an error."""
    return BulkStatement(_insert(table, dialect), _names(table), dialect)


def insert_new(table: Table, dialect: Dialect) -> BulkStatement:
    """Insert rows in the table's column order; a row whose key is known is left alone."""
    statement = _insert(table, dialect).on_conflict_do_nothing()
    return BulkStatement(statement, _names(table), dialect)


def upsert(table: Table, dialect: Dialect) -> BulkStatement:
    """Insert rows in the table's column order; a row with the same primary key is replaced."""
    statement = _insert(table, dialect)
    replaced = {
        column.name: statement.excluded[column.name]
        for column in table.columns
        if not column.primary_key
    }
    statement = statement.on_conflict_do_update(index_elements=table.primary_key, set_=replaced)
    return BulkStatement(statement, _names(table), dialect)


def insert_select(table: Table, rows: Select[Any], dialect: Dialect) -> Executable:
    """Insert the rows of a query; a row whose key is known is left alone."""
    statement: Executable = (
        _insert(table, dialect).from_select(_names(table), rows).on_conflict_do_nothing()
    )
    return statement


def _names(table: Table) -> list[str]:
    return [column.name for column in table.columns]


def _insert(table: Table, dialect: Dialect) -> Any:
    return (postgresql if dialect.name == "postgresql" else sqlite).insert(table)
