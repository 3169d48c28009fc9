"""Bits that flip on the disk: whatever changes what is stored is found by `themis store verify`."""

from __future__ import annotations

import random
import sqlite3

import pytest

from themis.storage import Item, sqlite_store
from themis.storage.integrity import verify
from themis.testing.kits.events import planned, recorded, step, trials
from themis.testing.recorded_runs import RecordedRun

from .invariants import is_found

pytestmark = pytest.mark.slow


@pytest.fixture
def filled(tmp_path):
    """A closed store with some of everything, and its blobs."""
    root = tmp_path / "store"
    with sqlite_store(root) as store:
        RecordedRun(items=[f"i{n}" for n in range(12)], num_samples=2).record(store)
        [run] = store.append([planned()])
        store.append(trials(run, 60), items=[Item.of(f"k{n}", {"n": n}) for n in range(60)])
        store.append([recorded(run, n, text=f"{n} words " * 40) for n in range(60)])
        store.append([step(run, n) for n in range(5)])
    return root


def stored(file):
    """Everything that can be read of the tables, row by row; None where nothing can."""
    database = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)
    database.text_factory = bytes
    try:
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name: database.execute(f'SELECT * FROM "{name.decode()}" NOT INDEXED').fetchall()
            for (name,) in names
        }
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return None
    finally:
        database.close()


def test_every_flipped_bit_of_a_live_row_is_found(filled, tries, state):
    file, chance = filled / "themis.sqlite3", random.Random(23)
    whole, expected = file.read_bytes(), stored(filled / "themis.sqlite3")
    live = missed = flips = 0
    while live < tries(60, full=1000):
        flips += 1
        place, bit = chance.randrange(len(whole)), chance.randrange(8)
        with file.open("r+b") as opened:
            opened.seek(place)
            opened.write(bytes([whole[place] ^ 1 << bit]))
        if stored(file) != expected:  # else it was free space
            live += 1
            missed += not is_found(filled)
        with file.open("r+b") as opened:
            opened.seek(place)
            opened.write(whole[place : place + 1])
    assert missed == 0
    assert verify(filled).ok
    state("flipped_bits", flips=flips, in_live_rows=live, missed=missed)


def test_every_flipped_bit_of_a_blob_is_found(tmp_path, tries, state):
    chance = random.Random(29)
    root = tmp_path / "store"
    with sqlite_store(root) as store:
        [run] = store.append([planned()])
        store.append(trials(run, 1))
        store.append([recorded(run, 0, text=chance.randbytes(160_000).hex())])
    [blob] = root.glob("blobs/??/??/*")
    whole, count = blob.read_bytes(), tries(20, full=500)
    for _ in range(count):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        blob.write_bytes(damaged)
        assert not verify(root).ok
    state("flipped_bits_of_blobs", flips=count, missed=0)
