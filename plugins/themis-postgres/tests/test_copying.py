"""Copies between SQLite and PostgreSQL, and looking after a store."""

from __future__ import annotations

import random

from themis.storage import sqlite_store
from themis.storage.copying import compare_runs, copy_runs
from themis.storage.integrity import verify_store
from themis.storage.maintenance import rebuild_store, store_stats, vacuum_store
from themis.testing.kits.events import candidate_key, planned, recorded, trials
from themis.testing.recorded_runs import RecordedRun


def test_runs_go_from_sqlite_to_postgresql_and_back(store, tmp_path):
    with sqlite_store(tmp_path / "one") as one, sqlite_store(tmp_path / "two") as two:
        RecordedRun(num_samples=2).record(one)
        [run] = one.append([planned()])
        one.append(trials(run, 700))
        one.append([recorded(run, number, text="\0\ud800" * 9) for number in range(700)])
        one.append([recorded(run, 0, text="x" * 500_000)])
        done = copy_runs(one, store)
        assert compare_runs(one, store) == []
        assert copy_runs(store, two).events == done.events
        assert compare_runs(one, two) == []
        assert copy_runs(one, store).events == 0
        assert verify_store(store).findings == []


def test_projections_are_derived_anew(store):
    RecordedRun().record(store)
    with store.writing.begin() as connection:
        connection.exec_driver_sql("DELETE FROM scores")
    assert not verify_store(store).ok
    assert rebuild_store(store) == verify_store(store).events
    assert verify_store(store).ok


def test_what_nothing_refers_to_is_removed_and_the_rest_is_kept(store):
    [run] = store.append([planned()])
    store.append(trials(run, 2))
    store.append([recorded(run, 0, text=random.Random(1).randbytes(200_000).hex())])
    stray = store.blobs.put(b"nobody's")
    assert store_stats(store).blobs.count == 2
    vacuum_store(store)
    assert stray not in set(store.blobs.names())
    assert store_stats(store).blobs.count == 1
    assert list(store.known([candidate_key(0)])) == [candidate_key(0)]
    assert verify_store(store).ok
