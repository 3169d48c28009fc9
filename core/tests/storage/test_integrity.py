from __future__ import annotations

import random
import re
import shutil
import sqlite3

import pytest

from themis import BenchmarkSpec, Orchestrator, ProjectSpec, SqliteBlobStorageSpec, storage
from themis.errors import StorageError
from themis.storage.integrity import verify
from themis.storage.maintenance import rebuild
from themis.storage.payloads import INLINE_LIMIT

ONE_ITEM = "item_hash = (SELECT min(item_hash) FROM items)"
BENCHMARK = {
    "benchmark_id": "b",
    "models": [{"model_id": "m", "provider": "echo"}],
    "prompt_variants": [{"id": "p", "messages": [{"role": "user", "content": "{{ item.q }}"}]}],
    "inference_grid": {"params": [{}]},
    "slices": [{"slice_id": "s", "dataset": {"source": "memory"}, "generation": {}, "scores": []}],
}


@pytest.fixture
def filled(root, plan):
    """The folder of a store with a little of everything in it, closed."""
    noise = random.Random(7).randbytes(INLINE_LIMIT).hex()
    with storage.sqlite_store(root) as store:
        script = plan(store)
        store.put_items([storage.Item.of("item-0", {"question": "2+2?"})])
        store.append([script.generated(0, text=noise), script.evaluated(0)])
        store.append([script.generated(1, ok=False), script.generated(2)])
        store.append([plan(store, "two").generated(0)])
    return root


def change(root, statement, *values):
    database = sqlite3.connect(root / "themis.sqlite3")
    with database:
        assert database.execute(statement, values).rowcount > 0
    database.close()


def messages(root):
    return [finding.message for finding in verify(root).findings]


def test_an_undamaged_store_has_nothing_to_report(filled):
    found = verify(filled)
    assert found.ok
    assert (found.events, found.items, found.blobs) == (9, 1, 1)
    assert found.projected_rows > 20


def test_a_store_is_verified_while_it_is_written(filled, plan):
    with storage.sqlite_store(filled) as store:
        store.append([plan(store).generated(3)])
        assert verify(filled).events == 10


def test_a_changed_byte_of_a_payload_is_found_with_its_event(filled):
    change(filled, "UPDATE events SET payload = payload || x'00' WHERE seq = 4")
    found = verify(filled)
    assert found.findings[0].seq == 4
    assert found.findings[0].message.startswith("event 4 (evaluated) is altered: its row no longer")
    assert found.findings[1].message.startswith("not compared: they cannot be derived")


@pytest.mark.parametrize(
    "column",
    ["run = 2", "kind = 'steps'", "key = x'00'", "at = at + 1", "encoding = 0", "seq = 99"],
)
def test_a_change_of_any_column_of_an_event_is_found(filled, column):
    change(filled, f"UPDATE events SET {column} WHERE seq = 7")
    assert any("altered" in message for message in messages(filled))


def test_text_that_is_no_longer_utf8_is_found(filled):
    change(filled, "UPDATE events SET kind = CAST(x'ff80' AS TEXT) WHERE seq = 3")
    assert any(message.startswith("event 3 (") for message in messages(filled))


def test_removed_events_are_found(filled):
    change(filled, "DELETE FROM events WHERE seq BETWEEN 5 AND 6")
    assert "events 5 to 6 are missing" in messages(filled)


def test_a_changed_item_is_found(filled):
    change(filled, "UPDATE items SET payload = replace(payload, '2', '3')")
    (message,) = messages(filled)
    assert re.match("item [0-9a-f]{64} is altered: its row no longer has the recorded ha", message)


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"")])
def test_a_missing_or_truncated_blob_is_found_with_its_event(filled, damage):
    (blob,) = filled.glob("blobs/??/??/*")
    damage(blob)
    found = verify(filled)
    assert found.findings[0].seq == 3
    assert f"event 3 (generated) cannot be read: blob {blob.name}" in found.findings[0].message


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE scores SET value = 0.9 WHERE trial = 0", "differs from the events"),
        ("DELETE FROM candidates WHERE trial = 1", "(run=1, trial=1, sample=0) is missing"),
        (
            "INSERT INTO artifacts VALUES (0, x'00', 1)",
            "artifacts row (key=00) is not in the event",
        ),
        ("UPDATE runs SET status = 'completed'", "runs row (id=1) differs from the events"),
        ("UPDATE trials SET item_id = 5 WHERE trial = 3", "trials row (run=1, trial=3) differs"),
    ],
)
def test_a_projection_that_does_not_follow_from_the_events_is_found_and_rebuilt(
    filled, statement, message
):
    change(filled, statement)
    assert any(message in one for one in messages(filled))
    assert rebuild(filled) == 9
    assert verify(filled).ok


