"""The one thread that writes a store, and the ways to hand it events."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from themis.records.canonical import canonical_bytes
from themis.storage.submissions import Limits, Seqs, Submission, SubmissionQueue, settle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from themis.storage.events import Event
    from themis.storage.group_commit import GroupCommit
    from themis.storage.items import Item
    from themis.storage.leases import Lease

__all__ = ["EventWriter"]

_PAUSE_TIMES = 3.0
_LONGEST_PAUSE = 0.05


class EventWriter:
    """Commits what is submitted in groups: every 5 ms, or sooner when 1,000 events wait.

    Where a commit takes longer than a moment, the pause before the next one is three times as long
    (50 ms at most): fewer and larger groups cost less, and leave the run three quarters of a core.

    A future resolves to its events' numbers once they are durable, or to a StorageError (code
    `storage_write`) when none of them was stored.
    """

    def __init__(self, commits: GroupCommit, *, place: str, limits: Limits | None = None) -> None:
        self._commits = commits
        self._place = place
        self._queue = SubmissionQueue(limits or Limits())
        self._notes: dict[str, bytes] = {}
        self._notes_lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="themis-writer", daemon=True)
        self._thread.start()

    def submit(
        self,
        events: Sequence[Event],
        *,
        items: Sequence[Item] = (),
        hurry: bool = False,
        lease: Lease | None = None,
    ) -> Future[Seqs]:
        """Hand over events and items, to be committed together, under a lease if one is given.

        Blocks while the queue is full, so it is not for an event loop's thread. `hurry` does not
        wait for others to join the group.

        Raises:
            StorageError: the store is closed.
        """
        future: Future[Seqs] = Future()
        future.set_running_or_notify_cancel()  # what is queued is written, cancelled or not
        self._queue.put(Submission(events, items, future, lease), hurry=hurry)
        return future

    async def submit_async(
        self, events: Sequence[Event], *, items: Sequence[Item] = (), lease: Lease | None = None
    ) -> asyncio.Future[Seqs]:
        """`submit` for coroutines: returns once the queue had room, not yet durable.

        Await the returned future for durability.
        """
        future: asyncio.Future[Seqs] = asyncio.get_running_loop().create_future()
        submission = Submission(events, items, future, lease)
        while (room := self._queue.room_for(submission)) is not None:
            await room
        return future

    def note_progress(self, run_id: str, payload: Any) -> None:
        """Keep a run's latest progress; it is written at once, with whatever waits.

        Never blocks. Nobody hears of a failure: the next note, or the run's events, will show it.
        """
        with self._notes_lock:
            self._notes[run_id] = canonical_bytes(payload)
        self._queue.hurry()

    def flush(self) -> None:
        """Return once all that was submitted before is durable or has failed."""
        self.submit((), hurry=True).result()

    def close(self) -> None:
        """Commit what waits and end the thread; later submissions are refused. May be repeated."""
        self._queue.close(f"the store at {self._place} is closed")
        self._thread.join()

    def _run(self) -> None:
        rested = 0.0
        while (group := self._queue.take(not_before=rested)) is not None:
            with self._notes_lock:
                notes, self._notes = self._notes, {}
            started = time.monotonic()
            outcomes = self._commits.commit(group, notes)
            ended = time.monotonic()
            rested = ended + min(_LONGEST_PAUSE, _PAUSE_TIMES * (ended - started))
            settle(zip((one.future for one in group), outcomes, strict=True))
