"""One line: a JSON object whose last member is the SHA-256 of everything before it.

    {"seq":3,"run":1,"kind":"generated","key":"...","at":...,"last":true,"payload":{...},"sha256":"..."}
    {"item":"...","value":{...},"sha256":"..."}

A payload is written in Themis's canonical form, byte for byte: what JSON lacks is tagged there.
Events that were committed together end with one that is the `last` of them.
"""

from __future__ import annotations

import json
from hashlib import sha256

import attrs

from themis.storage import Item

__all__ = [
    "SEAL_BYTES",
    "EventLine",
    "LineError",
    "TornLineError",
    "item_line",
    "read_item",
    "seal_of",
]

_SEAL = b',"sha256":"%s"}\n'
SEAL_BYTES = len(_SEAL) - len(b"%s") + 64
_PAYLOAD = b',"payload":'
_ITEM = b'{"item":"'
_VALUE = b'","value":'


class LineError(ValueError):
    """A line is not as it was written."""


class TornLineError(LineError):
    """A line was written in part only, as a loss of power leaves it: with a hole, or no end."""


@attrs.frozen(slots=True)
class EventLine:
    """An event as a line has it; `payload` is its canonical bytes, `key` 32 bytes."""

    seq: int
    run: int | None
    kind: str
    key: bytes | None
    at: int
    payload: bytes
    last: bool = False

    def written(self) -> bytes:
        """The line."""
        head = {
            "seq": self.seq,
            "run": self.run,
            "kind": self.kind,
            "key": None if self.key is None else self.key.hex(),
            "at": self.at,
            "last": self.last,
        }
        start = json.dumps(head, separators=(",", ":")).encode()[:-1]
        return _sealed(start + _PAYLOAD + self.payload)

    @classmethod
    def read(cls, line: bytes) -> EventLine:
        """The event in a line.

        Raises:
            LineError: the line is not as it was written.
        """
        head, found, payload = _unsealed(line).partition(_PAYLOAD)
        if not found:
            msg = "it is no event"
            raise LineError(msg)
        fields = json.loads(head + b"}")
        key = fields["key"]
        return cls(
            fields["seq"],
            fields["run"],
            fields["kind"],
            None if key is None else bytes.fromhex(key),
            fields["at"],
            payload,
            fields["last"],
        )


def item_line(item_hash: bytes, data: bytes) -> bytes:
    """The line of an item, given its canonical bytes."""
    return _sealed(_ITEM + item_hash.hex().encode() + _VALUE + data)


def read_item(line: bytes) -> Item:
    """The item in a line.

    Raises:
        LineError: the line is not as it was written.
    """
    head, found, data = _unsealed(line).partition(_VALUE)
    if not found or not head.startswith(_ITEM):
        msg = "it is no item"
        raise LineError(msg)
    return Item(bytes.fromhex(head[len(_ITEM) :].decode()), data)


def seal_of(line: bytes) -> str:
    """The hash at the end of a line, or of its last `SEAL_BYTES`; it is not checked."""
    return line[-67:-3].decode("ascii", "replace")


def _sealed(body: bytes) -> bytes:
    return body + _SEAL % sha256(body).hexdigest().encode()


def _unsealed(line: bytes) -> bytes:
    """Everything before the hash, which must be its."""
    body, seal = line[:-SEAL_BYTES], line[-SEAL_BYTES:]
    if b"\0" in line or not (seal.startswith(_SEAL[:11]) and seal.endswith(_SEAL[-3:])):
        msg = "it was not wholly written"
        raise TornLineError(msg)
    if line != _sealed(body):
        msg = "its hash is another"
        raise LineError(msg)
    return body
