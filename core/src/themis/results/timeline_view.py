"""One trial or candidate with everything that was recorded about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import attrs

from themis.records import (
    CandidateRecord,
    ConversationTrace,
    EvaluationRecord,
    ExtractionRecord,
    InferenceRecord,
    JudgeAuditTrail,
    ObservabilitySnapshot,
    RecordTimeline,
    ReducedCandidate,
    TrialRecord,
    TrialSpec,
    TrialStatus,
)
from themis.results.candidates import (
    ReadCandidate,
    WholeScores,
    read_candidates,
    read_whole_scores,
)
from themis.results.lookup import FoundRecord
from themis.results.trial_specs import rebuilt_trial_spec

if TYPE_CHECKING:
    from themis.results.overlay import Overlay
    from themis.results.source import RunSource
    from themis.results.trials import TrialRow

__all__ = ["RecordTimelineView", "RelatedEvent", "read_trial", "timeline_view"]


@attrs.frozen(slots=True)
class RelatedEvent:
    """An event behind a record: its number in the store, its kind, and when (Unix seconds)."""

    seq: int
    kind: str
    at: float


@attrs.frozen(slots=True, kw_only=True)
class RecordTimelineView:
    """A trial or candidate, as it was recorded.

    `lineage` names the run, slice, prompt variant, model, item and parameters it belongs to, and
    for a candidate its sample, its seed and whether another run made it. A trial's conversation,
    inference, extractions and evaluation are those of its only candidate; of several, look at
    `candidates`. `item_payload` is None where the store keeps no payloads.
    """

    record_id: str
    record_type: Literal["trial", "candidate"]
    trial_hash: str
    candidate_id: str | None
    lineage: Mapping[str, Any]
    trial_spec: TrialSpec
    item_payload: Any
    timeline: RecordTimeline
    conversation: ConversationTrace | None
    inference: InferenceRecord | None
    extractions: tuple[ExtractionRecord, ...]
    evaluation: EvaluationRecord | None
    judge_audit: tuple[JudgeAuditTrail, ...]
    observability: ObservabilitySnapshot
    related_events: tuple[RelatedEvent, ...]
    candidates: tuple[CandidateRecord, ...]
    status: TrialStatus


def read_trial(source: RunSource, trial: TrialRow, overlay: Overlay) -> TrialRecord:
    """A trial with its candidates; scores and extractions are those the overlay shows."""
    read = read_candidates(source, [trial], overlay)[trial.number]
    records = [one.record for one in read]
    candidates = tuple(one for one in records if not isinstance(one, ReducedCandidate))
    whole = read_whole_scores(source, [trial], overlay)[trial.number]
    return TrialRecord(
        trial_spec=rebuilt_trial_spec(source, trial, candidates),
        status=trial.status,
        candidates=candidates,
        reduced=next((one for one in records if isinstance(one, ReducedCandidate)), None),
        evaluation=whole.evaluation,
        judge_audits=whole.judge_audits,
        timeline=_joined(records),
        item=source.item(trial.item_hash),
    )


def timeline_view(source: RunSource, found: FoundRecord, overlay: Overlay) -> RecordTimelineView:
    """The view of a trial, or of one of its candidates."""
    trial = found.trial
    siblings = read_candidates(source, [trial], overlay)[trial.number]
    chosen = [one for one in siblings if found.candidate_id in (None, one.record.candidate_id)]
    only = chosen[0] if len(chosen) == 1 else None
    candidates = tuple(one.record for one in chosen)
    whole = _set_scores(source, found, overlay, candidates)
    return RecordTimelineView(
        record_id=found.candidate_id or trial.trial_hash.hex(),
        record_type=found.kind,
        trial_hash=trial.trial_hash.hex(),
        candidate_id=found.candidate_id,
        lineage=_lineage(source, trial, only if found.candidate_id else None),
        trial_spec=rebuilt_trial_spec(source, trial, [one.record for one in siblings]),
        item_payload=source.item(trial.item_hash),
        timeline=_joined(candidates),
        conversation=only.record.conversation if only else None,
        inference=only.record.inference if only else None,
        extractions=only.record.extractions if only else (),
        evaluation=whole.evaluation or (only.record.evaluation if only else None),
        judge_audit=(
            *(trail for one in candidates for trail in one.judge_audits),
            *whole.judge_audits,
        ),
        observability=ObservabilitySnapshot(tuple(link for one in chosen for link in one.links)),
        related_events=_related(chosen),
        candidates=candidates,
        status=trial.status if found.candidate_id is None else candidates[0].status,
    )


def _set_scores(
    source: RunSource,
    found: FoundRecord,
    overlay: Overlay,
    candidates: Sequence[CandidateRecord],
) -> WholeScores:
    """A trial's scores of its candidates as a set; a reduced candidate has them with its own."""
    if found.candidate_id is not None or any(isinstance(c, ReducedCandidate) for c in candidates):
        return WholeScores(None, ())
    return read_whole_scores(source, [found.trial], overlay)[found.trial.number]


def _lineage(source: RunSource, trial: TrialRow, candidate: ReadCandidate | None) -> dict[str, Any]:
    arm = trial.arm
    lineage: dict[str, Any] = {
        "run_id": source.layout.run_id,
        "benchmark_id": source.layout.benchmark_id,
        "slice_id": arm.slice_id,
        "dataset_id": arm.dataset_id,
        "item_id": trial.item_id,
        "item_hash": trial.item_hash.hex(),
        "prompt_variant_id": arm.prompt_variant_id,
        "model_id": arm.model_id,
        "provider": arm.provider,
        "params": dict(arm.params),
        "dimensions": dict(arm.dimensions),
    }
    if candidate is not None:
        lineage["sample_index"] = candidate.record.sample_index
        lineage["effective_seed"] = candidate.record.effective_seed
        lineage["reused"] = candidate.events[0].run != source.layout.run
    return lineage


def _joined(candidates: Iterable[CandidateRecord]) -> RecordTimeline:
    """The stages of all candidates, one candidate after the other."""
    timelines = [one.timeline for one in candidates if one.timeline is not None]
    return RecordTimeline(tuple(stage for timeline in timelines for stage in timeline.stages))


def _related(candidates: Sequence[ReadCandidate]) -> tuple[RelatedEvent, ...]:
    events = {event.seq: event for one in candidates for event in one.events}
    return tuple(
        RelatedEvent(seq, event.kind, event.at / 1000) for seq, event in sorted(events.items())
    )
