"""What is PostgreSQL's own about the store: durability, lost connections, schema."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect, text
from themis_postgres.store import PostgresRunStore
from themis_postgres.testing import PostgresServer

from themis.errors import StorageError
from themis.specs import PostgresBlobStorageSpec
from themis.storage import schema
from themis.storage.integrity import verify_database
from themis.testing.kits.events import candidate_key, planned, recorded, trials


def setting(store, name):
    with store.writing.connect() as connection:
        return connection.scalar(text(f"SHOW {name}"))


def test_a_commit_is_durable_whatever_the_servers_default_is(make_spec):
    with PostgresRunStore(make_spec(synchronous_commit="off")) as store:
        assert setting(store, "synchronous_commit") == "on"
        assert setting(store, "fsync") == "on"


def test_a_stricter_setting_is_left_as_it_is(make_spec):
    with PostgresRunStore(make_spec(synchronous_commit="remote_apply")) as store:
        assert setting(store, "synchronous_commit") == "remote_apply"


def test_the_migrations_lead_to_the_schema(store):
    with store.reader() as connection:
        seen = inspect(connection)
        for table in schema.metadata.sorted_tables:
            described = {one["name"]: one for one in seen.get_columns(table.name)}
            assert list(described) == [column.name for column in table.columns]
            for column in table.columns:
                expected = column.type.compile(dialect=connection.dialect)
                found = described[column.name]["type"].compile(dialect=connection.dialect)
                assert (found, described[column.name]["nullable"]) == (expected, column.nullable)
            keys = seen.get_pk_constraint(table.name)["constrained_columns"]
            assert keys == [column.name for column in table.primary_key]
            indexes = {index["name"] for index in seen.get_indexes(table.name)}
            assert indexes >= {index.name for index in table.indexes}


def test_a_reader_cannot_write(store):
    store.append([planned()])
    with pytest.raises(StorageError, match="read-only transaction"), store.reader() as connection:
        connection.execute(text("DELETE FROM events"))
    assert len(store.runs()) == 1


def test_a_reader_sees_one_state_of_the_store(store):
    with store.reader() as connection:
        before = connection.scalar(text("SELECT count(*) FROM events"))
        store.append([planned()])
        assert connection.scalar(text("SELECT count(*) FROM events")) == before


def test_a_lost_connection_is_made_anew(store):
    [run] = store.append([planned()])
    store.append(trials(run, 3))
    with store.writing.connect() as other:
        other.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'themis' AND pid <> pg_backend_pid()"
            )
        )
    assert store.append([recorded(run, 0)]) == (3,)
    assert [row.trial for row in store.iter_candidates(run)] == [0]


def test_a_flipped_bit_in_any_column_of_an_event_is_found(store):
    [run] = store.append([planned()])
    store.append(trials(run, 1))
    store.append([recorded(run, 0)])
    flips = {
        "kind": "overlay(kind placing 'G' from 1)",
        "key": "set_bit(key, 5, 1 - get_bit(key, 5))",
        "at": "at # 1",
        "encoding": "(encoding # 1)::smallint",
        "payload": "set_bit(payload, 77, 1 - get_bit(payload, 77))",
        "hash": "set_bit(hash, 0, 1 - get_bit(hash, 0))",
        "run": "run # 4",
    }
    for column, flipped in flips.items():
        with store.writing.begin() as connection:
            before = connection.scalar(text(f"SELECT {column} FROM events WHERE seq = 3"))
            connection.execute(text(f"UPDATE events SET {column} = {flipped} WHERE seq = 3"))
        found = verify_database(store.reading, store.blobs, place=store.place)
        assert 3 in {finding.seq for finding in found.findings}, column
        with store.writing.begin() as connection:
            connection.execute(
                text(f"UPDATE events SET {column} = :before WHERE seq = 3"), {"before": before}
            )
    assert verify_database(store.reading, store.blobs, place=store.place).ok


@pytest.mark.slow
def test_a_server_that_crashes_loses_nothing_that_was_acknowledged(tmp_path, monkeypatch):
    with PostgresServer() as server:
        if not server.is_own:
            pytest.fail("unset THEMIS_TEST_POSTGRES_DSN: a given server is not crashed")
        acknowledged = {}
        for crash in range(3):
            monkeypatch.setenv("THEMIS_CRASHED", server.url)
            spec = PostgresBlobStorageSpec(
                database_url="env:THEMIS_CRASHED", blob_root_dir=str(tmp_path)
            )
            store = PostgresRunStore(spec)
            [run] = store.append([planned()])
            store.append(trials(run, 300))
            for number in range(crash * 100, crash * 100 + 50):
                [acknowledged[number]] = store.append([recorded(run, number)])
            waiting = [store.submit([recorded(run, crash * 100 + 50 + n)]) for n in range(50)]
            server.crash()
            store.close()
            for future in waiting:
                assert future.done()
            server.start()
        monkeypatch.setenv("THEMIS_CRASHED", server.url)
        with PostgresRunStore(spec, read_only=True) as store:
            known = store.known(map(candidate_key, acknowledged))
            assert known == {candidate_key(n): seq for n, seq in acknowledged.items()}
            assert verify_database(store.reading, store.blobs, place=store.place).findings == []
