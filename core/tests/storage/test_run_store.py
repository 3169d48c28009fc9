from __future__ import annotations

import math
import types

import pytest
from sqlalchemy import func, select

from themis import storage
from themis.errors import ErrorCode, StorageError
from themis.records import InferenceRecord, MetricScore
from themis.records.codec import from_plain
from themis.storage import schema


def test_an_appended_event_reads_back(store, plan):
    script = plan(store)
    (seq,) = store.append([script.generated(1)])
    event = store.event(seq)
    assert (event.seq, event.run, event.kind) == (seq, script.run, "generated")
    assert from_plain(event.value["inference"], InferenceRecord).raw_text == "4"


def test_a_store_is_named_by_a_path_or_by_its_text(tmp_path):
    with storage.SqliteRunStore(str(tmp_path / "runs")) as store:
        assert store.root == tmp_path / "runs"
        assert store.runs() == []


@pytest.mark.parametrize(
    "text",
    ["", "a\0b", "\ud800 alone", "\U0001f600", "x" * 10_000_000],
    ids=["empty", "NUL", "surrogate", "astral", "10 MB"],
)
def test_any_text_reads_back_as_it_was(store, plan, text):
    script = plan(store)
    (seq,) = store.append([script.generated(0, text=text)])
    assert store.event(seq).value["inference"]["raw_text"] == text


def test_numbers_json_cannot_hold_read_back(store, plan):
    script = plan(store)
    details = {"nan": math.nan, "inf": [-math.inf], "big": 2**80}
    entry = storage.ScoreEntry(
        0, "ab" * 32, "e", MetricScore(metric_id="m", value=1.0, details=details)
    )
    event = storage.evaluated(script.run, candidate_id="cd" * 32, trial=0, sample=0, scores=[entry])
    (seq,) = store.append([event])
    found = storage.read_score(store.event(seq).value["scores"][0]).score
    assert math.isnan(found.details.pop("nan"))
    assert found.details == {"inf": [-math.inf], "big": 2**80}


def test_events_are_numbered_from_one_without_gaps(store, plan):
    script = plan(store)
    assert script.run == 1
    assert store.append([script.generated(0), script.generated(1)]) == (3, 4)


def test_a_submitted_event_is_durable_once_its_future_is_done(store, plan):
    script = plan(store)
    (seq,) = store.submit([script.generated(0)]).result(timeout=10)
    assert store.event(seq).kind == "generated"


def test_known_finds_successful_artifacts_only(store, plan):
    script = plan(store)
    good, bad = script.generated(0), script.generated(1, ok=False)
    seq, _ = store.append([good, bad])
    assert store.known([good.key, bad.key, b"?" * 32]) == {good.key: seq}


def test_known_takes_tens_of_thousands_of_keys(store, plan):
    script = plan(store)
    event = script.generated(0)
    store.append([event])
    keys = [number.to_bytes(32, "big") for number in range(50_000)]
    assert store.known([*keys, event.key]).keys() == {event.key}


def test_a_missing_event_is_named(store, plan):
    plan(store)
    with pytest.raises(StorageError, match=r"event 99 is not in the store; run `themis store veri"):
        store.events([1, 99])


def test_items_are_stored_once(store):
    item = storage.Item.of("q1", {"question": "2+2?", "answer": "4"})
    store.put_items([item, item])
    store.put_items([item])
    envelope = {"item_id": "q1", "payload": {"question": "2+2?", "answer": "4"}}
    assert store.get_items([item.item_hash, b"?" * 32]) == {item.item_hash: envelope}


def test_a_store_without_item_payloads_keeps_none(root):
    spec = types.SimpleNamespace(root_dir=root, store_item_payloads=False, compression="none")
    item = storage.Item.of("q1", {"question": "2+2?"})
    with storage.open_store(spec) as store:
        store.put_items([item])
        assert store.get_items([item.item_hash]) == {}


@pytest.mark.parametrize(("compression", "encoding"), [("none", 0), ("zstd", 1)])
def test_payloads_are_compressed_as_the_spec_says(root, plan, compression, encoding):
    spec = types.SimpleNamespace(
        root_dir=str(root), store_item_payloads=True, compression=compression
    )
    with storage.open_store(spec) as store:
        script = plan(store)
        (seq,) = store.append([script.generated(0)])
        with store.reader() as connection:
            query = select(schema.events.c.encoding).where(schema.events.c.seq == seq)
            assert connection.scalar(query) == encoding


def test_what_one_compression_wrote_the_other_reads(root, plan):
    with storage.sqlite_store(root) as store:
        script = plan(store)
        (seq,) = store.append([script.generated(0)])
    spec = types.SimpleNamespace(root_dir=root, store_item_payloads=True, compression="none")
    with storage.open_store(spec) as store:
        assert store.event(seq).value["trial"] == 0


def test_runs_are_listed_and_found_by_the_start_of_their_id(store, plan):
    first, second = plan(store, "one"), plan(store, "two")
    ids = [row.run_id for row in store.runs()]
    assert [row.id for row in store.runs()] == [first.run, second.run]
    assert store.find_run(ids[1][:12]).id == second.run
    assert store.find_run("nothing like it") is None


def test_an_ambiguous_run_id_lists_what_it_could_be(store, plan):
    plan(store, "one")
    plan(store, "two")
    with pytest.raises(StorageError, match=r"run id '' is ambiguous: \w{16}, \w{16}; give more"):
        store.find_run("")


