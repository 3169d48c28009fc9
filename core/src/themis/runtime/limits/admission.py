"""Who starts next: calls wait in lanes, hold nothing while they wait, and start oldest first."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from collections.abc import Sequence

from themis.runtime.limits.slots import Limit, Permit

__all__ = ["Admission", "Lane"]


class Lane:
    """The calls that wait for the same limits; a call starts when all of them are open."""

    __slots__ = ("limits", "waiting")

    def __init__(self, limits: Sequence[Limit]) -> None:
        self.limits = tuple(limits)
        self.waiting: list[_Waiter] = []

    def opens_at(self, now: float, tokens: int) -> float:
        """When a call may start: at most `now` if at once."""
        latest = now
        for limit in self.limits:
            at = limit.opens_at(now, tokens)
            latest = max(latest, at)
        return latest

    def admit(self, now: float, tokens: int) -> Permit:
        """Take what every limit asks for."""
        permit = Permit(now)
        for limit in self.limits:
            limit.enter(permit, tokens)
        return permit


class _Waiter:
    """A call in a lane; ordered by its ticket."""

    __slots__ = ("future", "ticket", "tokens")

    def __init__(self, ticket: int, tokens: int, future: asyncio.Future[Permit | None]) -> None:
        self.ticket = ticket
        self.tokens = tokens
        self.future = future

    def __lt__(self, other: _Waiter) -> bool:
        return self.ticket < other.ticket


class Admission:
    """Admits the calls of one run. Used from one event loop; nothing here blocks or polls.

    All limits of a call are taken together or not at all, so no call holds one while it waits for
    another. Of the lanes that are open the one whose first call is oldest goes next; a retried call
    keeps its ticket and so its place. `waiting` is how many wait.
    """

    __slots__ = ("_lanes", "_paused", "_tickets", "_timer", "draining", "waiting")

    def __init__(self) -> None:
        self._lanes: list[Lane] = []
        self._paused: set[asyncio.Future[None]] = set()
        self._tickets = itertools.count()
        self._timer: asyncio.TimerHandle | None = None
        self.waiting = 0
        self.draining = False

    def lane(self, *limits: Limit) -> Lane:
        """A new lane behind these limits."""
        lane = Lane(limits)
        self._lanes.append(lane)
        return lane

    def ticket(self) -> int:
        """A call's place among all calls of the run."""
        return next(self._tickets)

    def try_enter(self, lane: Lane, tokens: int, now: float) -> Permit | None:
        """A permit if the call may start at once."""
        if lane.waiting or self.draining or lane.opens_at(now, tokens) > now:
            return None
        return lane.admit(now, tokens)

    async def enter(self, lane: Lane, tokens: int, ticket: int) -> Permit | None:
        """Wait for a permit; None if the lane was emptied, by `refuse` or `drain`."""
        if self.draining:
            return None
        future: asyncio.Future[Permit | None] = asyncio.get_running_loop().create_future()
        heapq.heappush(lane.waiting, _Waiter(ticket, tokens, future))
        self.waiting += 1
        self._pump()
        try:
            return await future
        except asyncio.CancelledError:
            self._give_back(lane, future)
            raise

    def leave(self, lane: Lane, permit: Permit) -> None:
        """A call has ended: give back what it held and let the next ones start."""
        for limit in lane.limits:
            limit.leave(permit)
        if self.waiting:
            self._pump()

    async def pause(self, seconds: float) -> None:
        """Wait, holding nothing, for `seconds` or until the run drains."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(seconds, _wake, future)
        self._paused.add(future)
        try:
            await future
        finally:
            timer.cancel()
            self._paused.discard(future)

    def refuse(self, limit: Limit) -> None:
        """Send everyone away who waits behind `limit`."""
        for lane in self._lanes:
            if limit in lane.limits:
                self._empty(lane)

    def drain(self) -> None:
        """Let no further call start."""
        self.draining = True
        for lane in self._lanes:
            self._empty(lane)
        for future in self._paused:
            _wake(future)

    def close(self) -> None:
        """Forget the timer."""
        if self._timer is not None:
            self._timer.cancel()

    def _give_back(self, lane: Lane, future: asyncio.Future[Permit | None]) -> None:
        if future.cancelled() or (permit := future.result()) is None:
            self._pump()  # the cancelled waiter may have been the one the timer was set for
        else:
            self.leave(lane, permit)

    def _empty(self, lane: Lane) -> None:
        for waiter in lane.waiting:
            if not waiter.future.done():
                waiter.future.set_result(None)
        self.waiting -= len(lane.waiting)
        lane.waiting.clear()

    def _pump(self) -> None:
        now = asyncio.get_running_loop().time()
        while self.waiting:
            lane, opens_at = self._next_lane(now)
            if lane is None:
                self._wake_at(opens_at)
                return
            waiter = heapq.heappop(lane.waiting)
            self.waiting -= 1
            waiter.future.set_result(lane.admit(now, waiter.tokens))

    def _next_lane(self, now: float) -> tuple[Lane | None, float]:
        best, earliest = None, math.inf
        for lane in self._lanes:
            self._drop_cancelled(lane)
            if not lane.waiting:
                continue
            opens_at = lane.opens_at(now, lane.waiting[0].tokens)
            if opens_at > now:
                earliest = min(earliest, opens_at)
            elif best is None or lane.waiting[0] < best.waiting[0]:
                best = lane
        return best, earliest

    def _drop_cancelled(self, lane: Lane) -> None:
        while lane.waiting and lane.waiting[0].future.done():
            heapq.heappop(lane.waiting)
            self.waiting -= 1

    def _wake_at(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = None if at == math.inf else loop.call_at(at, self._pump)


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
