from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import create_engine, inspect, text

from themis import storage
from themis.errors import StorageError
from themis.storage import migrations, schema


@pytest.fixture
def connection():
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def described(connection):
    """Tables with their columns, keys and indexes, as SQLite sees them."""
    seen = inspect(connection)
    return {
        table: (
            [
                (column["name"], str(column["type"]).replace("DOUBLE", "REAL"), column["nullable"])
                for column in seen.get_columns(table)
            ],
            seen.get_pk_constraint(table)["constrained_columns"],
            sorted((index["name"], index["column_names"]) for index in seen.get_indexes(table)),
            seen.get_unique_constraints(table) != [],
            "WITHOUT ROWID"
            in connection.scalar(text(f"SELECT sql FROM sqlite_master WHERE name = '{table}'")),
        )
        for table in seen.get_table_names()
    }


def test_the_migrations_lead_to_the_schema(connection):
    assert migrations.migrate(connection, place="here") == 0
    other = create_engine("sqlite://")
    with other.connect() as fresh:
        schema.metadata.create_all(fresh)
        assert described(connection) == described(fresh)
    other.dispose()


def test_migrating_twice_changes_nothing(connection):
    migrations.migrate(connection, place="here")
    assert migrations.migrate(connection, place="here") == migrations.CURRENT
    assert migrations.version_of(connection) == migrations.CURRENT


def test_the_migrations_are_numbered_from_one_without_gaps():
    numbers = [migration.VERSION for migration in migrations.MIGRATIONS]
    assert numbers == list(range(1, migrations.CURRENT + 1))


def test_every_migration_speaks_both_dialects():
    for migration in migrations.MIGRATIONS:
        for dialect in ("sqlite", "postgresql"):
            assert all("{" not in line for line in migration.statements(dialect))


@pytest.mark.parametrize("read_only", [True, False])
def test_a_store_of_a_newer_themis_is_refused(root, read_only):
    storage.sqlite_store(root).close()
    with sqlite3.connect(root / "themis.sqlite3") as database:
        database.execute("INSERT INTO schema_version VALUES (99, 0)")
    database.close()
    with pytest.raises(StorageError, match="has schema version 99, and this Themis knows versions"):
        storage.sqlite_store(root, read_only=read_only)


def test_a_store_that_is_refused_is_not_left_locked(root):
    test_a_store_of_a_newer_themis_is_refused(root, read_only=False)
    assert (root / "writer.lock").read_bytes() == b""


def test_an_older_store_is_read_only_after_it_was_migrated(root, monkeypatch):
    storage.sqlite_store(root).close()
    newest = migrations.CURRENT
    monkeypatch.setattr(migrations, "CURRENT", newest + 1)
    expected = rf"has schema version {newest}, this Themis reads {newest + 1}; open it fo"
    with pytest.raises(StorageError, match=expected):
        storage.sqlite_store(root, read_only=True)


def test_a_database_without_a_store_is_refused(root):
    root.mkdir()
    with sqlite3.connect(root / "themis.sqlite3") as database:
        database.execute("CREATE TABLE notes (text)")
    database.close()
    with pytest.raises(StorageError, match="holds no Themis store; check the path"):
        storage.sqlite_store(root, read_only=True)
