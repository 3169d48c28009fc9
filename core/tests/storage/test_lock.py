from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from themis.errors import ErrorCode, StorageError
from themis.storage.lock import WriterLock

HOLD = """
import pathlib, sys, time
from themis.storage.lock import WriterLock
lock = WriterLock(pathlib.Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "writer.lock"


@pytest.fixture
def holder(path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_process_is_refused_and_told_who_holds_it(path, holder):
    started = time.monotonic()
    with pytest.raises(StorageError, match=f"being written by process {holder.pid} on ") as raised:
        WriterLock(path, wait=0.2)
    assert time.monotonic() - started < 2
    assert raised.value.code is ErrorCode.STORAGE_WRITE
    assert "wait until it ends, or use another store" in str(raised.value)


def test_the_lock_of_a_killed_process_is_free(path, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert path.read_bytes()
    WriterLock(path, wait=0).release()


def test_a_lock_that_is_released_in_time_is_waited_for(path, holder):
    killer = subprocess.Popen(["sh", "-c", f"sleep 0.2; kill -9 {holder.pid}"])
    WriterLock(path, wait=10).release()
    killer.wait()


def test_one_process_cannot_hold_it_twice(path):
    first = WriterLock(path)
    with pytest.raises(StorageError, match=f"process {os.getpid()} on "):
        WriterLock(path, wait=0)
    first.release()
    first.release()
    WriterLock(path, wait=0).release()


def test_the_file_tells_who_holds_it_without_the_options(path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/usr/bin/themis", "run", "--api-key", "sk-secret"])
    lock = WriterLock(path)
    assert json.loads(path.read_text())["command"] == "themis run"
    lock.release()


def test_a_holder_that_left_no_name_is_another_process(path):
    lock = WriterLock(path)
    path.write_bytes(b"?")
    with pytest.raises(StorageError, match="is being written by another process;"):
        WriterLock(path, wait=0)
    lock.release()
