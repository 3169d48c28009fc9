from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, ClassVar

import pytest
from themis.plugin import StorageError
from themis.storage import Event
from themis.testing import StoreKit
from themis.testing.kits.events import candidate_key, planned, recorded, trials

from {{ cookiecutter.__package }}.store import JournalStore, JournalStoreConfig


class TestJournalStore(StoreKit):
    ref: ClassVar[str] = "{{ cookiecutter.__distribution }}/{{ cookiecutter.__component }}"


def opened(folder: Path, **options: Any) -> JournalStore:
    return JournalStore(JournalStoreConfig(root_dir=str(folder)), **options)


def with_a_run(folder: Path, *, count: int = 3) -> Path:
    """A store with a candidate for each of `count` trials; its file."""
    with opened(folder) as store:
        [run] = store.append([planned()])
        store.append(trials(run, count))
        for number in range(count):
            store.append([recorded(run, number)])
    return folder / "journal.jsonl"


def test_every_line_is_json(tmp_path: Path) -> None:
    lines = with_a_run(tmp_path).read_text().splitlines()
    documents = [json.loads(line)[1] for line in lines]
    assert documents[0] == {"version": 1}
    assert [document["events"][0]["kind"] for document in documents[1:3]] == [
        "run_planned",
        "trials_planned",
    ]


def test_what_is_stored_already_adds_no_line(tmp_path: Path) -> None:
    before = with_a_run(tmp_path).read_text()
    assert with_a_run(tmp_path).read_text() == before


def test_a_line_that_was_cut_short_is_left_out_and_cut_off(tmp_path: Path) -> None:
    file = with_a_run(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    keys = [candidate_key(number) for number in range(3)]
    with opened(tmp_path, read_only=True) as store:
        assert set(store.known(keys)) == set(keys[:2])
    assert file.read_bytes() == whole[:-20]
    with_a_run(tmp_path)
    with opened(tmp_path, read_only=True) as store:
        assert set(store.known(keys)) == set(keys)


def test_a_changed_line_is_named(tmp_path: Path) -> None:
    file = with_a_run(tmp_path)
    file.write_text(file.read_text().replace('"raw_text":"42"', '"raw_text":"43"', 1))
    with pytest.raises(StorageError, match=r"line 4 of .*journal\.jsonl was changed"):
        opened(tmp_path)


def test_a_file_of_a_newer_release_is_refused(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("{{ cookiecutter.__package }}.journal._VERSION", 2)
    with_a_run(tmp_path)
    monkeypatch.undo()
    with pytest.raises(StorageError, match="written by a newer release"):
        opened(tmp_path)


def test_a_full_disk_is_an_error_and_ends_the_writing(tmp_path: Path, monkeypatch: Any) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with opened(tmp_path) as store:
        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(StorageError, match="No space left on device; open it again"):
            store.append([planned()])
        monkeypatch.undo()
        with pytest.raises(StorageError, match="open it again"):
            store.append([planned("another")])


def test_an_event_that_does_not_fit_is_refused_alone(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        with pytest.raises(StorageError, match="was never planned"):
            store.append([recorded(7, 0)])
        assert store.append([planned()]) == (1,)
    with opened(tmp_path, read_only=True) as store:
        assert len(store.runs()) == 1


def test_coroutines_that_submit_wait_for_room_and_lose_nothing(tmp_path: Path) -> None:
    async def submitted(store: JournalStore, events: list[Event]) -> list[tuple[int, ...]]:
        waiting = [await store.submit_async([event]) for event in events]
        return await asyncio.gather(*waiting)

    with opened(tmp_path) as store:
        [run] = store.append([planned()])
        store.append(trials(run, 3_000))
        events = [recorded(run, number) for number in range(3_000)]
        numbers = asyncio.run(submitted(store, events))
    assert len(set(numbers)) == 3_000


def test_a_closed_store_refuses_to_write(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.close()
    with pytest.raises(StorageError, match="is closed"):
        store.append([planned()])
