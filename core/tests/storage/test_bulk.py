from __future__ import annotations

import pytest
from sqlalchemy import bindparam, create_engine, select
from sqlalchemy.dialects import postgresql

from themis.storage.artifact_index import ArtifactIndex, ArtifactLookup
from themis.storage.bulk import BulkStatement, insert, insert_new, upsert
from themis.storage.projection import Projection
from themis.storage.schema import metadata, progress


@pytest.fixture
def connection():
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def stored(connection):
    return [tuple(row) for row in connection.execute(select(progress).order_by(progress.c.run_id))]


def test_new_rows_are_inserted_and_known_ones_left_alone(connection):
    statement = insert_new(progress, connection.dialect)
    statement.run(connection, [("a", b"1", 1)])
    statement.run(connection, [("a", b"2", 2), ("b", b"3", 3)])
    assert stored(connection) == [("a", b"1", 1), ("b", b"3", 3)]


def test_upserted_rows_replace_known_ones(connection):
    for number in (1, 2):
        upsert(progress, connection.dialect).run(connection, [("a", b"x", number)])
    assert stored(connection) == [("a", b"x", 2)]


def test_a_known_key_is_an_error_for_a_plain_insert(connection):
    statement = insert(progress, connection.dialect)
    statement.run(connection, [("a", b"1", 1)])
    with pytest.raises(Exception, match="UNIQUE constraint failed"):
        statement.run(connection, [("a", b"1", 1)])


def test_no_rows_are_no_statement(connection):
    insert(progress, connection.dialect).run(connection, [])
    assert stored(connection) == []


def test_columns_in_another_order_than_the_statement_takes_them_are_refused(connection):
    query = select(progress.c.at).where(progress.c.run_id == bindparam("r"))
    with pytest.raises(ValueError, match=r"rows would be \('x',\), the statement takes \['r'\]"):
        BulkStatement(query, ("x",), connection.dialect)


@pytest.mark.parametrize(
    "build", [ArtifactIndex, ArtifactLookup, lambda one: Projection(one, None)]
)
def test_every_statement_compiles_for_postgresql_too(build):
    assert build(postgresql.dialect(paramstyle="pyformat"))
