"""A project on PostgreSQL from end to end: run, kill -9, resume, read, verify, copy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from importlib.resources import files
from shutil import copy

import pytest
from themis_postgres.store import PostgresRunStore

from themis.specs import PostgresBlobStorageSpec

pytestmark = pytest.mark.slow

PASSWORD = "correct-horse-battery"
PROJECT = """
[storage]
backend = "postgres_blob"
database_url = "env:THEMIS_DATABASE"
blob_root_dir = "blobs"

[execution_policy]
max_in_flight_work_items = 8
"""


@pytest.fixture
def folder(tmp_path, server, monkeypatch):
    """The demonstration with a project on PostgreSQL; its URL has a password in it."""
    url = server.new_schema()
    if "password=" not in url and "themis@" in url:
        url = url.replace("themis@", f"themis:{PASSWORD}@")  # the server trusts, and ignores it
    monkeypatch.setenv("THEMIS_DATABASE", url)
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.chdir(tmp_path)
    for file in ("benchmark.toml", "word_problems.jsonl"):
        copy(str(files("themis.catalog.demo") / file), tmp_path)
    (tmp_path / "themis.toml").write_text(PROJECT)
    return tmp_path


def started(*words):
    return subprocess.Popen(
        [sys.executable, "-m", "themis", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def themis(*words, code=0):
    process = started(*words)
    out, err = process.communicate(timeout=120)
    assert process.returncode == code, err
    assert PASSWORD not in out + err
    return out


def opened():
    spec = PostgresBlobStorageSpec(database_url="env:THEMIS_DATABASE", blob_root_dir="blobs")
    return PostgresRunStore(spec)


def made():
    with opened() as store:
        runs = store.runs()
        return sum(1 for row in runs for one in store.iter_candidates(row.id) if one.ok)


def test_a_run_is_killed_resumed_read_verified_and_copied(folder):
    process = started("run", "benchmark.toml", "--progress", "none")
    deadline = time.monotonic() + 60
    while process.poll() is None and made() < 100:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.kill()
    process.communicate()
    before = made()
    assert before >= 100
    [row] = json.loads(themis("runs", "--json"))
    resumed = json.loads(themis("resume", row["run_id"], "--json", "--progress", "none"))
    assert resumed["counts"]["failed"] == 0
    assert made() == resumed["counts"]["made"] > before or before == 3200
    assert json.loads(themis("store", "verify", "--json"))["ok"]
    reported = json.loads(themis("report", row["run_id"], "--json"))
    assert json.loads(themis("store", "copy", "themis.toml", "plain", "--json"))["ok"]
    copied = json.loads(themis("report", row["run_id"], "--store", "plain", "--json"))
    assert copied["sections"] == reported["sections"]
    address = ("env:THEMIS_DATABASE", "--blobs", "blobs")
    again = json.loads(themis("store", "copy", "plain", *address, "--json"))
    assert (again["events"], again["ok"]) == (0, True)
    assert folder_holds_no(folder, PASSWORD)


def folder_holds_no(folder, secret):
    """Whether no file and no event, manifests included, has the secret in it."""
    with opened() as store:
        recorded = "".join(str(store.manifest(row)) for row in store.runs())
    held = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return secret not in recorded and secret.encode() not in held and os.environ["THEMIS_DATABASE"]
