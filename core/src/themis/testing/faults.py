"""Faults a model server can have, and schedules that say which request gets which.

A fault turns the reply a request would have had into a script of what happens instead. Schedules
are plain functions from a `Call` to a fault or None, so a test may write its own.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Protocol

import attrs

from themis.testing.loopback import Ending, Script, response_head
from themis.testing.openai_wire import json_bytes

__all__ = [
    "Call",
    "DroppedConnection",
    "Fault",
    "MidStreamDisconnect",
    "NeverAnswers",
    "NotJson",
    "RateLimited",
    "Reply",
    "Schedule",
    "Slow",
    "StatusError",
    "TruncatedBody",
    "WrongShape",
    "always",
    "at_rates",
    "first_attempts",
    "in_order",
]


class Call:
    """One request the server received. `attempt` counts equal bodies from 0, `index` all calls."""

    def __init__(
        self, *, index: int, attempt: int, path: str, headers: Mapping[str, str], raw: bytes
    ) -> None:
        self.index = index
        self.attempt = attempt
        self.path = path
        self.headers = headers
        self.raw = raw
        self.fault: Fault | None = None

    @cached_property
    def body(self) -> dict[str, Any]:
        """The request's JSON body."""
        value: dict[str, Any] = json.loads(self.raw)
        return value


@attrs.frozen(slots=True, kw_only=True)
class Reply:
    """A reply as it would have been: `pieces` are a body, or the events of a stream."""

    pieces: tuple[bytes, ...]
    headers: Mapping[str, str]
    streamed: bool = False
    latency: float = 0.0
    gap: float = 0.0

    def script(self) -> Script:
        """The reply as it should be."""
        if self.streamed:
            steps = [step for piece in self.pieces for step in (_chunk(piece), self.gap)]
            return (self.latency, self.head(), *steps, _chunk(b""))
        return (self.latency, self.head() + self.pieces[0])

    def head(self) -> bytes:
        """The head of a 200."""
        if self.streamed:
            kind = {"content-type": "text/event-stream", "transfer-encoding": "chunked"}
            return response_head(200, {**self.headers, **kind})
        return self.head_for(self.pieces[0])

    def head_for(self, body: bytes, *, status: int = 200) -> bytes:
        """The head of a response with `body`."""
        kind = {"content-type": "application/json", "content-length": str(len(body))}
        return response_head(status, {**self.headers, **kind})


class Fault(Protocol):
    """Anything that makes a script out of a reply."""

    def script(self, reply: Reply) -> Script:
        """What happens instead of `reply`."""
        ...


Schedule = Callable[[Call], Fault | None]


@attrs.frozen(slots=True)
class StatusError:
    """An error status, with the body OpenAI would send, or `body` (bytes are sent as they are)."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    message: str = "injected fault"
    error_type: str = "server_error"
    error_code: str | None = None
    body: bytes | None = None

    def script(self, reply: Reply) -> Script:
        body = self.body
        if body is None:
            body = json_bytes({"error": self._error()})
        head = reply.head_for(body, status=self.status)
        extra = "".join(f"{name}: {value}\r\n" for name, value in self.headers)
        return (reply.latency, head[:-2] + extra.encode() + b"\r\n" + body)

    def _error(self) -> dict[str, Any]:
        code, kind = self.error_code, self.error_type
        return {"message": self.message, "type": kind, "param": None, "code": code}


def RateLimited(retry_after: float | str | None = None) -> StatusError:  # noqa: N802 (reads as its kin)
    """A 429; `retry_after` is seconds, or the header's text (an HTTP date)."""
    headers = () if retry_after is None else (("retry-after", str(retry_after)),)
    return StatusError(429, headers, "rate limit reached", "requests", "rate_limit_exceeded")


@attrs.frozen(slots=True)
class NeverAnswers:
    """The request is read, and nothing follows."""

    def script(self, reply: Reply) -> Script:  # noqa: ARG002
        return (Ending.HOLD,)


@attrs.frozen(slots=True)
class Slow:
    """The right reply, `seconds` later than usual."""

    seconds: float

    def script(self, reply: Reply) -> Script:
        return (float(self.seconds), *reply.script())


@attrs.frozen(slots=True)
class TruncatedBody:
    """Half of the body, though the head announced all of it; a stream ends within an event."""

    def script(self, reply: Reply) -> Script:
        body = b"".join(reply.pieces)
        half = body[: len(body) // 2]
        sent = _chunk(half) if reply.streamed else half
        return (reply.latency, reply.head() + sent, Ending.CLOSE)


@attrs.frozen(slots=True)
class NotJson:
    """A 200 whose body is no JSON, as a proxy's error page is."""

    body: bytes = b"<html><body>Bad gateway</body></html>"

    def script(self, reply: Reply) -> Script:
        return (reply.latency, reply.head_for(self.body) + self.body)


@attrs.frozen(slots=True)
class WrongShape:
    """A 200 whose JSON is not what the API promises."""

    body: bytes = b'{"object": "chat.completion", "choices": []}'

    def script(self, reply: Reply) -> Script:
        return (reply.latency, reply.head_for(self.body) + self.body)


@attrs.frozen(slots=True)
class DroppedConnection:
    """The connection goes away, before the head or right after it."""

    after_headers: bool = False

    def script(self, reply: Reply) -> Script:
        if self.after_headers:
            return (reply.latency, reply.head(), Ending.CLOSE)
        return (reply.latency, Ending.RESET)


@attrs.frozen(slots=True)
class MidStreamDisconnect:
    """A stream that ends after `events` of its events."""

    events: int = 2

    def script(self, reply: Reply) -> Script:
        sent = (_chunk(piece) for piece in reply.pieces[: self.events])
        return (reply.latency, reply.head(), *sent, Ending.CLOSE)


def always(fault: Fault) -> Schedule:
    """Every request gets `fault`."""
    return lambda call: fault  # noqa: ARG005


def in_order(*faults: Fault | None) -> Schedule:
    """The first request gets the first entry, and so on; None and later requests go well."""
    return lambda call: faults[call.index] if call.index < len(faults) else None


def first_attempts(fault: Fault, *, times: int = 1) -> Schedule:
    """Each body gets `fault` the first `times` it arrives, and then goes well."""
    return lambda call: fault if call.attempt < times else None


def at_rates(rates: Mapping[Fault, float], *, seed: int = 0) -> Schedule:
    """Each fault at its rate. The choice depends on seed, body and attempt, never on the order."""
    table = tuple(rates.items())

    def choose(call: Call) -> Fault | None:
        draw = random.Random(b"%d:%d:%b" % (seed, call.attempt, call.raw)).random()  # noqa: S311
        for fault, rate in table:
            draw -= rate
            if draw < 0:
                return fault
        return None

    return choose


def _chunk(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)
