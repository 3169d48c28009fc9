"""One group of submissions as one transaction: events, items and projections, all or nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError, OperationalError

from themis.errors import ErrorCode, StorageError, ThemisError
from themis.storage.artifact_index import ArtifactLookup
from themis.storage.bulk import insert, insert_new, upsert
from themis.storage.dialects import sql_of
from themis.storage.duplicates import Screening
from themis.storage.events import Event, StoredEvent, event_hash, item_row_hash, now_ms
from themis.storage.leases import LeaseLostError, refuse_if_lost
from themis.storage.projection import Projection
from themis.storage.reading import EventReader
from themis.storage.schema import events, items, progress

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.engine import Connection, Engine

    from themis.storage.items import Item
    from themis.storage.payloads import PayloadFormat
    from themis.storage.submissions import Outcome, Seqs, Submission

__all__ = ["GroupCommit"]

Row = tuple[Any, ...]


class GroupCommit:
    """Commits groups on one engine, by one thread at a time.

    A transaction of the engine has the store to itself: on SQLite this process is the only one
    that writes, on PostgreSQL the engine's transactions begin with the store's lock. So numbers
    are given in the order of commits, and what a group finds stored stays so.
    """

    def __init__(
        self,
        engine: Engine,
        payloads: PayloadFormat,
        *,
        place: str,
        retry_after: Sequence[float],
    ) -> None:
        self._engine = engine
        self._retry_after = tuple(retry_after)
        self._payloads = payloads
        self._place = place
        self._sql = sql_of(engine.dialect)
        self._projection = Projection(engine.dialect, EventReader(payloads).read)
        self._lookup = ArtifactLookup(engine.dialect)
        self._events = insert(events, engine.dialect)
        self._items = insert_new(items, engine.dialect)
        self._progress = upsert(progress, engine.dialect)
        self._next: int | None = None
        self._in_doubt: tuple[Sequence[Row], list[Seqs]] | None = None

    def commit(
        self, group: Sequence[Submission], notes: Mapping[str, bytes] | None = None
    ) -> list[Outcome]:
        """What became of each submission: its events' numbers, now durable, or a StorageError.

        `notes` are progress payloads by run id, written along. One submission that cannot be
        stored does not take the others with it.
        """
        outcome = self._attempt(group, notes or {})
        if not isinstance(outcome, StorageError):
            return list(outcome)
        if len(group) == 1 or isinstance(outcome.__cause__, OperationalError):
            return [outcome] * len(group)
        self._attempt((), notes or {})
        return [one for single in group for one in self.commit([single])]

    def _attempt(
        self, group: Sequence[Submission], notes: Mapping[str, bytes]
    ) -> list[Seqs] | StorageError:
        try:
            return self._with_retries(group, notes)
        except Exception as error:  # noqa: BLE001 (it becomes the outcome of the submissions)
            self._forget()
            return self._failure(group, error)

    def _with_retries(self, group: Sequence[Submission], notes: Mapping[str, bytes]) -> list[Seqs]:
        delays = iter(self._retry_after)
        self._in_doubt = None
        while True:
            try:
                return self._landed() or self._transact(group, notes)
            except OperationalError as error:
                delay = next(delays, None)
                if delay is None or not self._sql.is_transient(error):
                    if landed := self._landed():
                        return landed
                    raise
                self._forget()
                time.sleep(delay)

    def _transact(self, group: Sequence[Submission], notes: Mapping[str, bytes]) -> list[Seqs]:
        decoded = [(event, event.value()) for one in group for event in one.events]
        with self._engine.begin() as connection:
            for lease in {one.lease for one in group if one.lease is not None}:
                refuse_if_lost(connection, lease)
            first = self._first_free(connection)
            screening = Screening(connection, decoded, first=first, lookup=self._lookup)
            rows = list(self._event_rows(screening.written))
            self._events.run(connection, rows)
            self._projection.apply(connection, [stored for _, stored in screening.written])
            self._items.run(connection, self._item_rows(_distinct(group)))
            self._progress.run(connection, ((run, note, now_ms()) for run, note in notes.items()))
            answers = _dealt(group, screening.answers)
            self._in_doubt = (rows, answers) if rows else None
        self._next = first + len(rows)
        return answers

    def _first_free(self, connection: Connection) -> int:
        if self._next is not None and not self._sql.many_writers:
            return self._next
        return (connection.scalar(select(func.max(events.c.seq))) or 0) + 1

    def _landed(self) -> list[Seqs] | None:
        """The answers, if a commit that failed had in fact reached the disk.

        Raises:
            OperationalError: that is still unknown.
        """
        if self._in_doubt is None:
            return None
        rows, answers = self._in_doubt
        written = select(events.c.hash).where(events.c.seq.between(rows[0][0], rows[-1][0]))
        with self._engine.begin() as connection:
            found = list(connection.scalars(written.order_by(events.c.seq)))
        self._in_doubt = None
        if found != [row[-1] for row in rows]:
            return None
        self._next = rows[-1][0] + 1
        return answers

    def _forget(self) -> None:
        self._projection.forget()
        self._next = None

    def _event_rows(self, written: Sequence[tuple[Event, StoredEvent]]) -> Iterable[Row]:
        packed = self._payloads.pack_all([event.payload for event, _ in written])
        for (_, stored), (encoding, payload) in zip(written, packed, strict=True):
            seq, run, kind, key, at = stored.seq, stored.run, stored.kind, stored.key, stored.at
            checked = event_hash(
                seq=seq, run=run, kind=kind, key=key, at=at, encoding=encoding, stored=payload
            )
            yield (seq, run, kind, key, at, int(encoding), payload, checked)

    def _item_rows(self, distinct: Sequence[Item]) -> Iterable[Row]:
        packed = self._payloads.pack_all([item.data for item in distinct])
        for item, (encoding, payload) in zip(distinct, packed, strict=True):
            checked = item_row_hash(item.item_hash, encoding, payload)
            yield (item.item_hash, int(encoding), payload, checked)

    def _failure(self, group: Sequence[Submission], error: Exception) -> StorageError:
        if isinstance(error, LeaseLostError):
            return error
        cause: object = getattr(error, "orig", None) or error
        if not isinstance(error, (ThemisError, DBAPIError)):
            cause = f"{type(error).__name__}: {error}"
        count = sum(len(one.events) + len(one.items) for one in group)
        msg = (
            f"{count} record(s) could not be written to {self._place}: {cause}; none of them was "
            "stored, resume the run once the cause is gone"
        )
        failure = StorageError(msg, code=ErrorCode.STORAGE_WRITE)
        failure.__cause__ = error
        return failure


def _distinct(group: Iterable[Submission]) -> list[Item]:
    return list({item.item_hash: item for one in group for item in one.items}.values())


def _dealt(group: Sequence[Submission], answers: Sequence[int]) -> list[Seqs]:
    dealt, start = [], 0
    for one in group:
        end = start + len(one.events)
        dealt.append(tuple(answers[start:end]))
        start = end
    return dealt
