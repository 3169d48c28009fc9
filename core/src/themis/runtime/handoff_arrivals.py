"""What comes back of handed-off work, as the events that an import would append."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import attrs

from themis.errors import SpecValidationError
from themis.records import CandidateRecord, EvaluationRecord, ScoreError, TrialRecord
from themis.records.canonical import canonical_bytes
from themis.runtime.arrivals import unusable_candidate
from themis.runtime.outcomes import as_score
from themis.storage import Event, recording
from themis.storage.recording import ScoreEntry

if TYPE_CHECKING:
    from themis.records import FailureRecord

__all__ = ["Arrival", "evaluated_arrival", "generated_arrival", "iter_candidates", "unknown"]


@attrs.frozen(slots=True, kw_only=True)
class Arrival:
    """An event that an import would append, and the keys of the artifacts it brings.

    `contents` has a hash of what it says of each; `failed` if some of it is a failure.
    """

    event: Event
    place: str
    keys: tuple[bytes, ...]
    contents: tuple[tuple[bytes, bytes], ...]
    failed: bool
    failure: FailureRecord | None = None


def iter_candidates(records: Iterable[object]) -> Iterator[CandidateRecord]:
    """The candidates of records of either kind; any other is an error that says which."""
    for number, record in enumerate(records):
        if isinstance(record, CandidateRecord):
            yield record
        elif isinstance(record, TrialRecord):
            yield from record.candidates
        else:
            kind = type(record).__name__
            msg = f"records[{number}] is {kind}, neither TrialRecord nor CandidateRecord"
            raise SpecValidationError(msg)


def generated_arrival(run: int, candidate: CandidateRecord, task: Mapping[str, Any]) -> Arrival:
    """A candidate as the result of its task; an error if it cannot be stored as it is."""
    reason = unusable_candidate(candidate)
    if reason is not None:
        raise unknown(candidate.candidate_id, f"{_place(task)}: {reason}")
    if candidate.status == "ok" and candidate.inference is None:
        raise unknown(candidate.candidate_id, "a successful candidate needs an inference")
    failure = candidate.failure
    if candidate.status != "ok" and failure is None:
        raise unknown(candidate.candidate_id, "a failed candidate needs a failure")
    event = recording.generated(
        run,
        candidate_id=candidate.candidate_id,
        trial=task["trial"],
        sample=candidate.sample_index,
        seed=candidate.effective_seed,
        inference=candidate.inference,
        conversation=candidate.conversation,
        failure=failure,
        timeline=candidate.timeline.stages if candidate.timeline else (),
    )
    key = bytes.fromhex(candidate.candidate_id)
    return Arrival(
        event=event,
        place=_place(task),
        keys=(key,),
        contents=((key, sha256(event.payload).digest()),),
        failed=failure is not None,
        failure=failure,
    )


def evaluated_arrival(run: int, evaluation: EvaluationRecord, task: Mapping[str, Any]) -> Arrival:
    """The scores of a candidate as the result of its task; an error if one was not asked for."""
    entries = []
    for score in evaluation.scores:
        asked = task["metrics"].get(score.metric_id)
        if asked is None:
            known = ", ".join(sorted(task["metrics"]))
            raise unknown(
                task["candidate_id"], f"metric {score.metric_id!r} was not asked for ({known})"
            )
        checked = as_score(score, metric=score.metric_id)
        name = evaluation.evaluation_hash
        entries.append(ScoreEntry(asked["metric"], asked["key"], name, checked))
    event = recording.evaluated(
        run,
        candidate_id=task["candidate_id"],
        trial=task["trial"],
        sample=task["sample"],
        scores=entries,
    )
    return Arrival(
        event=event,
        place=_place(task),
        keys=tuple(bytes.fromhex(entry.key) for entry in entries),
        contents=tuple(_score_content(entry) for entry in event.value()["scores"]),
        failed=any(isinstance(entry.score, ScoreError) for entry in entries),
    )


def _score_content(entry: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """One metric under two names has one key: its number tells the two apart."""
    name = canonical_bytes([entry["key"], entry["metric"]])
    return name, sha256(canonical_bytes(entry)).digest()


def _place(task: Mapping[str, Any]) -> str:
    return f"item {task['item_id']!r:.80}, sample {task['sample']}"


def unknown(candidate_id: str, reason: str) -> SpecValidationError:
    """The error of a candidate that is refused."""
    return SpecValidationError(f"candidate {candidate_id!r} cannot be imported: {reason}")