def test_the_latest_status_is_the_last_one_recorded(store, plan):
    script = plan(store)
    assert store.latest_status(script.run) == "planned"
    store.append([storage.run_status(script.run, status="running")])
    store.append([storage.run_status(script.run, status="failed", reason="no model")])
    assert store.latest_status(script.run) == "failed"
    assert store.runs()[0].reason == "no model"


def test_the_status_of_an_unknown_run_is_an_error(store):
    with pytest.raises(StorageError, match=r"has no run 9; `themis runs` lists them"):
        store.latest_status(9)


def test_trials_are_streamed_in_order_from_where_asked(store, plan):
    script = plan(store, trials=10)
    rows = list(store.iter_trials(script.run, start=3, chunk=2))
    assert [row.trial for row in rows] == list(range(3, 10))
    assert rows[0].item_id == "item-3"
    assert len(rows[0].trial_hash) == 64


def test_the_store_can_be_written_while_trials_are_streamed(store, plan):
    script = plan(store, trials=4)
    for row in store.iter_trials(script.run, chunk=1):
        store.append([script.generated(row.trial)])
    assert [row.ok for row in store.iter_candidates(script.run)] == [True] * 4


def test_candidates_tell_which_events_hold_them(store, plan):
    script = plan(store)
    good, bad = store.append([script.generated(0), script.generated(1, ok=False)])
    (scored,) = store.append([script.evaluated(0)])
    first, second = store.iter_candidates(script.run, chunk=1)
    assert (first.ok, first.generated_seq, first.evaluated_seq) == (True, good, scored)
    assert (second.ok, second.generated_seq, second.evaluated_seq) == (False, bad, None)
    assert second.error_code == "provider_timeout"


def test_the_steps_of_a_conversation_are_found_by_candidate(store, plan):
    script = plan(store)
    events = [
        storage.steps(script.run, candidate_id="ab" * 32, trial=0, sample=0, turn=turn, steps=())
        for turn in range(2)
    ]
    seqs = store.append(events)
    assert [event.seq for event in store.steps_of(b"\xab" * 32)] == list(seqs)


def test_the_last_progress_wins(store):
    store.save_progress("r", {"done": 1})
    store.save_progress("r", {"done": 2})
    store.flush()
    assert store.load_progress("r") == {"done": 2}
    assert store.load_progress("other") is None


def test_progress_is_no_event(store):
    store.save_progress("r", {"done": 1})
    store.flush()
    with store.reader() as connection:
        assert connection.scalar(select(func.count()).select_from(schema.events)) == 0


def test_a_reader_cannot_write(root, plan):
    write = schema.progress.insert().values(run_id="r", payload=b"", at=0)
    message = "attempt to write a readonly database"
    with storage.sqlite_store(root) as store:
        with pytest.raises(StorageError, match=message), store.reader() as connection:
            connection.execute(write)
        assert store.load_progress("r") is None


def test_a_store_opened_to_read_refuses_to_write(root, plan):
    with storage.sqlite_store(root) as store:
        script = plan(store)
    message = "was opened read-only; open it for writing"
    with storage.sqlite_store(root, read_only=True) as store:
        with pytest.raises(StorageError, match=message) as raised:
            store.append([script.generated(0)])
        assert raised.value.code is ErrorCode.STORAGE_WRITE


def test_reading_a_store_leaves_every_byte_of_it(root, plan):
    with storage.sqlite_store(root) as store:
        script = plan(store)
        store.append([script.generated(0), script.evaluated(0)])
    before = (root / "themis.sqlite3").read_bytes()
    with storage.sqlite_store(root, read_only=True) as store:
        assert list(store.iter_trials(script.run))
        assert store.runs()
        assert store.event(1)
        assert store.load_progress("r") is None
    assert (root / "themis.sqlite3").read_bytes() == before


def test_a_store_is_read_while_another_store_object_writes_it(root, plan):
    with (
        storage.sqlite_store(root) as writing,
        storage.sqlite_store(root, read_only=True) as reading,
    ):
        script = plan(writing)
        writing.append([script.generated(0)])
        assert [row.trial for row in reading.iter_candidates(script.run)] == [0]


def test_reading_where_there_is_no_store_makes_none(root):
    with pytest.raises(StorageError, match=r"there is no store at .*; run a benchmark into it"):
        storage.sqlite_store(root, read_only=True)
    assert not root.exists()


def test_a_file_that_is_no_database_is_refused(root):
    root.mkdir()
    (root / "themis.sqlite3").write_bytes(b"not a database" * 100)
    with pytest.raises(StorageError, match="cannot be opened: file is not a database; look at it"):
        storage.sqlite_store(root)


def test_a_path_that_is_no_store_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(StorageError, match=r"notes.txt is no store; a store is a folder with"):
        storage.sqlite_store(tmp_path / "notes.txt")


def test_the_database_file_names_its_store_too(root):
    storage.sqlite_store(root).close()
    with storage.sqlite_store(root / "themis.sqlite3", read_only=True) as store:
        assert store.root == root


def test_a_closed_store_leaves_one_whole_file(root, plan):
    with storage.sqlite_store(root) as store:
        plan(store)
    assert not (root / "themis.sqlite3-wal").exists()


def test_closing_twice_is_closing_once(store):
    store.close()
    store.close()
    with pytest.raises(StorageError, match=r"the store at .* is closed"):
        store.submit([])


def test_what_was_submitted_before_closing_is_written(root, plan):
    with storage.sqlite_store(root) as store:
        script = plan(store)
        future = store.submit([script.generated(0)])
    assert future.result(timeout=0) == (3,)
