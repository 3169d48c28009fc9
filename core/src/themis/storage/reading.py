"""Reading events back: every row's hash is checked before its payload is believed."""

from __future__ import annotations

import struct
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import select

from themis.errors import StorageError
from themis.records.canonical import decode
from themis.storage.events import StoredEvent, event_hash
from themis.storage.schema import events

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy.engine import Connection

    from themis.storage.payloads import PayloadFormat

__all__ = ["CHUNK", "EventReader", "chunked"]

T = TypeVar("T")

CHUNK = 500
"""Values in one `IN (...)`: far below every database's limit on variables."""

_COLUMNS = select(
    events.c.seq,
    events.c.run,
    events.c.kind,
    events.c.key,
    events.c.at,
    events.c.encoding,
    events.c.payload,
    events.c.hash,
)


class EventReader:
    """Decodes event rows of one store."""

    def __init__(self, payloads: PayloadFormat) -> None:
        self._payloads = payloads

    def read(self, connection: Connection, seqs: Sequence[int]) -> dict[int, StoredEvent]:
        """The events with these numbers, by number.

        Raises:
            StorageError: one of them is missing or damaged; the message names it.
        """
        found = {}
        for chunk in chunked(sorted(set(seqs)), CHUNK):
            for row in connection.execute(_COLUMNS.where(events.c.seq.in_(chunk))):
                found[row.seq] = self.decode(row)
        missing = set(seqs) - found.keys()
        if missing:
            msg = f"event {min(missing)} is not in the store; run `themis store verify`"
            raise StorageError(msg)
        return found

    def scan(
        self, connection: Connection, *, after: int = 0, chunk: int = CHUNK
    ) -> Iterator[list[StoredEvent]]:
        """Every event behind `after`, in order, in lists of at most `chunk`."""
        for rows in self.scan_rows(connection, after=after, chunk=chunk):
            yield [self.decode(row) for row in rows]

    def scan_rows(
        self, connection: Connection, *, after: int = 0, chunk: int = CHUNK
    ) -> Iterator[Sequence[Sequence[Any]]]:
        """The rows of `scan`, neither checked nor decoded.

        Raises:
            StorageError: a damaged database gives them out of order, and would do so without end.
        """
        rows: Sequence[Sequence[Any]]
        page = _COLUMNS.order_by(events.c.seq).limit(chunk)
        while rows := list(connection.execute(page.where(events.c.seq > after))):
            if rows[-1][0] <= after:
                msg = f"the events behind {after} cannot be read in order; the database is damaged"
                raise StorageError(msg)
            yield rows
            after = rows[-1][0]

    def decode(self, row: Sequence[Any]) -> StoredEvent:
        """The event in `row`.

        Raises:
            StorageError: the row is not as it was written, or its blob is missing or altered.
        """
        seq, run, kind, key, at, encoding, stored, expected = row
        if expected != _hash_of(row):
            msg = (
                f"event {seq} ({kind}) is altered: its row no longer has the recorded hash; "
                "restore the store from a copy (`themis store verify` lists all such events)"
            )
            raise StorageError(msg)
        try:
            value = decode(self._payloads.unpack(encoding, stored))
        except (StorageError, ValueError) as error:
            msg = f"event {seq} ({kind}) cannot be read: {error}"
            raise StorageError(msg) from error
        return StoredEvent(seq, run, kind, key, at, value)


def _hash_of(row: Sequence[Any]) -> bytes | None:
    seq, run, kind, key, at, encoding, stored, _ = row
    try:
        return event_hash(
            seq=seq, run=run, kind=kind, key=key, at=at, encoding=encoding, stored=stored
        )
    except (TypeError, ValueError, AttributeError, struct.error):
        return None  # a damaged row may hold values of any type


def chunked(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """`values` in lists of at most `size`."""
    source = iter(values)
    while chunk := list(islice(source, size)):
        yield chunk
