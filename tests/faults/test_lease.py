"""A worker that is stopped past its lease, wakes up, and writes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from urllib.parse import quote

import psycopg
import pytest
from themis_postgres.store import PostgresRunStore

from themis.specs import PostgresBlobStorageSpec
from themis.testing.kits.events import planned, recorded, trials

from .invariants import broken

pytestmark = pytest.mark.slow

LEASE = 1.0
WORK = """
import sys
from themis.specs import PostgresBlobStorageSpec
from themis.storage import LeaseLostError
from themis.testing.kits.events import recorded
from themis_postgres.store import PostgresRunStore

spec = PostgresBlobStorageSpec(database_url=sys.argv[1], blob_root_dir=sys.argv[2])
with PostgresRunStore(spec) as store:
    lease = store.claim("part", holder="sleeper", seconds=float(sys.argv[3]))
    worker = store.under(lease)
    print(*worker.append([recorded(1, 0)]), flush=True)
    if sys.argv[4] == "in a transaction":
        held = store.writing.connect()
        held.begin()  # it is stopped with the store's lock in its hand
    print("stop me", flush=True)
    sys.stdin.readline()
    if sys.argv[4] == "in a transaction":
        try:
            held.exec_driver_sql("SELECT 1")
        except Exception as error:
            print(type(error).__name__, flush=True)
        held.invalidate()
    try:
        worker.append([recorded(1, 1, text="late")])
    except LeaseLostError as error:
        print(error, flush=True)
"""


@pytest.fixture
def spec(postgres_dsn, tmp_path, monkeypatch):
    name = f"lease_{os.getpid()}_{time.monotonic_ns()}"
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    options = quote(f"-csearch_path={name} -cidle_in_transaction_session_timeout=800")
    monkeypatch.setenv("THEMIS_LEASED", f"{postgres_dsn}?options={options}")
    return PostgresBlobStorageSpec(
        database_url="env:THEMIS_LEASED", blob_root_dir=str(tmp_path / "blobs")
    )


@pytest.mark.parametrize("stopped", ["between", "in a transaction"])
def test_a_late_write_is_refused_and_the_new_holders_counts(spec, stopped):
    words = [spec.database_url, spec.blob_root_dir, str(LEASE), stopped]
    with PostgresRunStore(spec) as store:
        [run] = store.append([planned()])
        store.append(trials(run, 3))
        sleeper = subprocess.Popen(
            [sys.executable, "-c", WORK, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        [first] = [int(word) for word in sleeper.stdout.readline().split()]
        assert sleeper.stdout.readline() == "stop me\n"
        sleeper.send_signal(signal.SIGSTOP)
        lease = None
        deadline = time.monotonic() + 30
        while lease is None and time.monotonic() < deadline:
            lease = store.claim("part", holder="heir", seconds=60)
            time.sleep(0.1)
        [second] = store.under(lease).append([recorded(run, 1, text="in time")])
        sleeper.send_signal(signal.SIGCONT)
        said, _ = sleeper.communicate("go on\n", timeout=60)
        assert "the lease of sleeper on part (epoch 1) is heir's by now (epoch 2)" in said
        assert broken(store, [first, second]) == []
        assert store.event(second).value["inference"]["raw_text"] == "in time"
