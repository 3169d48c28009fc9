"""The reading half of a store: SQL on connections that cannot write."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from themis.errors import StorageError
from themis.records.canonical import decode
from themis.storage.artifact_index import ArtifactLookup
from themis.storage.bulk import LOOKUP_VALUES, BulkLookup
from themis.storage.column_text import restored
from themis.storage.items import decode_item
from themis.storage.protocol import CandidateRow, RunRow, TrialRow
from themis.storage.reading import CHUNK, EventReader, chunked
from themis.storage.schema import CandidateStatus, candidates, events, items, progress, runs, trials

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy.engine import Connection, Engine

    from themis.storage.events import StoredEvent
    from themis.storage.payloads import PayloadFormat

__all__ = ["RunReads"]


class RunReads:
    """Reads of a store on `engine`, whose connections are read-only; `place` is for messages."""

    def __init__(self, engine: Engine, payloads: PayloadFormat, *, place: str) -> None:
        self._reading = engine
        self._payloads = payloads
        self._place = place
        self._events = EventReader(payloads)
        self._artifacts = ArtifactLookup(engine.dialect)
        columns = select(items.c.item_hash, items.c.encoding, items.c.payload, items.c.hash)
        self._items = BulkLookup(columns, items.c.item_hash, engine.dialect)

    @contextmanager
    def reader(self) -> Iterator[Connection]:
        """A connection that cannot write and sees one state of the store.

        Raises:
            StorageError: what SQL the caller runs on it fails in the database.
        """
        try:
            with self._reading.connect() as connection:
                yield connection
        except (SQLAlchemyError, UnicodeDecodeError) as error:
            cause = getattr(error, "orig", None) or error
            msg = f"the store at {self._place} cannot be read: {cause}; run `themis store verify`"
            raise StorageError(msg) from error

    def get_items(self, hashes: Iterable[bytes]) -> dict[bytes, Any]:
        """The payloads of those items that are stored."""
        found = {}
        with self.reader() as connection:
            for chunk in chunked(hashes, LOOKUP_VALUES):
                for row in self._items.run(connection, chunk):
                    found[row[0]] = decode_item(row, self._payloads)
        return found

    def known(self, keys: Iterable[bytes]) -> dict[bytes, int]:
        """For each successful artifact among `keys` (32 bytes each), the event that holds it."""
        with self.reader() as connection:
            return self._artifacts.known(connection, keys)

    def event(self, seq: int) -> StoredEvent:
        """One event; StorageError names one that is missing or altered."""
        return self.events([seq])[seq]

    def events(self, seqs: Sequence[int]) -> dict[int, StoredEvent]:
        """Events by number; StorageError names one that is missing or altered."""
        if not seqs:
            return {}
        with self.reader() as connection:
            return self._events.read(connection, seqs)

    def steps_of(self, candidate: bytes) -> list[StoredEvent]:
        """The recorded conversation steps of a candidate, in order."""
        query = select(events.c.seq).where(events.c.kind == "steps", events.c.key == candidate)
        with self.reader() as connection:
            seqs = sorted(connection.scalars(query))
            found = self._events.read(connection, seqs)
        return [found[seq] for seq in seqs]

    def find_run(self, run_id: str) -> RunRow | None:
        """The run with this id, or the only one whose id begins so.

        Raises:
            StorageError: several runs begin so; the message lists them.
        """
        with self.reader() as connection:
            query = select(runs).where(runs.c.run_id.startswith(run_id, autoescape=True))
            found = [RunRow(*row) for row in connection.execute(query.order_by(runs.c.id))]
        exact = [row for row in found if row.run_id == run_id]
        if len(found) > 1 and not exact:
            names = ", ".join(row.run_id[:16] for row in found[:5])
            msg = f"run id {run_id!r} is ambiguous: {names}; give more of it"
            raise StorageError(msg)
        return next(iter(exact or found), None)

    def run(self, run_id: str) -> RunRow:
        """The run with this id, or the only one whose id begins so.

        Raises:
            StorageError: there is none, or there are several.
        """
        row = self.find_run(run_id) if run_id else None
        if row is None:
            msg = f"the store at {self._place} has no run {run_id!r}; `themis runs` lists its runs"
            raise StorageError(msg)
        return row

    def manifest(self, run: RunRow) -> dict[str, Any]:
        """What was planned, as it was recorded."""
        manifest: dict[str, Any] = self.event(run.manifest_seq).value["manifest"]
        return manifest

    def runs(self) -> list[RunRow]:
        """Every run, oldest first."""
        with self.reader() as connection:
            return [RunRow(*row) for row in connection.execute(select(runs).order_by(runs.c.id))]

    def latest_status(self, run: int) -> str:
        """The run's status as last recorded; StorageError when there is no such run."""
        with self.reader() as connection:
            status = connection.scalar(select(runs.c.status).where(runs.c.id == run))
        if status is None:
            msg = f"the store at {self._place} has no run {run}; `themis runs` lists them"
            raise StorageError(msg)
        return str(status)

    def iter_trials(self, run: int, *, start: int = 0, chunk: int = CHUNK) -> Iterator[TrialRow]:
        """The run's trials from `start` on, in order; no connection is held between chunks."""
        page = select(trials).where(trials.c.run == run).order_by(trials.c.trial)
        while True:
            part = page.where(trials.c.trial >= start).limit(chunk)
            with self.reader() as connection:
                rows = [
                    TrialRow(trial, arm, restored(item_id), item_hash.hex(), trial_hash.hex())
                    for _, trial, arm, item_id, item_hash, trial_hash in connection.execute(part)
                ]
            yield from rows
            if len(rows) < chunk:
                return
            start = rows[-1].trial + 1

    def iter_candidates(
        self, run: int, *, start: int = 0, chunk: int = CHUNK
    ) -> Iterator[CandidateRow]:
        """The run's candidates from trial `start` on, in order, read in chunks of trials."""
        with self.reader() as connection:
            total = connection.scalar(select(runs.c.trial_count).where(runs.c.id == run)) or 0
        for first in range(start, total, chunk):
            yield from self._candidates(run, range(first, first + chunk))

    def load_progress(self, run_id: str) -> Any:
        """The run's latest saved progress, or None."""
        with self.reader() as connection:
            data = connection.scalar(select(progress.c.payload).where(progress.c.run_id == run_id))
        return None if data is None else decode(data)

    def _candidates(self, run: int, numbers: range) -> list[CandidateRow]:
        query = (
            select(
                candidates.c.trial,
                candidates.c.sample,
                candidates.c.candidate_hash,
                candidates.c.status,
                candidates.c.error_code,
                candidates.c.generated_seq,
                candidates.c.evaluated_seq,
            )
            .where(candidates.c.run == run, candidates.c.trial >= numbers.start)
            .where(candidates.c.trial < numbers.stop)
            .order_by(candidates.c.trial, candidates.c.sample)
        )
        with self.reader() as connection:
            return [
                CandidateRow(trial, sample, key.hex(), status == CandidateStatus.OK, *rest)
                for trial, sample, key, status, *rest in connection.execute(query)
            ]