def test_every_flipped_bit_of_a_row_is_found(filled):
    chance = random.Random(11)
    whole = (filled / "themis.sqlite3").read_bytes()
    database = sqlite3.connect(filled / "themis.sqlite3")
    payloads = [row[0] for row in database.execute("SELECT payload FROM events WHERE encoding < 2")]
    database.close()
    for payload in chance.sample(payloads, 6):
        damaged = bytearray(whole)
        place = whole.index(payload[-40:]) + chance.randrange(40)
        damaged[place] ^= 1 << chance.randrange(8)
        (filled / "themis.sqlite3").write_bytes(damaged)
        assert not verify(filled).ok


@pytest.mark.parametrize("pages", [3, 10])
def test_a_truncated_database_is_reported(filled, pages):
    file = filled / "themis.sqlite3"
    file.write_bytes(file.read_bytes()[: 8192 * pages])
    assert "database" in {finding.what for finding in verify(filled).findings}


def test_many_findings_are_counted_and_not_all_kept(filled):
    change(filled, "UPDATE events SET at = 0")
    database = sqlite3.connect(filled / "themis.sqlite3")
    with database:
        database.executemany(
            "INSERT INTO events VALUES (?, 1, 'steps', NULL, 0, 0, x'00', x'00')",
            [(seq,) for seq in range(10, 400)],
        )
    database.close()
    found = verify(filled)
    assert len(found.findings) == 201
    assert found.dropped == 199


@pytest.fixture
def benchmarked(root, tmp_path):
    """The folder of a store with a benchmark of two items, closed."""
    run_into(root)
    return root


def run_into(root, **storage_settings):
    storage = SqliteBlobStorageSpec(root_dir=str(root), **storage_settings)
    benchmark = BenchmarkSpec.model_validate(BENCHMARK)
    items = [{"item_id": name, "q": name} for name in ("first", "second")]
    with Orchestrator.from_project_spec(
        ProjectSpec(storage=storage), dataset_loader=lambda _: items
    ) as orchestrator:
        return orchestrator.run_benchmark(benchmark)


@pytest.mark.parametrize(("which", "count"), [("1 = 1", 2), (ONE_ITEM, 1)], ids=["all", "one"])
def test_an_item_that_was_to_be_kept_and_is_gone_is_found_and_stored_again(
    benchmarked, which, count
):
    change(benchmarked, f"DELETE FROM items WHERE {which}")
    found = messages(benchmarked)
    assert len(found) == count
    assert re.match(
        r"item [0-9a-f]{64} \('\w+' of run [0-9a-f]{12}\) is missing; run its", found[0]
    )
    run_into(benchmarked)
    assert verify(benchmarked).ok


def test_items_that_were_not_to_be_kept_are_not_missed(root):
    run_into(root, store_item_payloads=False)
    found = verify(root)
    assert (found.ok, found.items) == (True, 0)


def test_an_empty_database_is_named_as_empty(filled):
    shutil.rmtree(filled / "blobs")
    (filled / "themis.sqlite3").write_bytes(b"")
    with pytest.raises(
        StorageError, match=r"themis\.sqlite3 is empty: it was cut off, or the proces"
    ):
        verify(filled)


@pytest.mark.parametrize("remains", ["blobs/", "themis.sqlite3-wal"])
@pytest.mark.parametrize("state", ["is empty", "is not there"])
def test_nothing_is_started_over_on_what_is_left_of_a_store(filled, remains, state):
    if remains != "blobs/":
        shutil.rmtree(filled / "blobs")
        (filled / remains).write_bytes(b"log")
    (filled / "themis.sqlite3").unlink()
    if state == "is empty":
        (filled / "themis.sqlite3").touch()
        with pytest.raises(StorageError, match=f"is empty: {remains} beside it are a store's"):
            verify(filled)
    with pytest.raises(StorageError, match=f"{state}, and {remains} beside it are left of a store"):
        storage.sqlite_store(filled)
    assert (filled / remains).exists()


def test_a_store_whose_making_was_interrupted_is_made(root):
    root.mkdir()
    (root / "themis.sqlite3").touch()
    storage.sqlite_store(root).close()
    assert verify(root).ok


def test_verifying_where_there_is_no_store_is_an_error(tmp_path):
    with pytest.raises(StorageError, match="there is no store at "):
        verify(tmp_path)


def test_a_name_in_the_schema_that_is_no_longer_utf8_is_found(filled):
    file = filled / "themis.sqlite3"
    file.write_bytes(file.read_bytes().replace(b"CREATE TABLE runs", b"CREATE T\xf4BLE runs"))
    [finding, *_] = verify(filled).findings
    assert finding.what == "database"
    with pytest.raises(StorageError, match="cannot be opened"):
        storage.sqlite_store(filled, read_only=True)


@pytest.mark.parametrize("name", ["gone", "Leases"])
def test_a_table_under_another_name_is_found(filled, name):
    database = sqlite3.connect(filled / "themis.sqlite3")
    with database:
        database.execute("ALTER TABLE leases RENAME TO passing")
        database.execute(f"ALTER TABLE passing RENAME TO {name}")
    database.close()
    assert "there is no table named leases" in messages(filled)
