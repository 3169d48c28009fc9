"""Runs in one file of JSON lines, which any editor, `grep` and `jq` can read."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from themis.plugin import ErrorCode, StorageError
from themis.records.canonical import canonical_bytes, decode
from themis.storage import Event, InMemoryRunStore, Item, WriterLock

from {{ cookiecutter.__package }}.entries import Entry
from {{ cookiecutter.__package }}.journal import Journal

__all__ = ["JournalStore", "JournalStoreConfig"]

_AT_ONCE = 500
_WAITING = 1_000


class JournalStoreConfig(BaseModel):
    """The further fields of a project's `storage`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    root_dir: str = Field("runs", description="The store's folder, seen from the project's.")
    base_dir: str = Field(".", description="The project's folder; Themis fills it in.")


class JournalStore(InMemoryRunStore):
    """Keeps what is appended in `journal.jsonl`, and what is derived of it in memory.

    Opening it reads the whole file: it is for runs that a person looks into, not for millions of
    samples. One process writes it at a time; one that opened it for reading sees what was there
    then.

    Raises:
        StorageError: another process is writing it, it was changed, or it is not there to be read.
    """

    def __init__(self, config: JournalStoreConfig, *, read_only: bool = False) -> None:
        folder = Path(config.base_dir, config.root_dir).expanduser()
        self._journal = Journal(folder / "journal.jsonl")
        self._queue: queue.Queue[Entry | None] = queue.Queue(_WAITING)
        self._handing_over = threading.Lock()
        self._refusal = f"the store in {folder} is open for reading only" if read_only else ""
        self._failure: StorageError | None = None
        self._last_seq, self._known_items = 0, set[bytes]()
        with ExitStack() as opened:
            if not read_only:
                opened.callback(_locked(folder).release)
            super().__init__(place=str(folder))
            opened.callback(super().close)
            self._replay(read_only=read_only)
            self._thread = threading.Thread(target=self._write, name="journal", daemon=True)
            if not read_only:
                self._journal.start()
                opened.callback(self._journal.close)
                self._thread.start()
                opened.callback(self._stop)
            self._opened = opened.pop_all()

    @property
    def read_only(self) -> bool:
        """Whether writing is refused."""
        return bool(self._refusal)

    def append(self, events: Sequence[Event], *, items: Sequence[Item] = ()) -> tuple[int, ...]:
        """Append and return the events' numbers once they are on the disk."""
        return self.submit(events, items=items).result()

    def submit(
        self, events: Sequence[Event], *, items: Sequence[Item] = ()
    ) -> Future[tuple[int, ...]]:
        """`append` without waiting; blocks only while a thousand others wait."""
        return self._hand_over(Entry(events, items))

    async def submit_async(
        self, events: Sequence[Event], *, items: Sequence[Item] = ()
    ) -> asyncio.Future[tuple[int, ...]]:
        """`submit` for coroutines; await what it returns for durability."""
        entry = Entry(events, items)
        try:
            self._hand_over(entry, block=False)
        except queue.Full:
            await asyncio.to_thread(self._hand_over, entry)
        return asyncio.wrap_future(entry.future)

    def save_progress(self, run_id: str, payload: Any) -> None:
        """Keep a run's latest progress; does not wait for the disk."""
        self._hand_over(Entry(progress={run_id: decode(canonical_bytes(payload))}))

    def flush(self) -> None:
        """Return once all that was submitted is on the disk or has failed."""
        self.append(())

    def close(self) -> None:
        """Write what waits and let go of the file; may be called twice."""
        self._opened.close()

    def _stop(self) -> None:
        with self._handing_over:
            self._refusal = f"the store in {self.place} is closed"
            self._queue.put(None)
        self._thread.join()

    def _hand_over(self, entry: Entry, *, block: bool = True) -> Future[tuple[int, ...]]:
        with self._handing_over:
            if self._refusal:
                raise StorageError(self._refusal, code=ErrorCode.STORAGE_WRITE)
            self._queue.put(entry, block=block)
        return entry.future

    def _replay(self, *, read_only: bool) -> None:
        """Bring what is in memory to where the journal is."""
        try:
            entries = map(Entry.of, self._journal.read())
            while some := list(islice(entries, _AT_ONCE)):
                for entry, numbers in zip(some, self._applied(some), strict=True):
                    self._note(entry, numbers.result())
        except FileNotFoundError as problem:
            if read_only:
                msg = f"there is no store in {self.place}; run a benchmark into it first"
                raise StorageError(msg) from problem

    def _write(self) -> None:
        """The thread that writes: takes all that waits, and puts it on the disk together."""
        while (first := self._queue.get()) is not None:
            group = [first, *self._waiting()]
            self._commit([entry for entry in group if entry is not None])
            if group[-1] is None:
                return

    def _waiting(self) -> Iterator[Entry | None]:
        with suppress(queue.Empty):
            while True:
                yield self._queue.get_nowait()

    def _commit(self, group: Sequence[Entry]) -> None:
        """Apply the entries in memory, which refuses what does not fit; write; then answer."""
        applied = self._applied(group)
        fitting = [
            (entry, numbers.result())
            for entry, numbers in zip(group, applied, strict=True)
            if numbers.exception() is None
        ]
        self._put_down([document for pair in fitting if (document := self._note(*pair))])
        for entry, numbers in zip(group, applied, strict=True):
            problem = numbers.exception() or self._failure
            if problem is None:
                entry.future.set_result(numbers.result())
            else:
                entry.future.set_exception(problem)

    def _put_down(self, documents: Sequence[Any]) -> None:
        """Write to the disk; once that failed, nothing more is written."""
        try:
            if self._failure is None:
                self._journal.append(documents)
        except OSError as problem:
            msg = f"the store in {self.place} cannot be written: {problem}; open it again"
            self._failure = StorageError(msg, code=ErrorCode.STORAGE_WRITE)

    def _applied(self, group: Sequence[Entry]) -> list[Future[tuple[int, ...]]]:
        """The numbers of the entries' events, or why they do not fit, from the store in memory."""
        applied = []
        for entry in group:
            applied.append(super().submit(entry.events, items=entry.items))
            for run_id, progress in entry.progress.items():
                super().save_progress(run_id, progress)
        super().flush()
        return applied

    def _note(self, entry: Entry, numbers: Sequence[int]) -> dict[str, Any]:
        """What of the entry is not in the journal yet."""
        numbered = zip(entry.events, numbers, strict=True)
        new = Entry(
            [event for event, seq in numbered if seq > self._last_seq],
            [item for item in entry.items if item.item_hash not in self._known_items],
            entry.progress,
        )
        self._last_seq = max(self._last_seq, *numbers, 0)
        self._known_items.update(item.item_hash for item in new.items)
        return new.document()


def _locked(folder: Path) -> WriterLock:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return WriterLock(folder / "writer.lock")
    except OSError as problem:
        msg = f"the store in {folder} cannot be written: {problem}"
        raise StorageError(msg, code=ErrorCode.STORAGE_WRITE) from problem
