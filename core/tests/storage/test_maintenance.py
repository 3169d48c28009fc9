from __future__ import annotations

import random
import sqlite3

import pytest

from themis import storage
from themis.errors import StorageError
from themis.storage.blobs import BlobDirectory
from themis.storage.integrity import verify
from themis.storage.maintenance import rebuild, stats, vacuum
from themis.storage.payloads import INLINE_LIMIT


@pytest.fixture
def filled(root, plan):
    noise = random.Random(7).randbytes(INLINE_LIMIT).hex()
    with storage.sqlite_store(root) as store:
        script = plan(store)
        store.put_items([storage.Item.of("item-0", {"question": "2+2?"})])
        store.append([script.generated(0, text=noise), script.evaluated(0)])
    return root


def test_stats_count_what_there_is(filled):
    found = stats(filled)
    assert {kind: usage.count for kind, usage in found.events.items()} == {
        "evaluated": 1,
        "generated": 1,
        "run_planned": 1,
        "trials_planned": 1,
    }
    assert [usage.count for usage in found.runs.values()] == [4]
    assert (found.items.count, found.blobs.count) == (1, 1)
    assert found.blobs.bytes > INLINE_LIMIT
    assert found.database_bytes == (filled / "themis.sqlite3").stat().st_size


def test_stats_weigh_every_table(filled):
    tables = stats(filled).tables
    if tables:  # SQLite may be built without the table they come from
        assert {"events", "scores", "artifacts"} <= tables.keys()


def test_a_rebuild_that_meets_a_damaged_event_changes_nothing(filled):
    database = sqlite3.connect(filled / "themis.sqlite3")
    with database:
        database.execute("UPDATE events SET at = 0 WHERE seq = 4")
    database.close()
    with pytest.raises(StorageError, match=r"event 4 \(evaluated\) is altered"):
        rebuild(filled)
    with storage.sqlite_store(filled, read_only=True) as store:
        assert len(list(store.iter_candidates(1))) == 1


def test_vacuum_removes_blobs_nobody_refers_to(filled):
    blobs = BlobDirectory(filled / "blobs")
    orphan = blobs.put(b"left behind" * 1000)
    (filled / "blobs" / "incoming" / "half").write_bytes(b"x" * 500)
    assert vacuum(filled) >= 11_000
    assert orphan not in list(blobs.names())
    assert verify(filled).ok


def test_vacuum_gives_free_space_back(filled):
    database = sqlite3.connect(filled / "themis.sqlite3")
    with database:
        database.execute("CREATE TABLE ballast AS SELECT randomblob(2000000) AS data")
        database.execute("DROP TABLE ballast")
    database.close()
    assert vacuum(filled) > 1_500_000


@pytest.mark.parametrize("act", [rebuild, vacuum])
def test_a_store_that_is_being_written_is_left_alone(filled, act):
    message = "is being written by process"
    with storage.sqlite_store(filled), pytest.raises(StorageError, match=message):
        act(filled)


@pytest.mark.parametrize("act", [rebuild, vacuum, stats])
def test_no_store_is_made_where_there_is_none(tmp_path, act):
    with pytest.raises(StorageError, match="there is no store at "):
        act(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
