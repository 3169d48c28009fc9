"""What the store already holds for a chunk of trials: the run's own rows, and known artifacts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs

from themis.planning.keys import parse_key
from themis.records import (
    WHOLE_TRIAL,
    CandidateRecord,
    ConversationTrace,
    ExtractionRecord,
    FailureRecord,
    InferenceRecord,
    ReducedCandidate,
)
from themis.records.codec import from_plain
from themis.storage.finished import failed_candidates, finished_candidates, finished_scores

if TYPE_CHECKING:
    from themis.runtime.work import PendingScore, Work
    from themis.storage import RunStore, TrialRow

__all__ = ["StoredArtifacts", "candidate_of", "reduced_of"]


@attrs.define(slots=True)
class StoredArtifacts:
    """The run's finished rows of a range of trials, and the artifacts known by key."""

    candidates: dict[tuple[int, int], int]
    scores: dict[tuple[int, int, int], int]
    failed: dict[tuple[int, int], int] = attrs.field(factory=dict)
    known: dict[bytes, int] = attrs.field(factory=dict)

    @classmethod
    def of_run(
        cls, store: RunStore, run: int, rows: Sequence[TrialRow], *, with_failed: bool
    ) -> StoredArtifacts:
        """The run's own successful rows for consecutive trials, and its failed candidates."""
        first, last = rows[0].trial, rows[-1].trial
        arms = sorted({row.arm for row in rows})
        with store.reader() as connection:
            return cls(
                finished_candidates(connection, run, first=first, last=last),
                finished_scores(connection, run, in_arms=arms, first=first, last=last),
                failed_candidates(connection, run, first=first, last=last) if with_failed else {},
            )

    @classmethod
    def of_trial(cls, store: RunStore, run: int, work: Work) -> StoredArtifacts:
        """The run's own successful rows of one trial."""
        trial = work.trial
        with store.reader() as connection:
            return cls(
                finished_candidates(connection, run, first=trial, last=trial),
                finished_scores(connection, run, in_arms=[work.arm.index], first=trial, last=trial),
            )

    def has_failed(self, work: Work) -> bool:
        """Whether the run has recorded that this candidate failed."""
        return (work.trial, work.sample) in self.failed

    def failures(self, store: RunStore, samples: Sequence[Work]) -> dict[int, FailureRecord]:
        """Why these samples of one trial failed, as the run has recorded it."""
        seqs = {work.sample: self.failed[work.trial, work.sample] for work in samples}
        events = store.events(list(seqs.values()))
        return {
            sample: from_plain(events[seq].value["failure"], FailureRecord)
            for sample, seq in seqs.items()
        }

    def look_up(self, store: RunStore, drafts: Sequence[Work]) -> None:
        """Find the artifacts of which the run has no row of its own.

        What belongs to a whole trial is looked up all the same: a row may be of fewer candidates
        than there are by now.
        """
        keys: list[bytes] = []
        for work in drafts:
            if not self.holds_candidate(work):
                keys.append(work.candidate_key)
            missing = [entry for entry in work.scores if not self.holds_score(work, entry)]
            keys.extend(entry.key for entry in missing)
            keys.extend(entry.key for entry in work.parses)
            keys.extend(parse_key(work.candidate_key, parse.key) for parse in work.reads)
        self.known |= store.known(keys)

    def holds_candidate(self, work: Work) -> bool:
        """Whether the run itself has this candidate."""
        own = self.candidates.get((work.trial, work.sample))
        return own is not None and self._current(work, work.candidate_key, own)

    def holds_score(self, work: Work, entry: PendingScore) -> bool:
        """Whether the run itself has this score."""
        own = self.scores.get((work.trial, work.sample, entry.metric.index))
        return own is not None and self._current(work, entry.key, own)

    def _current(self, work: Work, key: bytes, seq: int) -> bool:
        """Whether a row of the run is of this very artifact."""
        return work.sample != WHOLE_TRIAL or self.known.get(key) == seq

    def generated_seq(self, work: Work) -> int | None:
        """The event that holds this candidate, in this run or another."""
        if work.sample == WHOLE_TRIAL:
            return self.known.get(work.candidate_key)
        own = self.candidates.get((work.trial, work.sample))
        return own if own is not None else self.known.get(work.candidate_key)

    def fill(self, store: RunStore, pending: Sequence[Work]) -> None:
        """Load the stored candidates and parses that the pending work builds upon."""
        wanted: dict[int, None] = {}
        for work in pending:
            wanted.update(dict.fromkeys(self._needed(work).values()))
        events = store.events(list(wanted))
        for work in pending:
            for what, seq in self._needed(work).items():
                if what == work.candidate_key:
                    work.candidate = candidate_of(events[seq].value, work.candidate_key.hex())
                else:
                    work.stored_parses[what] = _extractions(events[seq].value, what)

    def _needed(self, work: Work) -> dict[bytes, int]:
        """The events to load: by candidate key, or by transform key for stored parses."""
        generated = self.generated_seq(work)
        if generated is None:
            return {}
        needed = {work.candidate_key: generated}
        missing = {entry.parse.key for entry in work.parses}
        parse_keys = {entry.parse.key: entry.key for entry in work.all_parses()}
        for entry in work.scores:
            parse = entry.score.parse
            of_set = entry.metric.subject == "candidates"
            if parse is not None and parse.key not in missing and not of_set:
                needed[parse.key] = self.known[parse_keys[parse.key]]
        for parse in work.reads:
            seq = self.known.get(parse_key(work.candidate_key, parse.key))
            if seq is not None:
                needed.setdefault(parse.key, seq)
        return needed


def candidate_of(payload: dict[str, Any], candidate_id: str) -> CandidateRecord:
    """The candidate that a successful `generated` or `reduced` event recorded."""
    conversation = payload.get("conversation")
    if "sources" in payload:
        return reduced_of(payload, candidate_id)
    return CandidateRecord(
        candidate_id=candidate_id,
        sample_index=payload["sample"],
        effective_seed=payload.get("seed"),
        inference=from_plain(payload["inference"], InferenceRecord),
        conversation=from_plain(conversation, ConversationTrace) if conversation else None,
    )


def reduced_of(payload: dict[str, Any], candidate_id: str) -> ReducedCandidate:
    """The candidate that a successful `reduced` event recorded."""
    conversation = payload.get("conversation")
    return ReducedCandidate(
        candidate_id=candidate_id,
        effective_seed=payload.get("seed"),
        inference=from_plain(payload["inference"], InferenceRecord),
        conversation=from_plain(conversation, ConversationTrace) if conversation else None,
        source_candidate_ids=tuple(payload["sources"]),
        details=payload["details"],
    )


def _extractions(payload: dict[str, Any], transform: bytes) -> tuple[ExtractionRecord, ...]:
    name = transform.hex()
    stored = next(entry for entry in payload["parses"] if entry["transform_hash"] == name)
    return tuple(from_plain(entry, ExtractionRecord) for entry in stored["extractions"])
