"""Processes that are killed, starved or in each other's way: real ones."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from themis import storage
from themis.errors import StorageError
from themis.storage.integrity import verify

HERE = Path(__file__).parent
WRITE_FOREVER = """
import sys, itertools
from concurrent.futures import ThreadPoolExecutor
sys.path.insert(0, sys.argv[2])
from conftest import plan
from themis import storage

with storage.sqlite_store(sys.argv[1]) as store:
    script = plan(store, trials=20_000)
    print("ready", flush=True)
    noise = "x" * 200_000  # some payloads go to the blob store
    for trial in itertools.count(len(list(store.iter_candidates(script.run)))):
        text = f"{trial} {noise}" if trial % 50 == 0 else str(trial)
        seqs = store.append([script.generated(trial, text=text), script.evaluated(trial)])
        print(*seqs, flush=True)
"""
WRITE_UNTIL_FULL = """
import resource, sys
sys.path.insert(0, sys.argv[2])
from conftest import plan
from themis import storage
from themis.errors import StorageError

with storage.sqlite_store(sys.argv[1]) as store:
    script = plan(store, trials=2000)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
    failed = None
    for trial in range(2000):
        try:
            print(*store.append([script.generated(trial, text=str(trial) * 3000)]), flush=True)
        except StorageError as error:
            failed = error
            break
    print(failed.code, failed, file=sys.stderr)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(*store.append([script.generated(trial)]), flush=True)
"""


def start(code, root):
    return subprocess.Popen(
        [sys.executable, "-c", code, str(root), str(HERE)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def acknowledged(output):
    """The numbers of whole lines: what was printed after it was durable."""
    lines = output.splitlines() if output.endswith("\n") else output.splitlines()[:-1]
    return {int(word) for line in lines if line != "ready" for word in line.split()}


@pytest.mark.slow
def test_a_killed_writer_loses_nothing_it_acknowledged(root):
    chance = random.Random(3)
    for _ in range(3):
        process = start(WRITE_FOREVER, root)
        assert process.stdout.readline() == "ready\n"
        first = process.stdout.readline()  # on a busy machine it may take its time
        time.sleep(chance.uniform(0.0, 0.4))
        process.kill()
        rest, errors = process.communicate()
        assert errors == ""
        output = first + rest
        with storage.sqlite_store(root) as store:
            assert set(store.events(sorted(acknowledged(output)))) == acknowledged(output)
            assert len(acknowledged(output)) > 0
        assert verify(root).findings == []


@pytest.mark.slow
def test_a_second_process_is_refused_while_reports_are_read(root):
    process = start(WRITE_FOREVER, root)
    try:
        assert process.stdout.readline() == "ready\n"
        with pytest.raises(StorageError, match=f"being written by process {process.pid} on "):
            storage.sqlite_store(root)
        with storage.sqlite_store(root, read_only=True) as store:
            assert store.runs()[0].trial_count == 20_000
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_a_full_disk_fails_the_append_and_leaves_the_store_whole(root):
    process = start(WRITE_UNTIL_FULL, root)
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert errors.startswith("storage_write 1 record(s) could not be written to ")
    with storage.sqlite_store(root) as store:
        assert set(store.events(sorted(acknowledged(output)))) == acknowledged(output)
    assert verify(root).findings == []


def test_a_copy_of_the_database_without_its_log_is_an_earlier_state(root, tmp_path, plan):
    copy = tmp_path / "copy"
    copy.mkdir()
    with storage.sqlite_store(root) as store:
        plan(store)
    with storage.sqlite_store(root) as store:
        store.append([plan(store, "two").generated(0)])
        shutil.copy(root / "themis.sqlite3", copy)
    with storage.sqlite_store(copy) as store:
        assert len(store.runs()) == 1
    assert verify(copy).ok


def test_a_clock_that_jumps_back_changes_no_order(root, plan, monkeypatch):
    with storage.sqlite_store(root) as store:
        script = plan(store)
        monkeypatch.setattr("themis.storage.events.time.time_ns", lambda: 1_000_000)
        first, second = store.append([script.generated(0), script.generated(1)])
        assert first < second
        assert store.event(first).at == 1
    assert verify(root).ok
