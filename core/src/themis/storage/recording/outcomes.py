"""The events of what was generated, reduced and evaluated; and their parts, read back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import attrs

from themis.errors import ErrorCode
from themis.records import WHOLE_TRIAL, ExtractionRecord, MetricScore, ScoreError
from themis.records.canonical import canonical_bytes
from themis.records.codec import from_plain, to_plain
from themis.storage.events import Event

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from themis.records import (
        ConversationTrace,
        FailureRecord,
        InferenceRecord,
        JudgeAuditTrail,
        ObservabilityLink,
        ReducedCandidate,
        TimelineStage,
        TraceStep,
    )

__all__ = [
    "START_ANEW",
    "ParseEntry",
    "ScoreEntry",
    "conversation_anew",
    "evaluated",
    "generated",
    "read_parse",
    "read_score",
    "reduced",
    "steps",
]

START_ANEW = -1
"""The turn of a `steps` event before which nothing of the conversation counts."""


@attrs.frozen(slots=True)
class ParseEntry:
    """What an extractor chain gave for one candidate, under the parse's key."""

    transform_hash: str
    key: str
    extractions: tuple[ExtractionRecord, ...]


@attrs.frozen(slots=True)
class ScoreEntry:
    """One metric's outcome for one candidate; `metric` is its number in the run."""

    metric: int
    key: str
    evaluation_hash: str
    score: MetricScore | ScoreError


def steps(
    run: int,
    *,
    candidate_id: str,
    trial: int,
    sample: int,
    turn: int,
    steps: Iterable[TraceStep],
    inference: InferenceRecord | None = None,
) -> Event:
    """Further steps of a turn of an unfinished conversation; `inference` closes the turn."""
    value = {
        "trial": trial,
        "sample": sample,
        "turn": turn,
        "steps": [to_plain(step) for step in steps],
        "inference": inference and to_plain(inference),
    }
    return Event.of("steps", value, run=run, key=bytes.fromhex(candidate_id))


def conversation_anew(run: int, *, candidate_id: str, trial: int, sample: int) -> Event:
    """The steps recorded so far of a conversation are not taken up again."""
    return steps(
        run, candidate_id=candidate_id, trial=trial, sample=sample, turn=START_ANEW, steps=()
    )


def generated(
    run: int | None,
    *,
    candidate_id: str,
    trial: int,
    sample: int,
    seed: int | None,
    inference: InferenceRecord | None = None,
    conversation: ConversationTrace | None = None,
    failure: FailureRecord | None = None,
    timeline: Iterable[TimelineStage] = (),
    links: Iterable[ObservabilityLink] = (),
) -> Event:
    """A candidate, or (with `failure`) why there is none."""
    value = {
        "trial": trial,
        "sample": sample,
        "seed": seed,
        "status": "ok" if failure is None else "error",
        "inference": inference and to_plain(inference),
        "conversation": conversation and to_plain(conversation),
        "failure": failure and to_plain(failure),
        "timeline": [to_plain(stage) for stage in timeline],
        "links": [to_plain(link) for link in links],
    }
    return _outcome("generated", value, run, candidate_id)


def reduced(
    run: int,
    *,
    candidate_id: str,
    trial: int,
    sources: Sequence[str],
    candidate: ReducedCandidate | None = None,
    failure: FailureRecord | None = None,
    judge_audits: Iterable[JudgeAuditTrail] = (),
    timeline: Iterable[TimelineStage] = (),
) -> Event:
    """The one candidate made of those that succeeded (`sources`), or why there is none."""
    value = {
        "trial": trial,
        "sample": WHOLE_TRIAL,
        "seed": candidate and candidate.effective_seed,
        "status": "ok" if failure is None else "error",
        "sources": list(candidate.source_candidate_ids if candidate else sources),
        "inference": candidate and candidate.inference and to_plain(candidate.inference),
        "conversation": candidate and candidate.conversation and to_plain(candidate.conversation),
        "details": candidate.details if candidate else {},
        "failure": failure and to_plain(failure),
        "judge_audits": [to_plain(trail) for trail in judge_audits],
        "timeline": [to_plain(stage) for stage in timeline],
    }
    return _outcome("reduced", value, run, candidate_id)


def evaluated(
    run: int,
    *,
    candidate_id: str,
    trial: int,
    sample: int,
    parses: Iterable[ParseEntry] = (),
    scores: Iterable[ScoreEntry] = (),
    judge_audits: Iterable[JudgeAuditTrail] = (),
    timeline: Iterable[TimelineStage] = (),
) -> Event:
    """The parses and scores of one candidate, and every judge call behind them."""
    value = {
        "trial": trial,
        "sample": sample,
        "parses": [_parse_value(entry) for entry in parses],
        "scores": [_score_value(entry) for entry in scores],
        "judge_audits": [to_plain(trail) for trail in judge_audits],
        "timeline": [to_plain(stage) for stage in timeline],
    }
    return _outcome("evaluated", value, run, candidate_id)


def _outcome(
    kind: Literal["generated", "reduced", "evaluated"],
    value: dict[str, Any],
    run: int | None,
    candidate_id: str,
) -> Event:
    key, payload = bytes.fromhex(candidate_id), canonical_bytes(value)
    return Event(kind, run, key, payload, source=value)


def read_parse(entry: Mapping[str, Any]) -> ParseEntry:
    """The entry of an `evaluated` payload's `parses`."""
    extractions = (from_plain(one, ExtractionRecord) for one in entry["extractions"])
    return ParseEntry(entry["transform_hash"], entry["key"], tuple(extractions))


def read_score(entry: Mapping[str, Any]) -> ScoreEntry:
    """The entry of an `evaluated` payload's `scores`."""
    return ScoreEntry(entry["metric"], entry["key"], entry["evaluation_hash"], _score_record(entry))


def _parse_value(entry: ParseEntry) -> dict[str, Any]:
    return {
        "transform_hash": entry.transform_hash,
        "key": entry.key,
        "extractions": [to_plain(one) for one in entry.extractions],
    }


def _score_value(entry: ScoreEntry) -> dict[str, Any]:
    score = entry.score
    plain = {
        "metric": entry.metric,
        "key": entry.key,
        "evaluation_hash": entry.evaluation_hash,
        "metric_id": score.metric_id,
        "details": score.details,
    }
    if isinstance(score, ScoreError):
        error = {"code": score.code.value, "message": score.message}
        return {**plain, "value": None, "warnings": [], "error": error}
    error_text = score.error and {"code": None, "message": score.error}
    return {**plain, "value": score.value, "warnings": score.warnings, "error": error_text}


def _score_record(entry: Mapping[str, Any]) -> MetricScore | ScoreError:
    error = entry["error"]
    if error is not None and error["code"] is not None:
        return ScoreError(
            metric_id=entry["metric_id"],
            message=error["message"],
            code=ErrorCode(error["code"]),
            details=entry["details"],
        )
    return MetricScore(
        metric_id=entry["metric_id"],
        value=entry["value"],
        details=entry["details"],
        warnings=tuple(entry["warnings"]),
        error=error and error["message"],
    )
