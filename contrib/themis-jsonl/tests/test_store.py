"""The lines are the truth: the index follows from them, whatever happened to either."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from themis_jsonl.config import JsonlConfig
from themis_jsonl.store import JsonlRunStore, jsonl_store, open_store

from themis import BenchmarkSpec, Orchestrator, ProjectSpec
from themis.plugin import StorageError
from themis.results import BenchmarkResult
from themis.storage import Item, SqliteRunStore
from themis.testing.kits.events import candidate_key, planned, recorded, trials
from themis.testing.recorded_runs import RecordedRun

COUNT = 5
KEYS = [candidate_key(number) for number in range(COUNT)]


@pytest.fixture
def folder(tmp_path) -> Path:
    """The folder of a store with five candidates, an item and some progress."""
    root = tmp_path / "store"
    with jsonl_store(root) as store:
        [run] = store.append([planned()])
        store.append(trials(run, COUNT))
        for number in range(COUNT):
            store.append([recorded(run, number)])
        store.put_items([Item.of("i", {"q": "größe"})])
        store.save_progress("r/1", {"done": 5})
        store.flush()
    return root


@pytest.fixture
def events(folder) -> Path:
    return folder / "events-000001.jsonl"


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def stored(folder: Path, **options) -> set[int]:
    """Which of the candidates a store has."""
    with jsonl_store(folder, **options) as store:
        found = store.known(KEYS)
        return {number for number, key in enumerate(KEYS) if key in found}


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_every_event_is_a_line_that_any_tool_reads(events):
    found = lines(events)
    assert [line["seq"] for line in found] == list(range(1, 8))
    assert [line["kind"] for line in found] == ["run_planned", "trials_planned", *["generated"] * 5]
    assert found[-1]["payload"]["inference"]["raw_text"] == "42"
    assert found[-1]["key"] == KEYS[-1].hex()


def test_items_and_progress_are_files_too(folder):
    [item] = lines(folder / "items.jsonl")
    assert item["value"] == {"item_id": "i", "payload": {"q": "größe"}}
    assert json.loads((folder / "progress" / "r%2F1.json").read_text()) == {"done": 5}


def test_without_its_index_a_store_is_the_same(folder):
    shutil.rmtree(folder / "index")
    with jsonl_store(folder) as store:
        assert set(store.known(KEYS)) == set(KEYS)
        assert store.load_progress("r/1") == {"done": 5}
        item = Item.of("i", {"q": "größe"})
        assert store.get_items([item.item_hash])[item.item_hash]["payload"] == {"q": "größe"}
        assert store.event(3).value["trial"] == 0


def test_a_project_runs_into_it_and_goes_on_in_it(tmp_path):
    benchmark = BenchmarkSpec.model_validate(
        {
            "benchmark_id": "echoes",
            "models": [{"model_id": "parrot", "provider": "echo"}],
            "prompt_variants": [
                {"id": "plain", "messages": [{"role": "user", "content": "{{ item.text }}"}]}
            ],
            "inference_grid": {"params": [{}]},
            "slices": [
                {
                    "slice_id": "words",
                    "dataset": {"source": "memory"},
                    "generation": {},
                    "scores": [{"name": "same", "metrics": ["exact_match"]}],
                }
            ],
        }
    )
    items = [{"item_id": str(n), "text": str(n), "answer": str(n)} for n in range(20)]
    project = ProjectSpec(storage={"backend": "jsonl", "root_dir": "runs"})
    means = []
    for _ in range(2):
        with Orchestrator.from_project_spec(
            project, dataset_loader=lambda dataset: items, base_dir=tmp_path
        ) as orchestrator:
            [row] = orchestrator.run_benchmark(benchmark).leaderboard()
            means.append(row["mean"])
        shutil.rmtree(tmp_path / "runs" / "index")
    kinds = [line["kind"] for line in lines(tmp_path / "runs" / "events-000001.jsonl")]
    assert means == [1.0, 1.0]
    assert (kinds.count("generated"), kinds.count("run_planned")) == (20, 1)


def test_results_are_the_same_from_lines_alone(tmp_path):
    made = RecordedRun()
    with jsonl_store(tmp_path) as store:
        run_id = made.record(store)
        before = BenchmarkResult(store, run_id).leaderboard()
    shutil.rmtree(tmp_path / "index")
    with jsonl_store(tmp_path, read_only=True) as store:
        assert BenchmarkResult(store, run_id).leaderboard() == before


def test_the_index_that_is_made_anew_is_the_one_that_was_there(tmp_path):
    with jsonl_store(tmp_path) as store:
        RecordedRun().record(store)
    copied = tmp_path / "copied"
    shutil.copytree(tmp_path / "index", copied)
    shutil.rmtree(tmp_path / "index")
    jsonl_store(tmp_path).close()
    with SqliteRunStore(copied, read_only=True) as old:
        count = max(event.manifest_seq for event in old.runs())
        with SqliteRunStore(tmp_path / "index", read_only=True) as new:
            assert old.runs() == new.runs()
            assert old.event(count) == new.event(count)
            with old.reader() as one, new.reader() as other:
                for table in ("events", "items", "candidates", "scores", "trials", "artifacts"):
                    query = f"SELECT * FROM {table} ORDER BY 1, 2, 3"
                    rows = one.exec_driver_sql(query).all()
                    assert rows == other.exec_driver_sql(query).all(), table


def test_an_index_that_is_behind_is_caught_up(folder, tmp_path):
    shutil.copytree(folder / "index", tmp_path / "old")
    with jsonl_store(folder) as store:
        [run] = store.runs()
        store.append(trials(run.id, COUNT + 1)[-1:])
        [seq] = store.append([planned("later")])
    shutil.rmtree(folder / "index")
    shutil.copytree(tmp_path / "old", folder / "index")
    with jsonl_store(folder) as store:
        assert [row.id for row in store.runs()] == [1, seq]


def test_an_index_of_other_lines_is_made_anew(folder, tmp_path):
    with jsonl_store(tmp_path / "other") as store:
        for name in "abc":
            store.append([planned(name)])
    shutil.rmtree(folder / "index")
    shutil.copytree(tmp_path / "other" / "index", folder / "index")
    assert stored(folder, read_only=True) == set(range(COUNT))
    assert stored(folder) == set(range(COUNT))


def test_a_damaged_index_is_made_anew(folder):
    (folder / "index" / "themis.sqlite3").write_bytes(b"no database" * 1000)
    assert stored(folder, read_only=True) == set(range(COUNT))
    assert stored(folder) == set(range(COUNT))


@pytest.mark.parametrize("by", [-1, 1], ids=["earlier", "later"])
def test_an_index_in_another_schema_is_made_anew(folder, by):
    with sqlite3.connect(folder / "index" / "themis.sqlite3") as database:
        [(newest,)] = database.execute("SELECT MAX(version) FROM schema_version").fetchall()
        database.execute("DELETE FROM schema_version")
        database.execute("INSERT INTO schema_version VALUES (?, 0)", [newest + by])
    database.close()
    assert stored(folder, read_only=True) == set(range(COUNT))
    assert stored(folder) == set(range(COUNT))


def test_a_line_that_was_cut_short_is_left_out_and_cut_off(folder, events):
    shutil.rmtree(folder / "index")
    whole = events.read_bytes()
    events.write_bytes(whole[:-20])
    before = contents(folder)
    assert stored(folder, read_only=True) == set(range(COUNT - 1))
    assert contents(folder) == before
    assert stored(folder) == set(range(COUNT - 1))
    assert whole.startswith(events.read_bytes())
    with jsonl_store(folder) as store:
        store.append([recorded(1, COUNT - 1)])
    assert stored(folder) == set(range(COUNT))


def test_wherever_the_lines_end_all_whole_groups_are_there_and_nothing_else(folder, events):
    shutil.rmtree(folder / "index")
    whole = events.read_bytes()
    ends = [at + 1 for at, byte in enumerate(whole) if byte == ord("\n")]
    for cut in range(1, len(whole), len(whole) // 40):
        events.write_bytes(whole[:cut])
        expected = sum(end <= cut for end in ends) - 2
        assert len(stored(folder, read_only=True)) == max(0, expected), cut


def test_what_was_committed_together_is_there_together_or_not_at_all(tmp_path):
    with jsonl_store(tmp_path) as store:
        [run] = store.append([planned()])
        store.append(trials(run, COUNT))
        store.append([recorded(run, number) for number in range(3)])
    shutil.rmtree(tmp_path / "index")
    path = tmp_path / "events-000001.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    assert stored(tmp_path) == set()


def test_a_hole_that_a_loss_of_power_left_at_the_end_is_cut_off(folder, events):
    shutil.rmtree(folder / "index")
    with events.open("ab") as file:
        file.write(b'{"seq":8,"run":' + b"\0" * 4096 + b"\n" + b"\0" * 50)
    assert stored(folder) == set(range(COUNT))


@pytest.mark.parametrize("number", [3, 7])
def test_an_altered_line_is_refused_and_named(folder, events, number):
    shutil.rmtree(folder / "index")
    altered = events.read_bytes().splitlines(keepends=True)
    altered[number - 1] = altered[number - 1].replace(b'"42"', b'"43"')
    events.write_bytes(b"".join(altered))
    place = sum(map(len, altered[: number - 1]))
    for read_only in (True, False):
        with pytest.raises(StorageError, match=rf"line at byte {place} of .* was altered"):
            jsonl_store(folder, read_only=read_only)


def test_a_line_that_is_missing_is_noticed(folder, events):
    shutil.rmtree(folder / "index")
    kept = events.read_bytes().splitlines(keepends=True)
    events.write_bytes(b"".join(kept[:3] + kept[4:]))
    with pytest.raises(StorageError, match="events 4 to 4 are missing"):
        jsonl_store(folder)


def test_an_altered_item_is_refused(folder):
    shutil.rmtree(folder / "index")
    path = folder / "items.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"i"', b'"j"'))
    with pytest.raises(StorageError, match=r"items\.jsonl was altered"):
        jsonl_store(folder)


def test_files_are_kept_small_and_read_in_order(tmp_path):
    settings = JsonlConfig(root_dir=str(tmp_path), segment_bytes=1024)
    with open_store(settings) as store:
        for number in range(30):
            store.append([planned(f"run {number}")])
    files = sorted(tmp_path.glob("events-*.jsonl"))
    assert len(files) > 5
    shutil.rmtree(tmp_path / "index")
    with jsonl_store(tmp_path, read_only=True) as opened:
        assert [row.id for row in opened.runs()] == list(range(1, 31))


def test_a_commit_that_fails_takes_its_lines_back(folder, events, monkeypatch):
    before = events.read_bytes()
    with jsonl_store(folder) as store:
        dialect = store.writing.dialect
        commit, failing = dialect.do_commit, iter([True])

        def fails_once(connection):
            if next(failing, False):
                raise OperationalError("COMMIT", None, Exception("disk I/O error"))
            commit(connection)

        monkeypatch.setattr(dialect, "do_commit", fails_once)
        with pytest.raises(StorageError, match="disk I/O error"):
            store.append([planned("failed")])
        [seq] = store.append([planned("again")])
    added = [json.loads(line) for line in events.read_bytes()[len(before) :].splitlines()]
    assert [(line["seq"], line["payload"]["manifest"]) for line in added] == [
        (seq, {"name": "again"})
    ]


def test_a_full_disk_is_an_error_and_ends_the_writing(folder, events, monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")

    with jsonl_store(folder) as store:
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(StorageError, match="No space left on device; open it again"):
            store.append([planned("new")])
        monkeypatch.undo()
        with pytest.raises(StorageError, match="open it again"):
            store.append([planned("another")])
    with jsonl_store(folder) as store:
        store.append([planned("another")])
        names = [store.manifest(row)["name"] for row in store.runs()]
    assert names[-1] == "another"
    assert [line["seq"] for line in lines(events)] == list(range(1, len(lines(events)) + 1))


def test_a_second_writer_is_refused_with_the_name_of_the_first(folder):
    with (
        jsonl_store(folder),
        pytest.raises(StorageError, match=f"is being written by process {os.getpid()}"),
    ):
        jsonl_store(folder)


def test_readers_see_what_is_written_while_they_read(folder):
    with jsonl_store(folder) as writer, jsonl_store(folder, read_only=True) as reader:
        writer.append([planned("later")])
        assert len(reader.runs()) == 2


def test_a_store_may_be_read_where_nothing_can_be_written(folder):
    shutil.rmtree(folder / "index")
    before = contents(folder)
    with jsonl_store(folder, read_only=True) as store:
        assert (store.read_only, store.place) == (True, str(folder))
        with pytest.raises(StorageError, match="read-only"):
            store.append([planned("new")])
    assert contents(folder) == before


def test_what_is_stored_already_adds_no_line(folder, events):
    before = events.read_bytes()
    with jsonl_store(folder) as store:
        [run] = store.append([planned()])
        store.append([*trials(run, COUNT), *(recorded(run, number) for number in range(COUNT))])
        store.put_items([Item.of("i", {"q": "größe"})])
    assert events.read_bytes() == before
    assert len(lines(folder / "items.jsonl")) == 1


def test_items_are_left_out_when_told_so(tmp_path):
    with open_store(JsonlConfig(root_dir=str(tmp_path), store_item_payloads=False)) as store:
        store.put_items([Item.of("i", {"q": 1})])
    assert (tmp_path / "items.jsonl").read_bytes() == b""


def test_a_store_of_a_newer_release_is_refused(folder):
    (folder / "format.json").write_text('{"store": "themis-jsonl", "version": 2}')
    for read_only in (True, False):
        with pytest.raises(StorageError, match="newer release; upgrade themis-jsonl"):
            jsonl_store(folder, read_only=read_only)


def test_a_relative_folder_starts_at_the_project_s(tmp_path):
    with open_store(JsonlConfig(base_dir=str(tmp_path), root_dir="mine")) as store:
        assert store.place == str(tmp_path / "mine")


def test_a_closed_store_refuses_to_write(folder):
    store = jsonl_store(folder)
    store.close()
    with pytest.raises(StorageError, match="is closed"):
        store.append([planned("new")])


@pytest.fixture
def hundred(tmp_path) -> Iterator[JsonlRunStore]:
    with jsonl_store(tmp_path / "hundred") as store:
        yield store


def test_a_group_is_written_to_the_disk_once(hundred, monkeypatch):
    [run] = hundred.append([planned()])
    hundred.append(trials(run, 100))
    synced, fsync = [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(handle) or fsync(handle))
    hundred.append([recorded(run, number) for number in range(100)])
    assert len(synced) == 1
