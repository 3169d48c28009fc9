from __future__ import annotations

import pytest
from sqlalchemy import BigInteger, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

from themis.storage.bulk import BulkLookup, BulkStatement, for_each, upsert
from themis.storage.dialects import sql_of
from themis.storage.schema import artifacts, candidates, progress

POSTGRESQL = postgresql.dialect(paramstyle="format")
SQLITE = sqlite.dialect()


class Recorded:
    """Stands for a connection: keeps what would be sent."""

    def __init__(self):
        self.sent = []

    def exec_driver_sql(self, sql, values):
        self.sent.append((" ".join(sql.split()), values))
        return self

    def all(self):
        return []


def mark(given):
    return (
        update(candidates)
        .values(evaluated_seq=given["seq"])
        .where(candidates.c.trial == given["trial"])
    )


def sent(statement, rows):
    connection = Recorded()
    statement.run(connection, rows)
    [one] = connection.sent
    return one


def test_postgresql_takes_all_rows_as_an_array_per_column():
    sql, values = sent(upsert(progress, POSTGRESQL), [("a", b"1", 1), ("b", b"2", 2)])
    assert "unnest(CAST(%s AS TEXT[]), CAST(%s AS BYTEA[]), CAST(%s AS BIGINT[]))" in sql
    assert "ON CONFLICT (run_id) DO UPDATE" in sql
    assert values == (["a", "b"], [b"1", b"2"], [1, 2])


def test_sqlite_runs_the_statement_for_each_row():
    sql, values = sent(upsert(progress, SQLITE), [("a", b"1", 1), ("b", b"2", 2)])
    assert "VALUES (?, ?, ?)" in sql
    assert values == [("a", b"1", 1), ("b", b"2", 2)]


@pytest.mark.parametrize(
    ("dialect", "source"), [(POSTGRESQL, "FROM unnest("), (SQLITE, "SET evaluated_seq=?")]
)
def test_an_update_for_many_rows_is_written_once_for_both(dialect, source):
    columns = {"seq": BigInteger(), "trial": BigInteger()}
    sql, _ = sent(for_each(columns, mark, dialect), [(7, 1)])
    assert source in sql


def test_a_lookup_on_postgresql_is_one_array():
    connection = Recorded()
    lookup = BulkLookup(select(artifacts.c.seq), artifacts.c.key, POSTGRESQL)
    lookup.run(connection, [b"a", b"b", b"c"])
    [(sql, values)] = connection.sent
    assert "artifacts.key = ANY (CAST(%s AS BYTEA[]))" in sql
    assert values == ([b"a", b"b", b"c"],)


def test_a_driver_that_names_its_values_gets_them_by_name():
    named = postgresql.dialect(paramstyle="pyformat")
    query = select(progress.c.at).where(progress.c.run_id == bindparam("r"))
    connection = Recorded()
    BulkStatement(query, ("r",), named).fetch(connection, ("a",))
    assert connection.sent[0][1] == {"r": "a"}


class RefusedError(Exception):
    def __init__(self, text, sqlstate=None):
        super().__init__(text)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("dialect", "cause", "transient"),
    [
        (SQLITE, RefusedError("database is locked"), True),
        (SQLITE, RefusedError("disk I/O error"), False),
        (POSTGRESQL, RefusedError("deadlock detected", "40P01"), True),
        (POSTGRESQL, RefusedError("server closed the connection unexpectedly"), True),
        (POSTGRESQL, RefusedError("shutting down", "57P01"), True),
        (POSTGRESQL, RefusedError("disk full", "53100"), False),
    ],
)
def test_what_may_pass_is_told_from_what_will_not(dialect, cause, transient):
    error = OperationalError("COMMIT", None, cause)
    assert sql_of(dialect).is_transient(error) is transient
