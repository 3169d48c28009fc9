from __future__ import annotations

import pytest
from sqlalchemy import create_engine
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from themis.storage import schema


def ddl(table, dialect):
    return " ".join(str(CreateTable(table).compile(dialect=dialect)).split())


@pytest.mark.parametrize("table", schema.metadata.sorted_tables, ids=lambda table: table.name)
@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()], ids=["lite", "pg"])
def test_every_table_can_be_created_on_both_databases(table, dialect):
    assert ddl(table, dialect).startswith(f"CREATE TABLE {table.name}")


def test_the_scores_table_is_clustered_by_what_results_group_by():
    text = ddl(schema.scores, sqlite.dialect())
    assert "PRIMARY KEY (run, metric, arm, trial, sample)" in text
    assert text.endswith("WITHOUT ROWID")


def test_event_numbers_are_sqlites_own_row_numbers():
    assert "seq INTEGER NOT NULL" in ddl(schema.events, sqlite.dialect())


def test_the_projections_are_every_table_but_what_was_recorded():
    recorded = {"events", "items", "leases", "progress", "schema_version"}
    names = {table.name for table in schema.PROJECTIONS}
    assert names == set(schema.metadata.tables) - recorded


@pytest.mark.parametrize(
    ("query", "plan"),
    [
        (
            "SELECT metric, arm, AVG(value), COUNT(*) FROM scores WHERE run = 1 GROUP BY 1, 2",
            ["SEARCH scores USING PRIMARY KEY (run=?)"],
        ),
        (
            "SELECT trial FROM candidates WHERE run = 1 AND status = 1",
            ["SEARCH candidates USING COVERING INDEX candidates_failed (status=? AND run=?)"],
        ),
        (
            "SELECT seq FROM events WHERE kind = 'steps' AND key = x'00'",
            ["SEARCH events USING INDEX events_steps (key=?)"],
        ),
    ],
)
def test_the_hot_queries_follow_an_index_and_sort_nothing(query, plan):
    engine = create_engine("sqlite://")
    schema.metadata.create_all(engine)
    with engine.connect() as connection:
        steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all()
    engine.dispose()
    assert [step[3] for step in steps] == plan
