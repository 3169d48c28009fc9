"""The kit of storage backends."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ClassVar

from themis.errors import StorageError
from themis.plugin.declarations import ComponentKind
from themis.results import BenchmarkResult
from themis.storage import InMemoryRunStore, Item
from themis.testing.kits.check import NotApplicableError, check, needs
from themis.testing.kits.events import (
    ACKNOWLEDGED,
    candidate_key,
    planned,
    recorded,
    step,
    trials,
)
from themis.testing.kits.kit import ComponentKit
from themis.testing.kits.texts import UNICODE
from themis.testing.recorded_runs import RecordedCell, RecordedRun

if TYPE_CHECKING:
    from themis.storage import RunStore

__all__ = ["StoreKit"]

_KEYS = 10_000
_LARGE = 10 * 2**20


class StoreKit(ComponentKit):
    """Checks of a storage backend.

    Example::

        class TestDuckStore(StoreKit):
            ref = "my-dist/duck"

    A backend whose settings have a `root_dir` gets a new folder for each check. For any other,
    `place(folder)` gives the settings of a new, empty store, and `previous(folder)` those of one
    that the last release with another schema has written.
    """

    kind: ClassVar[ComponentKind] = "storage_backend"

    def place(self, folder: Path) -> Mapping[str, Any]:
        """The settings of a new, empty store; `folder` is empty, and removed after the check."""
        model = self.configured(root_dir=str(folder))
        needs(hasattr(model, "root_dir") or not self.tentative, "it needs a place for a store")
        return {**self.settings(), "root_dir": str(folder)}

    def previous(self, folder: Path) -> Mapping[str, Any] | None:  # noqa: ARG002 (for overriding)
        """The settings of a store with a run in it, in the previous schema; None without one."""
        return None

    @check("store.unicode")
    def test_any_unicode_comes_back(self) -> None:
        """Any unicode, lone surrogates and NUL too, comes back as it was written."""
        with self._store() as store:
            run = _run(store)
            for number, text in enumerate(UNICODE):
                [seq] = store.append([recorded(run, number, text=text)])
                found = store.event(seq).value["inference"]["raw_text"]
                assert found == text, f"{text!r} came back as {found!r}"

    @check("store.numbers")
    def test_any_number_comes_back(self) -> None:
        """NaN, infinities and integers of any size come back as they were written."""
        numbers = {"nan": math.nan, "inf": -math.inf, "large": 10**40, "tiny": 5e-324}
        with self._store() as store:
            [seq] = store.append([recorded(_run(store), 0, output=numbers)])
            found = store.event(seq).value["inference"]["structured_output"]
            for name, number in numbers.items():
                assert repr(found.get(name)) == repr(number), f"{number} is {found.get(name)!r}"

    @check("store.large")
    def test_ten_megabytes_come_back(self) -> None:
        """A payload of 10 MB comes back as it was written."""
        text = "".join(f"{number:x} " for number in range(_LARGE // 6))
        with self._store() as store:
            [seq] = store.append([recorded(_run(store), 0, text=text)])
            found = store.event(seq).value["inference"]["raw_text"]
            assert found == text, f"{len(text)} characters came back as {len(found)}"

    @check("store.idempotent")
    def test_what_is_stored_already_is_not_written_again(self) -> None:
        """Appending a run or a candidate again gives the number that it has."""
        with self._store() as store:
            [run], [again] = store.append([planned()]), store.append([planned()])
            assert again == run, f"the same run is {run}, then {again}"
            store.append(trials(run, 2))
            [seq], [again] = (store.append([recorded(run, 1)]) for _ in range(2))
            assert again == seq, f"the same candidate is {seq}, then {again}"

    @check("store.durable")
    def test_a_store_that_is_opened_again_has_everything(self) -> None:
        """What was appended and saved is there when the store is opened again."""
        with _folder() as folder:
            with self.open(folder) as store:
                [seq] = store.append([recorded(_run(store), 0)])
                store.save_progress("r", {"done": 1})
                store.flush()
            with self.open(folder) as store:
                assert store.known([candidate_key(0)]) == {candidate_key(0): seq}, "nothing is left"
                saved = store.load_progress("r")
                assert saved == {"done": 1}, f"the saved progress is {saved!r}"

    @check("store.items")
    def test_items_come_back_by_their_hash(self) -> None:
        """Item payloads come back by their hash, each stored once; unknown ones are left out."""
        items = [Item.of(f"i{number}", {"n": number}) for number in range(20)]
        with self._store() as store:
            store.put_items(items)
            store.put_items(items)
            found = store.get_items([*(item.item_hash for item in items), b"\0" * 32])
            expected = {
                item.item_hash: {"item_id": f"i{number}", "payload": {"n": number}}
                for number, item in enumerate(items)
            }
            assert found == expected, f"of 20 items these came back: {found!r:.300}"

    @check("store.known")
    def test_ten_thousand_keys_are_looked_up_at_once(self) -> None:
        """Of 10,000 keys the ones that are stored are found, each with its event."""
        with self._store() as store:
            run = _run(store, count=_KEYS)
            written = range(0, _KEYS, 10)
            seqs = store.append([recorded(run, number) for number in written])
            found = store.known(candidate_key(number) for number in range(_KEYS))
            expected = {candidate_key(n): seq for n, seq in zip(written, seqs, strict=True)}
            assert found == expected, f"{len(found)} of {len(expected)} stored keys are right"

    @check("store.steps")
    def test_steps_come_back_in_order(self) -> None:
        """The steps of a conversation come back in the order of writing."""
        with self._store() as store:
            run = _run(store)
            for number in range(12):
                store.append([step(run, number)])
            turns = [event.value["turn"] for event in store.steps_of(candidate_key(0))]
            assert turns == list(range(12)), f"the steps came back as {turns}"

    @check("store.progress")
    def test_the_last_progress_counts(self) -> None:
        """The progress that was saved last is loaded; None where there is none."""
        with self._store() as store:
            assert store.load_progress("r") is None, "there is progress that nobody saved"
            for done in range(5):
                store.save_progress("r", {"done": done})
            store.flush()
            saved = store.load_progress("r")
            assert saved == {"done": 4}, f"the last of five is {{'done': 4}}, loaded was {saved!r}"

    @check("store.order")
    def test_trials_and_candidates_come_in_order(self) -> None:
        """Trials and candidates come in order, in whatever chunks they are read."""
        with self._store() as store:
            run = _run(store, count=60)
            store.append([recorded(run, number) for number in reversed(range(60))])
            for chunk in (7, 500):
                numbers = [row.trial for row in store.iter_trials(run, start=3, chunk=chunk)]
                assert numbers == list(range(3, 60)), f"chunks of {chunk} gave {numbers}"
                numbers = [row.trial for row in store.iter_candidates(run, start=3, chunk=chunk)]
                assert numbers == list(range(3, 60)), f"chunks of {chunk} gave {numbers}"

    @check("store.results")
    def test_results_are_those_of_the_store_in_memory(self) -> None:
        """A recorded run has the counts and the leaderboard that it has in memory."""
        made = RecordedRun(outcome=_outcome)
        with InMemoryRunStore() as memory, self._store() as store:
            expected = _summary(BenchmarkResult(memory, made.record(memory)))
            found = _summary(BenchmarkResult(store, made.record(store)))
            assert found == expected, f"in memory {expected!r:.400}, here {found!r:.400}"

    @check("store.unknown_run")
    def test_a_run_that_is_not_there_is_a_storage_error(self) -> None:
        """A run that the store does not have is a StorageError; `find_run` gives None."""
        with self._store() as store:
            assert store.find_run("f" * 64) is None, "a run was found that nobody wrote"
            row = _raised(lambda: store.run("f" * 64))
            assert isinstance(row, StorageError), f"an unknown run gave {row!r}"

    @check("store.read_only")
    def test_a_store_opened_for_reading_is_never_written(self) -> None:
        """Opened for reading it reads and refuses to write; where no store is, it makes none."""
        with _folder() as folder:
            absent = _raised(lambda: self.open(folder, read_only=True))
            assert isinstance(absent, StorageError), f"a store that is not there gave {absent!r}"
            with self.open(folder) as store:
                _run(store)
            with self.open(folder, read_only=True) as store:
                assert len(store.runs()) == 1, "the run cannot be read"
                refused = _raised(lambda: store.append([planned("another")]))
                assert isinstance(refused, StorageError), f"writing gave {refused!r}"

    @check("store.two_writers")
    def test_two_writers_lose_nothing(self) -> None:
        """A second writer is refused with a StorageError, or its writes are kept too."""
        with _folder() as folder, self.open(folder) as first:
            _run(first)
            try:
                second = self.open(folder)
            except StorageError:
                return
            with second:
                second.append([planned("second")])
            names = sorted(first.manifest(row)["name"] for row in first.runs())
            assert names == ["kit", "second"], f"after two writers wrote, the runs are {names}"

    @check("store.concurrent")
    def test_threads_may_append_at_once(self) -> None:
        """Threads that append at once lose nothing, and every event has a number of its own."""
        with self._store() as store, ThreadPoolExecutor(8) as pool:
            run = _run(store, count=200)
            asked = [pool.submit(store.append, [recorded(run, number)]) for number in range(200)]
            seqs = [seq for future in asked for seq in future.result(self.patience)]
            assert len(set(seqs)) == 200, f"200 candidates have {len(set(seqs))} numbers"
            found = store.known(candidate_key(number) for number in range(200))
            assert len(found) == 200, f"of 200 candidates {len(found)} are stored"

    @check("store.crash")
    def test_a_killed_writer_loses_nothing_that_was_acknowledged(self) -> None:
        """After a writer was killed, the store opens and has all that was acknowledged."""
        with _folder() as folder:
            acknowledged = self._killed(folder)
            with self.open(folder) as store:
                found = store.known(candidate_key(number) for number in range(ACKNOWLEDGED * 5))
                lost = [number for number in acknowledged if candidate_key(number) not in found]
                assert not lost, f"acknowledged and lost: {lost}"
                assert len(store.events(list(found.values()))) == len(found), "events are broken"
                [run] = store.runs()
                store.append([recorded(run.id, ACKNOWLEDGED * 5 - 1)])

    @check("store.migration")
    def test_a_store_of_the_previous_schema_is_read_and_written(self) -> None:
        """A store in the previous schema opens, keeps its runs, and takes new ones."""
        with _folder() as folder:
            settings = self.previous(folder)
            needs(settings is not None, "no store in a previous schema is given")
            with self._opened(settings) as store:
                before = len(store.runs())
                assert before, "the previous store has no run"
                store.append([planned("new")])
                assert len(store.runs()) == before + 1, "the new run is not there"

    @check("store.close")
    def test_closing_twice_is_fine(self) -> None:
        """`close()` may be called twice."""
        with _folder() as folder:
            store = self.open(folder)
            store.close()
            store.close()

    @check("store.config", level="static")
    def test_an_unknown_setting_is_refused(self) -> None:
        """A setting that does not exist is refused."""
        needs(self.component.config_model, "it declares no config model")
        with _folder() as folder:
            self.refuses_unknown(self.place(folder))

    def open(self, folder: Path, *, read_only: bool = False) -> RunStore:
        """The store in `folder`, made where there is none yet."""
        return self._opened(self.place(folder), read_only=read_only)

    def _opened(self, settings: Any, **options: Any) -> RunStore:
        config = self.component.configure(settings)
        opener = self.component.load()
        store: RunStore = opener(config, **{key: on for key, on in options.items() if on})
        return store

    @contextmanager
    def _store(self) -> Iterator[RunStore]:
        with _folder() as folder, self.open(folder) as store:
            yield store

    def _killed(self, folder: Path) -> list[int]:
        """Have a process write and be killed; what was acknowledged to it."""
        needs(self.component.registration.local is None, "it exists in this process only")
        given = {
            "path": sys.path,
            "config": self.component.config_model,
            "implementation": self.component.implementation,
            "settings": dict(self.place(folder)),
        }
        done = subprocess.run(
            [sys.executable, "-m", "themis.testing.kits.events"],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            check=False,
        )
        numbers = [int(line) for line in done.stdout.split()]
        assert len(numbers) == ACKNOWLEDGED, f"the writer failed by itself: {done.stderr[-800:]}"
        return numbers


@contextmanager
def _folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="themis-kit-") as name:
        yield Path(name) / "store"


def _run(store: RunStore, *, count: int = 20) -> int:
    [run] = store.append([planned()])
    store.append(trials(run, count))
    return run


def _outcome(cell: RecordedCell) -> float | None:
    if cell.item_id == "i3" and cell.model == "beta":
        return None
    return float(cell.model == "alpha")


def _summary(result: BenchmarkResult) -> Any:
    return [result.counts(), result.leaderboard()]


def _raised(call: Any) -> Any:
    """What a call raises, or gives."""
    try:
        return call()
    except NotApplicableError:
        raise
    except Exception as problem:  # noqa: BLE001 (told apart by the check)
        return problem
