"""A circuit breaker per provider: a dead one costs a few calls, not one per item.

Own code rather than purgatory: that one reads the wall clock, lets every waiting call through when
it half-opens, and raises one shared exception object.
"""

from __future__ import annotations

import enum
import math

from themis.errors import ErrorCode, ThemisError
from themis.runtime.limits.slots import Permit

__all__ = ["BreakerState", "CircuitBreaker"]

_UNREACHABLE = frozenset({ErrorCode.PROVIDER_UNAVAILABLE, ErrorCode.PROVIDER_TIMEOUT})
_ANSWERS = frozenset(
    {ErrorCode.PROVIDER_RATE_LIMIT, ErrorCode.SCHEMA_MISMATCH, ErrorCode.PARSE_ERROR}
)


class BreakerState(enum.StrEnum):
    """`given_up` is final for the run: what is left fails at once, and a resume tries again."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    GIVEN_UP = "given_up"


_CLOSED = BreakerState.CLOSED  # to look up an enum's member takes ten times as long as a name


class CircuitBreaker:
    """Opens after `threshold` failures in a row, counted as calls end, whoever made them.

    While it is open, calls wait. After the cool-down one of them goes out as a probe: an answer
    closes the breaker, a failure doubles the cool-down. After `probes` failed ones in a row the
    provider is given up. A provider that refuses the credentials is given up without probes. Until
    the first answer (or for `first_answer_seconds`) no more than `threshold` calls are made at all.
    """

    __slots__ = (
        "_cap", "_cooldown", "_failures", "_first_answer", "_first_start", "_in_flight", "_probes",
        "_probes_failed", "_reopens_at", "_threshold", "answered", "last_error", "state",
    )  # fmt: skip

    def __init__(
        self,
        threshold: int,
        *,
        cooldown: float,
        cooldown_cap: float,
        probes: int,
        first_answer_seconds: float,
    ) -> None:
        self._threshold = threshold
        self._cooldown = cooldown
        self._cap = cooldown_cap
        self._probes = probes
        self._first_answer = first_answer_seconds
        self._first_start = math.inf
        self._in_flight = 0
        self._failures = 0
        self._probes_failed = 0
        self._reopens_at = 0.0
        self.answered = False
        self.last_error: ThemisError | None = None
        self.state = BreakerState.CLOSED

    def opens_at(self, now: float) -> float:
        """When a call may start."""
        if self.state is _CLOSED:
            if self.answered or self._in_flight + self._failures < self._threshold:
                return now
            return self._first_start + self._first_answer
        return self._reopens_at if self.state is BreakerState.OPEN else math.inf

    def enter(self, permit: Permit) -> None:
        """A call starts; on an open breaker it is the probe."""
        self._in_flight += 1
        if self._first_start == math.inf:
            self._first_start = permit.started
        if self.state is not _CLOSED and self.state is BreakerState.OPEN:
            self.state = BreakerState.HALF_OPEN
            permit.probing = True

    def leave(self) -> None:
        """A call has ended, however it did."""
        self._in_flight -= 1

    def forget(self, permit: Permit) -> None:
        """A call ended and showed nothing: if it was the probe, the next one in line is."""
        if self.state is BreakerState.HALF_OPEN and permit.probing:
            self.state = BreakerState.OPEN

    def succeeded(self) -> None:
        """The provider answered (be it with a refusal): it is reachable."""
        self.answered = True
        self._failures = 0
        if self.state is not _CLOSED and self.state is not BreakerState.GIVEN_UP:
            self.state = _CLOSED
            self._probes_failed = 0

    def failed(self, error: ThemisError, permit: Permit, now: float) -> None:
        """A call failed.

        Some errors show that the provider is reachable; one that is not worth a retry says
        something of the item alone, and nothing of the provider.
        """
        if error.code is ErrorCode.PROVIDER_AUTH:
            self._count(error, permit, now, final=True)
        elif error.code in _UNREACHABLE and getattr(error, "retryable", False):
            self._count(error, permit, now, final=False)
        elif error.code in _ANSWERS:
            self.succeeded()
        else:
            self.forget(permit)

    def give_up(self, error: ThemisError) -> None:
        """Let no further call out."""
        self.last_error = error
        self.state = BreakerState.GIVEN_UP

    def _count(self, error: ThemisError, permit: Permit, now: float, *, final: bool) -> None:
        self.last_error = error
        if self.state is BreakerState.CLOSED:
            self._failures += 1
            if self._failures >= self._threshold:
                self._open(now, final=final)
        elif self.state is BreakerState.HALF_OPEN and permit.probing:
            self._probes_failed += 1
            self._open(now, final=final or self._probes_failed >= self._patience())

    def _open(self, now: float, *, final: bool) -> None:
        self.state = BreakerState.GIVEN_UP if final else BreakerState.OPEN
        wait = min(self._cap, self._cooldown * 2.0**self._probes_failed)
        self._reopens_at = now + wait

    def _patience(self) -> int:
        return self._probes if self.answered else max(1, self._probes // 2)
