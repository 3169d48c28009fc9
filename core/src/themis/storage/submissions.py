"""What waits to be written: a bounded queue that hands out groups, and how its futures settle."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import defaultdict, deque
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import attrs

from themis.errors import ErrorCode, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from themis.storage.events import Event
    from themis.storage.items import Item
    from themis.storage.leases import Lease

__all__ = ["Limits", "Outcome", "Seqs", "Submission", "SubmissionQueue", "settle"]

Seqs = tuple[int, ...]
Outcome = Seqs | Exception


@attrs.define(slots=True, eq=False)
class Submission:
    """Events and items that are committed together, and the future that hears of it.

    `count` is how many rows it counts as (never 0), `size` the bytes of all payloads. Under a
    `lease` it is only written while that lasts.
    """

    events: Sequence[Event]
    items: Sequence[Item]
    future: Future[Seqs] | asyncio.Future[Seqs]
    count: int = attrs.field(init=False)
    size: int = attrs.field(init=False)
    lease: Lease | None = None

    def __attrs_post_init__(self) -> None:
        size = sum([len(event.payload) for event in self.events])
        if self.items:
            size += sum(len(item.data) for item in self.items)
        self.count = len(self.events) + len(self.items) or 1
        self.size = size


@attrs.frozen(slots=True, kw_only=True)
class Limits:
    """When a group is full (`group_*`) and when submitters have to wait (`waiting_*`).

    `retry_after` holds the waits, in seconds, after which a busy database is tried again.
    """

    interval: float = 0.005
    group_count: int = 1000
    group_bytes: int = 16 * 2**20
    waiting_count: int = 4000
    waiting_bytes: int = 64 * 2**20
    retry_after: tuple[float, ...] = (0.05, 0.2, 0.5, 1.0)


class SubmissionQueue:
    """Submissions in order. Threads block for room; coroutines await it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._waiting: deque[Submission] = deque()
        self._count = 0
        self._bytes = 0
        self._first_at = 0.0
        self._hurry = False
        self._closed_because: str | None = None
        self._want_room: list[asyncio.Future[None]] = []

    def put(self, submission: Submission, *, hurry: bool = False) -> None:
        """Queue a submission, blocking while there is no room; `hurry` ends the group's wait."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._has_room())
            self._add(submission, hurry=hurry)

    def room_for(self, submission: Submission) -> asyncio.Future[None] | None:
        """Queue a submission from an event loop; when there is no room, what to await first."""
        with self._lock:
            if self._is_closed or self._has_room():
                self._add(submission, hurry=False)
                return None
            room: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._want_room.append(room)
            return room

    def hurry(self) -> None:
        """Hand out what waits at once, an empty group if nothing does."""
        with self._changed:
            self._refuse_if_closed()
            self._hurry = True
            self._changed.notify_all()

    def close(self, reason: str) -> None:
        """Refuse further submissions with `reason`; what waits is still handed out."""
        with self._changed:
            self._closed_because = self._closed_because or reason
            self._changed.notify_all()

    def take(self, *, not_before: float = 0.0) -> list[Submission] | None:
        """The next group, once it is full, due or hurried; None when closed and empty.

        It is due when its first submission has waited for the interval, but `not_before` a moment
        of the monotonic clock.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._hurry or self._is_closed)
            if self._is_closed and not (self._waiting or self._hurry):
                return None
            due = max(self._first_at + self._limits.interval, not_before)
            while not self._ready() and (left := due - time.monotonic()) > 0:
                self._changed.wait(left)
            group = self._pop()
            self._changed.notify_all()
            rooms, self._want_room = self._want_room, []
        settle((room, None) for room in rooms)
        return group

    @property
    def _is_closed(self) -> bool:
        return self._closed_because is not None

    def _has_room(self) -> bool:
        limits = self._limits
        return self._count < limits.waiting_count and self._bytes < limits.waiting_bytes

    def _add(self, submission: Submission, *, hurry: bool) -> None:
        self._refuse_if_closed()
        if not self._waiting:
            self._first_at = time.monotonic()
        self._waiting.append(submission)
        self._count += submission.count
        self._bytes += submission.size
        self._hurry = self._hurry or hurry
        if len(self._waiting) == 1 or self._ready():
            self._changed.notify_all()

    def _refuse_if_closed(self) -> None:
        if self._closed_because is not None:
            raise StorageError(self._closed_because, code=ErrorCode.STORAGE_WRITE)

    def _ready(self) -> bool:
        full = self._count >= self._limits.group_count or self._bytes >= self._limits.group_bytes
        return full or self._hurry or self._is_closed

    def _pop(self) -> list[Submission]:
        group: list[Submission] = []
        count = size = 0
        while (
            self._waiting and count < self._limits.group_count and size < self._limits.group_bytes
        ):
            group.append(self._waiting.popleft())
            count += group[-1].count
            size += group[-1].size
        self._count -= count
        self._bytes -= size
        self._hurry = self._hurry and bool(self._waiting)
        self._first_at = time.monotonic()
        return group


def settle(outcomes: Iterable[tuple[Future[Any] | asyncio.Future[Any], Any]]) -> None:
    """Resolve futures from the writer's thread: asyncio's with one call per event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Any, Any]]] = defaultdict(list)
    for future, outcome in outcomes:
        if isinstance(future, Future):
            _resolve(future, outcome)
        else:
            by_loop[future.get_loop()].append((future, outcome))
    for loop, pairs in by_loop.items():
        # A loop that is closed has nobody left who waits.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_resolve_all, pairs)


def _resolve_all(pairs: list[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, outcome in pairs:
        _resolve(future, outcome)


def _resolve(future: Future[Any] | asyncio.Future[Any], outcome: Any) -> None:
    if future.done():  # cancelled by whoever waited
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
