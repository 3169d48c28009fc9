"""Stores that fail, fill up, are damaged or are from elsewhere, in the middle of a run."""

from __future__ import annotations

import itertools
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from themis.errors import StorageError
from themis.storage import SqliteRunStore, sqlite_store

from .crash_lab import Place, durable, run
from .invariants import broken, is_found, outcomes

HERE = Path(__file__).parent
FILL = """
import resource, signal, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from crash_lab import Place, run
from themis.errors import StorageError
from themis.storage import SqliteRunStore

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
folder = Path(sys.argv[1])
place = Place(folder, lambda: SqliteRunStore(folder / "store"))
SqliteRunStore(folder / "store").close()
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
try:
    print(run(place, "first"))
except StorageError as error:
    print(error.code)
"""
SHUT_DOWN = """
import sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from crash_lab import Place, run
from themis.storage import SqliteRunStore

class Slow(SqliteRunStore):
    def close(self):
        print("closing", flush=True)
        sys.stdin.readline()
        super().close()

folder = Path(sys.argv[1])
run(Place(folder, lambda: Slow(folder / "store")), "first")
print("closed", flush=True)
"""


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path, lambda: SqliteRunStore(tmp_path / "store"))


@pytest.fixture
def expected(tmp_path):
    """What an uninterrupted run has."""
    folder = tmp_path / "reference"
    folder.mkdir()
    reference = Place(folder, lambda: SqliteRunStore(folder / "store"))
    run(reference, "first")
    with reference.open() as store:
        return outcomes(store)


def acknowledged(place):
    return {int(word) for line in place.notes("acknowledged") for word in line.split()}


def finished(place, calls="second"):
    """Go on to the end: nothing that was stored is asked again."""
    with place.open() as store:
        assert broken(store, acknowledged(place)) == []
        before = durable(store)
    assert run(place, calls) == "completed"
    assert before.isdisjoint(place.notes(calls))
    with place.open() as store:
        assert broken(store, acknowledged(place)) == []
        return outcomes(store)


def failing_every(nth, message, *, after=False):
    """Makes every n-th commit of a store fail, before or after it took effect."""
    count = itertools.count(1)

    def commit(connection):
        if next(count) % nth == 0:
            if after:
                connection.connection.driver_connection.execute("COMMIT")
            raise OperationalError("COMMIT", None, sqlite3.OperationalError(message))

    return lambda store: event.listen(store.writing, "commit", commit)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("message", ["database is locked", "disk I/O error"])
def test_a_store_that_fails_every_tenth_commit(place, expected, message, after):
    failures = []
    for attempt in range(20):
        try:
            run(place, f"try {attempt}", failing_every(10, message, after=after))
            break
        except StorageError as error:
            failures.append(str(error))
        with place.open() as store:
            assert broken(store, acknowledged(place)) == []
    assert all(message in failure for failure in failures)
    assert failures == [] or message != "database is locked", "a busy database is tried again"
    assert finished(place) == expected


@pytest.mark.slow
@pytest.mark.parametrize("size", [180_000, 250_000, 400_000])
def test_a_disk_that_fills_up_in_the_middle_of_a_run(place, expected, size):
    words = [sys.executable, "-c", FILL, str(place.folder), str(HERE), str(size)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in {"storage_write", "completed"}
    assert finished(place) == expected


def test_a_clock_that_jumps_back_in_the_middle_of_a_run(place, expected, monkeypatch):
    clock = itertools.count(time.time_ns(), -3_600_000_000_000)
    monkeypatch.setattr("themis.storage.events.time.time_ns", lambda: next(clock))
    assert run(place, "first") == "completed"
    monkeypatch.undo()
    assert finished(place) == expected


def test_a_copy_without_the_write_ahead_log_is_an_earlier_state_that_goes_on(
    place, expected, tmp_path
):
    copied = tmp_path / "copied"

    def copy_in_the_middle(store):
        left = [6]

        def commit(connection):
            left[0] -= 1
            if left[0] == 0:
                copied.mkdir()
                shutil.copy(store.database, copied)

        event.listen(store.writing, "commit", commit)

    run(place, "first", copy_in_the_middle)
    folder = tmp_path / "on"
    folder.mkdir()
    copied.rename(folder / "store")
    assert finished(Place(folder, lambda: SqliteRunStore(folder / "store"))) == expected


@pytest.mark.slow
def test_sigterm_again_and_again_during_shutdown(place, expected):
    process = subprocess.Popen(
        [sys.executable, "-c", SHUT_DOWN, str(place.folder), str(HERE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout.readline() == "closing\n"
    for _ in range(3):
        process.send_signal(signal.SIGTERM)
        time.sleep(0.02)
    process.communicate("\n", timeout=60)
    assert finished(place) == expected


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.98])
def test_a_truncated_file_is_never_taken_for_a_whole_one(place, share):
    run(place, "first")
    file = place.folder / "store" / "themis.sqlite3"
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])
    assert is_found(place.folder / "store")


def test_a_store_of_a_newer_schema_is_refused_and_left_alone(place):
    run(place, "first")
    file = place.folder / "store" / "themis.sqlite3"
    with sqlite3.connect(file) as database:
        database.execute("INSERT INTO schema_version VALUES (999, 0)")
    database.close()
    before = file.read_bytes()
    with pytest.raises(StorageError, match="upgrade themis-framework"):
        run(place, "second")
    assert place.notes("second") == []
    assert file.read_bytes() == before


@pytest.mark.parametrize("damage", ["missing", "altered"])
def test_a_blob_that_is_missing_or_altered_is_named_and_the_rest_can_be_read(tmp_path, damage):
    from themis.testing.kits.events import planned, recorded, trials

    text = random.Random(3).randbytes(100_000).hex()
    with sqlite_store(tmp_path / "store") as store:
        [run_seq] = store.append([planned()])
        store.append(trials(run_seq, 2))
        [large, small] = store.append([recorded(run_seq, 0, text=text), recorded(run_seq, 1)])
    [blob] = (tmp_path / "store").glob("blobs/??/??/*")
    blob.unlink() if damage == "missing" else blob.write_bytes(blob.read_bytes()[:-1])
    with sqlite_store(tmp_path / "store") as store:
        with pytest.raises(StorageError, match=f"event {large} .*{blob.name} .*{damage}"):
            store.event(large)
        assert store.event(small).value["status"] == "ok"
        assert any(blob.name in line for line in broken(store))
        store.append([recorded(run_seq, 1)])


def test_two_processes_cannot_write_one_sqlite_store(place):
    with place.open():
        opening = "import sys; from themis.storage import sqlite_store; sqlite_store(sys.argv[1])"
        words = [sys.executable, "-c", opening, str(place.folder / "store")]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert "is being written by process" in done.stderr
