"""Appending again what is stored: the event is not written, its earlier number is the answer.

When another run made the artifact first, this run's copy is replaced by a `reused` event, so that
nothing is stored twice and the run still has its candidate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from themis.storage.events import Event, StoredEvent
from themis.storage.outcomes import artifact_keys, withdrawn_keys
from themis.storage.reading import CHUNK, chunked
from themis.storage.recording import ReusedCandidate, ReusedScore, reused
from themis.storage.schema import events

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.engine import Connection

    from themis.storage.artifact_index import ArtifactLookup

__all__ = ["Screening"]

Decoded = tuple[Event, Any]
_CANDIDATES = frozenset({"generated", "reduced"})


class Screening:
    """Numbers the events of one group, leaving out those whose artifacts are stored already.

    `written` are the events to insert, `answers` the number for each submitted event.
    """

    def __init__(
        self,
        connection: Connection,
        decoded: Sequence[Decoded],
        *,
        first: int,
        lookup: ArtifactLookup,
    ) -> None:
        self.written: list[tuple[Event, StoredEvent]] = []
        self.answers: list[int] = []
        self._next = first
        claims = [_claims(event, value) for event, value in decoded]
        self._known = _known_claims(connection, claims, lookup)
        self._run_of = _runs_of(connection, set(self._known.values()))
        for (event, value), claim in zip(decoded, claims, strict=True):
            self.answers.append(self._admit(event, value, claim))

    def _admit(self, event: Event, value: Any, claim: Sequence[bytes]) -> int:
        if event.kind == "withdrawn":
            for key in withdrawn_keys(value):
                self._known.pop(key, None)
        if not claim or any(key not in self._known for key in claim):
            seq = self._write(event, value)
            if event.kind not in _CANDIDATES or value["status"] == "ok":
                self._known.update((key, seq) for key in claim if key not in self._known)
            return seq
        holder = max(self._known[key] for key in claim)
        if event.run is not None and self._run_of.get(holder) != event.run:
            taken = self._taken_over(event, event.run, value)
            self._write(taken, taken.value())
        return holder

    def _write(self, event: Event, value: Any) -> int:
        seq = self._next
        self._next += 1
        run = seq if event.kind == "run_planned" else event.run
        self._run_of[seq] = run
        self.written.append((event, StoredEvent(seq, run, event.kind, event.key, event.at, value)))
        return seq

    def _taken_over(self, event: Event, run: int, value: Any) -> Event:
        trial, sample = value["trial"], value["sample"]
        if event.kind in _CANDIDATES:
            assert event.key is not None
            return reused(run, candidates=[ReusedCandidate(trial, sample, self._known[event.key])])
        return reused(
            run,
            scores=[
                ReusedScore(
                    trial, sample, one["metric"], self._known[bytes.fromhex(one["key"])], one["key"]
                )
                for one in value["scores"]
            ],
        )


def _runs_of(connection: Connection, seqs: Iterable[int]) -> dict[int, int | None]:
    found: dict[int, int | None] = {}
    for chunk in chunked(seqs, CHUNK):
        query = select(events.c.seq, events.c.run).where(events.c.seq.in_(chunk))
        found.update((seq, run) for seq, run in connection.execute(query))
    return found


def _known_claims(
    connection: Connection, claims: Sequence[Sequence[bytes]], lookup: ArtifactLookup
) -> dict[bytes, int]:
    """What is stored of the claimed keys; an event whose last key is new is new as a whole."""
    known = lookup.known(connection, {claim[-1] for claim in claims if claim})
    if known:
        others = {key for claim in claims if claim and claim[-1] in known for key in claim[:-1]}
        known.update(lookup.known(connection, others))
    return known


def _claims(event: Event, value: Any) -> Sequence[bytes]:
    """The keys that, when all are stored, make the event superfluous; none: it never is."""
    if event.kind in _CANDIDATES:
        # A failure adds nothing either once the candidate is there.
        return [event.key] if event.key is not None else []
    keys = artifact_keys(event.kind, event.key, value)
    if event.kind == "evaluated":
        complete = len(keys) == len(value["parses"]) + len(value["scores"])
        return keys if complete and value["scores"] else []
    return keys
