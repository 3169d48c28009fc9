"""Requests and tokens a minute: no window of a minute ever holds more than the limit.

pyrate-limiter was measured and left aside: it cannot replace a call's estimated tokens by its true
usage, keeps one list entry per token (48 us for a call of 2,000), and its waiters poll its own
clock in no order, where these wait in the run's queue.
"""

from __future__ import annotations

from collections import deque

__all__ = ["RateWindow", "Reservation"]


class Reservation:
    """What one call takes of a window, from the moment it starts."""

    __slots__ = ("at", "counted", "weight")

    def __init__(self, at: float, weight: float) -> None:
        self.at = at
        self.weight = weight
        self.counted = True


class RateWindow:
    """A sliding log of what was taken in the last `seconds`."""

    __slots__ = ("_log", "_seconds", "_total", "limit")

    def __init__(self, limit: float, *, seconds: float = 60.0) -> None:
        self.limit = limit
        self._seconds = seconds
        self._log: deque[Reservation] = deque()
        self._total = 0.0

    def opens_at(self, now: float, weight: float) -> float:
        """When `weight` fits. More than the limit fits when the window is empty."""
        self._expire(now)
        excess = self._total + min(weight, self.limit) - self.limit
        if excess <= 0:
            return now
        for entry in self._log:
            excess -= entry.weight
            if excess <= 0:
                return entry.at + self._seconds
        return now

    def reserve(self, now: float, weight: float) -> Reservation:
        """Take `weight` from now on."""
        entry = Reservation(now, weight)
        self._log.append(entry)
        self._total += weight
        return entry

    def settle(self, entry: Reservation, weight: float) -> None:
        """Replace an estimate by what was used; one that has left the window stays as it was."""
        if entry.counted:
            self._total += weight - entry.weight
            entry.weight = weight

    def _expire(self, now: float) -> None:
        log = self._log
        while log and log[0].at + self._seconds <= now:
            entry = log.popleft()
            entry.counted = False
            self._total -= entry.weight
