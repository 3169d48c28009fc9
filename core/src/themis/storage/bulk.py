"""Statements run for many rows at once, without SQLAlchemy's work per row.

SQLAlchemy compiles a statement for the database once; rows then go to the driver as they are. A
row of eleven columns costs 2 us this way and 5 us through `Connection.execute`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from themis.storage.dialects import sql_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Select, Table
    from sqlalchemy.engine import Connection, Dialect
    from sqlalchemy.sql.base import Executable
    from sqlalchemy.types import TypeEngine

__all__ = [
    "LOOKUP_VALUES",
    "BulkLookup",
    "BulkStatement",
    "for_each",
    "insert",
    "insert_new",
    "insert_select",
    "upsert",
]

LOOKUP_VALUES = 512
"""Values in one `IN (...)`: far below every database's limit on variables."""

Row = tuple[Any, ...]


class BulkStatement:
    """A compiled statement whose rows are tuples in the order of `columns`.

    With `by_column` it takes all rows at once, as one array for each column.
    """

    def __init__(
        self,
        statement: Executable,
        columns: Sequence[str],
        dialect: Dialect,
        *,
        by_column: bool = False,
    ) -> None:
        compiled: Any = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        self._sql = str(compiled)
        self._columns = tuple(columns)
        self._by_column = by_column
        self._positional = bool(compiled.positional)
        if self._positional and tuple(compiled.positiontup) != self._columns:
            msg = f"rows would be {self._columns}, the statement takes {compiled.positiontup}"
            raise ValueError(msg)

    def run(self, connection: Connection, rows: Iterable[Row]) -> None:
        """Run the statement once per row; nothing is sent for no rows."""
        values: Any = list(rows)
        if not values:
            return
        if self._by_column:
            values = self._bound(tuple(map(list, zip(*values, strict=True))))
        elif not self._positional:
            values = list(map(self._bound, values))
        connection.exec_driver_sql(self._sql, values)

    def fetch(self, connection: Connection, row: Row) -> Sequence[Any]:
        """The rows the statement returns for one row of values."""
        return connection.exec_driver_sql(self._sql, self._bound(row)).all()

    def _bound(self, row: Row) -> Any:
        return row if self._positional else dict(zip(self._columns, row, strict=True))


class BulkLookup:
    """A query for the rows whose `column` is one of many values.

    Where a database takes no array, the list is padded to a power of two, so that a handful of
    compiled statements serve any number of values: 2 us a value, and 4 us through
    `Connection.execute`.
    """

    def __init__(self, query: Select[Any], column: ColumnElement[Any], dialect: Dialect) -> None:
        self._query = query
        self._column = column
        self._dialect = dialect
        self._sql = sql_of(dialect)
        self._sized: dict[int, BulkStatement] = {}

    def run(self, connection: Connection, values: Sequence[Any]) -> Sequence[Any]:
        """The rows for at most `LOOKUP_VALUES` values."""
        if not values:
            return ()
        if self._sql.by_column:
            return self._of_size(1).fetch(connection, (list(values),))
        size = 1 << (len(values) - 1).bit_length()
        padded = (*values, *[values[-1]] * (size - len(values)))
        return self._of_size(size).fetch(connection, padded)

    def _of_size(self, size: int) -> BulkStatement:
        if size not in self._sized:
            names = [f"v{number}" for number in range(size)]
            query = self._query.where(self._sql.is_among(self._column, names))
            self._sized[size] = BulkStatement(query, names, self._dialect)
        return self._sized[size]


def for_each(
    columns: Mapping[str, TypeEngine[Any]],
    build: Callable[[Mapping[str, ColumnElement[Any]]], Executable],
    dialect: Dialect,
) -> BulkStatement:
    """A statement to run for many rows: `build` makes it of a row's values, by name."""
    sql = sql_of(dialect)
    return BulkStatement(build(sql.given(columns)), [*columns], dialect, by_column=sql.by_column)


def insert(table: Table, dialect: Dialect) -> BulkStatement:
    """Insert rows in the table's column order; a key that is there already is an error."""
    return _inserting(table, sql_of(dialect).insert_given(table), dialect)


def insert_new(table: Table, dialect: Dialect) -> BulkStatement:
    """Insert rows in the table's column order; a row whose key is known is left alone."""
    statement = sql_of(dialect).insert_given(table).on_conflict_do_nothing()
    return _inserting(table, statement, dialect)


def upsert(table: Table, dialect: Dialect) -> BulkStatement:
    """Insert rows in the table's column order; a row with the same primary key is replaced.

    No two rows of one run have the same key.
    """
    statement = sql_of(dialect).insert_given(table)
    replaced = {
        column.name: statement.excluded[column.name]
        for column in table.columns
        if not column.primary_key
    }
    statement = statement.on_conflict_do_update(index_elements=table.primary_key, set_=replaced)
    return _inserting(table, statement, dialect)


def insert_select(table: Table, rows: Select[Any], dialect: Dialect) -> Executable:
    """Insert the rows of a query; a row whose key is known is left alone."""
    inserting = sql_of(dialect).insert(table)
    statement: Executable = inserting.from_select(_names(table), rows).on_conflict_do_nothing()
    return statement


def _names(table: Table) -> list[str]:
    return [column.name for column in table.columns]


def _inserting(table: Table, statement: Executable, dialect: Dialect) -> BulkStatement:
    by_column = sql_of(dialect).by_column
    return BulkStatement(statement, _names(table), dialect, by_column=by_column)
