"""Events: the append-only record of what happened, each with a hash of its whole row."""

from __future__ import annotations

import time
from hashlib import sha256
from struct import Struct
from typing import Any, Literal, get_args

import attrs

from themis.records.canonical import canonical_bytes, decode

__all__ = ["KINDS", "Event", "EventKind", "StoredEvent", "event_hash", "item_row_hash", "now_ms"]

EventKind = Literal[
    "run_planned",
    "run_continued",
    "run_judged",
    "trials_planned",
    "reused",
    "steps",
    "generated",
    "reduced",
    "evaluated",
    "withdrawn",
    "run_status",
]
KINDS: frozenset[str] = frozenset(get_args(EventKind))

_NUMBERS = Struct(">qqqhB")


def now_ms() -> int:
    """The time as events carry it: Unix milliseconds."""
    return time.time_ns() // 1_000_000


@attrs.frozen(slots=True)
class Event:
    """One event to append. `payload` is its canonical bytes.

    `run` is None for `run_planned`, which starts one, and for candidates imported for any run.
    `key` (32 bytes) is the artifact or candidate it is about; `at` is Unix milliseconds and only
    informs: order is `seq`, which the store gives. `source` is the value that was encoded, where
    it is at hand and will not change: it saves decoding the payload (7 us).
    """

    kind: EventKind
    run: int | None
    key: bytes | None
    payload: bytes
    at: int = attrs.field(factory=now_ms)
    source: Any = attrs.field(default=None, eq=False, repr=False)

    @classmethod
    def of(cls, kind: EventKind, value: Any, *, run: int | None, key: bytes | None = None) -> Event:
        """The event that records a JSON-like `value` now.

        Raises:
            TypeError: `value` holds something that is not JSON; the message names it.
        """
        return cls(kind, run, key, canonical_bytes(value))

    def value(self) -> Any:
        """The payload's value."""
        return decode(self.payload) if self.source is None else self.source


@attrs.frozen(slots=True)
class StoredEvent:
    """One event as it was read: its hash was right, and `value` is the decoded payload."""

    seq: int
    run: int | None
    kind: str
    key: bytes | None
    at: int
    value: Any


def event_hash(
    *,
    seq: int,
    run: int | None,
    kind: str,
    key: bytes | None,
    at: int,
    encoding: int,
    stored: bytes,
) -> bytes:
    """The SHA-256 of an event's whole row, as stored: any changed bit changes it."""
    numbers = _NUMBERS.pack(seq, run or 0, at, encoding, len(key or b""))
    return sha256(
        b"".join((b"themis-event/1\n", numbers, kind.encode(), b"\0", key or b"", stored))
    ).digest()


def item_row_hash(item_hash: bytes, encoding: int, stored: bytes) -> bytes:
    """The SHA-256 of an item's whole row, as stored."""
    return sha256(b"themis-item/1\n" + item_hash + b"%d\0" % encoding + stored).digest()
