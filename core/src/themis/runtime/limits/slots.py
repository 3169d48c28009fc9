"""How many calls may be in flight: a fixed number, or one that finds the provider's own limit."""

from __future__ import annotations

import math
from typing import Protocol

__all__ = ["AdaptiveSlots", "Limit", "Permit", "Slots"]


class Permit:
    """The right to make one call now; given back when the call ends.

    `serial` counts the permits of one provider, so that an answer can be told from one to a call
    that started before the limits last changed. `probing`: it is the call that tries out whether
    a provider answers again.
    """

    __slots__ = ("probing", "reserved", "serial", "started")

    def __init__(self, started: float) -> None:
        self.started = started
        self.serial = 0
        self.probing = False
        self.reserved: object = None


class Limit(Protocol):
    """One thing a call may have to wait for. Times are the event loop's."""

    def opens_at(self, now: float, tokens: int) -> float:
        """When a call may start: at most `now` if at once, inf if only when another one ends."""
        ...

    def enter(self, permit: Permit, tokens: int) -> None:
        """A call starts."""
        ...

    def leave(self, permit: Permit) -> None:
        """That call has ended."""
        ...


class Slots:
    """At most `limit` calls in flight."""

    __slots__ = ("in_flight", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.in_flight = 0

    def opens_at(self, now: float, tokens: int) -> float:  # noqa: ARG002 (Limit)
        """At once while a slot is free."""
        return now if self.in_flight < self.limit else math.inf

    def enter(self, permit: Permit, tokens: int) -> None:  # noqa: ARG002
        """Take a slot."""
        self.in_flight += 1

    def leave(self, permit: Permit) -> None:  # noqa: ARG002
        """Give the slot back."""
        self.in_flight -= 1


class AdaptiveSlots(Slots):
    """Slots whose number follows the provider's refusals, from `ceiling` down and up again.

    Additive increase, multiplicative decrease, with three restraints. A refusal is paid for before
    the limit that caused it is tried again: by `SUCCESSES_PER_REFUSAL` successes, and by
    `PAUSE_SHARE` times as long as the provider made everyone wait; so refusals and pauses each cost
    about 3 % at most, however small the hidden limit is. And once a provider has refused a call,
    starts are spread over the duration of a call, so that the end of a pause is no new burst.
    """

    __slots__ = (
        "_answered", "_balance", "_ceiling", "_cut_serial", "_exact", "_hold_until", "_latency",
        "_next_start", "_refused_at",
    )  # fmt: skip

    CUT = 0.95
    SUCCESSES_PER_REFUSAL = 33
    PAUSE_SHARE = 33.0
    SPREAD = 0.7

    def __init__(self, ceiling: int) -> None:
        super().__init__(ceiling)
        self._ceiling = ceiling
        self._exact = float(ceiling)
        self._refused_at = math.inf
        self._cut_serial = 0
        self._hold_until = -math.inf
        self._balance = 0
        self._answered = False
        self._latency = 0.0
        self._next_start = -math.inf

    def opens_at(self, now: float, tokens: int) -> float:  # noqa: ARG002
        """When a slot is free and the last start long enough ago."""
        if self.in_flight >= self.limit:
            return math.inf
        return max(now, self._next_start)

    def enter(self, permit: Permit, tokens: int) -> None:  # noqa: ARG002
        """Take a slot."""
        self.in_flight += 1
        if self._refused_at < math.inf:
            self._next_start = permit.started + self.SPREAD * self._latency / self._exact

    def succeeded(self, permit: Permit, now: float) -> None:
        """A call was answered: grow, unless the limit is not what holds the calls back."""
        duration = now - permit.started
        self._latency += (duration - self._latency) * (0.1 if self._latency else 1.0)
        if self._exact >= self._ceiling:
            return
        self._balance += 1
        self._answered = True
        if self.in_flight > self.limit / 2:
            self._grow(now)

    def refused(self, permit: Permit, last_serial: int, now: float, pause: float) -> None:
        """The provider refused a call for its rate, and asked to wait `pause` seconds (or 0).

        The refusals of calls that were in flight together count as one event: the first takes 5 %,
        and each one a slot, since it was a slot too many. A provider that answers nothing at all
        between two events tells nothing of its limit: what was known before stands.
        """
        if permit.serial > self._cut_serial:
            self._cut_serial = last_serial
            if self._answered or self._refused_at == math.inf:
                self._refused_at = self._exact
            self._exact *= self.CUT
            self._balance = 0
            self._answered = False
        too_many = self.limit if self._latency else self.in_flight
        self._exact = max(1.0, min(self._exact, too_many - 1.0))
        self._balance -= self.SUCCESSES_PER_REFUSAL
        self._hold_until = max(self._hold_until, now + self.PAUSE_SHARE * pause)
        self.limit = int(self._exact)

    def _grow(self, now: float) -> None:
        known = self._refused_at
        step = 1.0 if self._exact < known / 2 else 1.0 / self._exact
        if self._exact + step > known - 1.0 and (self._balance < 0 or now < self._hold_until):
            return
        self._exact = min(self._exact + step, float(self._ceiling))
        self.limit = int(self._exact)
