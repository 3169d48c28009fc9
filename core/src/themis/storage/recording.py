"""What the runtime records, as events; and the parts of their payloads, read back.

One function per kind of event, so that a payload's shape is written down once. Keys and ids are
hex, as records have them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import attrs

from themis.errors import ErrorCode
from themis.records import WHOLE_TRIAL, ExtractionRecord, MetricScore, ScoreError
from themis.records.canonical import canonical_bytes, digest
from themis.records.codec import from_plain, to_plain
from themis.storage.events import Event
from themis.storage.outcomes import KEY_PREFIX

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
    "PlannedArm",
    "PlannedMetric",
    "PlannedTrial",
    "ReusedCandidate",
    "ReusedScore",
    "RunStatus",
    "ScoreEntry",
    "WithdrawnCandidate",
    "WithdrawnScore",
    "continuation_key",
    "conversation_anew",
    "evaluated",
    "generated",
    "judgement_key",
    "read_parse",
    "read_score",
    "reduced",
    "reused",
    "run_continued",
    "run_judged",
    "run_planned",
    "run_status",
    "steps",
    "trials_key",
    "trials_planned",
    "withdrawn",
]

START_ANEW = -1
"""The turn of a `steps` event before which nothing of the conversation counts."""

RunStatus = Literal[
    "planned", "pending", "running", "completed", "partial_failure", "failed", "interrupted"
]


@attrs.frozen(slots=True, kw_only=True)
class PlannedArm:
    """One arm of a run: a slice under one prompt variant, model and parameter set."""

    slice_id: str
    prompt_variant_id: str
    model_id: str
    provider: str
    params_hash: str
    prompt_family: str | None = None
    params: dict[str, Any] = attrs.field(factory=dict)
    dimensions: dict[str, str] = attrs.field(factory=dict)
    dataset_id: str | None = None


@attrs.frozen(slots=True, kw_only=True)
class PlannedMetric:
    """One metric of one score spec of one slice."""

    metric_id: str
    score_name: str
    slice_id: str
    evaluation_hash: str
    transform_hash: str | None = None
    whole_trial: bool = False
    stage: str | None = None


@attrs.frozen(slots=True)
class PlannedTrial:
    """One trial: its arm's number, its item, and the key of all that determines generation."""

    arm: int
    item_id: str
    item_hash: str
    trial_hash: str


@attrs.frozen(slots=True)
class ReusedCandidate:
    """A candidate of this run that event `seq` already holds."""

    trial: int
    sample: int
    seq: int


@attrs.frozen(slots=True)
class ReusedScore:
    """A score of this run that event `seq` already holds, under the score's `key`."""

    trial: int
    sample: int
    metric: int
    seq: int
    key: str


@attrs.frozen(slots=True)
class WithdrawnCandidate:
    """A candidate, or (with sample `WHOLE_TRIAL`) a reduced one, to be made again."""

    trial: int
    sample: int
    key: str


@attrs.frozen(slots=True)
class WithdrawnScore:
    """A score to be made again."""

    trial: int
    sample: int
    metric: int
    key: str


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


def run_planned(
    *,
    run_id: str,
    benchmark_id: str,
    manifest: Mapping[str, Any],
    arms: Sequence[PlannedArm],
    metrics: Sequence[PlannedMetric],
    num_samples: int,
) -> Event:
    """The start of a run. Its seq is the `run` of all the run's events.

    Appending it again for the same `run_id` gives the seq it already has.
    """
    value = {
        "run_id": run_id,
        "benchmark_id": benchmark_id,
        "manifest": manifest,
        "arms": [attrs.asdict(arm, recurse=False) for arm in arms],
        "metrics": [attrs.asdict(metric, recurse=False) for metric in metrics],
        "num_samples": num_samples,
    }
    return Event.of("run_planned", value, run=None, key=digest(b"run", run_id.encode()))


def run_continued(run: int, *, run_id: str, number: int, provenance: Mapping[str, Any]) -> Event:
    """The run goes on under another provenance than before, for the `number`th time (from 0).

    Appending it again gives the seq it already has.
    """
    value = {"number": number, "provenance": provenance}
    return Event.of("run_continued", value, run=run, key=continuation_key(run_id, number))


def continuation_key(run_id: str, number: int) -> bytes:
    """The key under which the `number`th continuation of a run is found."""
    return digest(b"continued", run_id.encode(), b"%d" % number)


def run_judged(run: int, *, run_id: str, number: int, accepted: bool, reason: str) -> Event:
    """Whether the run counts as history for later ones: the `number`th word on it (from 0).

    Appending it again gives the seq it already has.
    """
    value = {"number": number, "accepted": accepted, "reason": reason}
    return Event.of("run_judged", value, run=run, key=judgement_key(run_id, number))


def judgement_key(run_id: str, number: int) -> bytes:
    """The key under which the `number`th judgement of a run is found."""
    return digest(b"judged", run_id.encode(), b"%d" % number)


def trials_planned(run: int, *, start: int, trials: Sequence[PlannedTrial]) -> Event:
    """Trials `start`, `start + 1`, ...: at most some hundreds, so that none is a huge payload."""
    value = {
        "start": start,
        "trials": [[one.arm, one.item_id, one.item_hash, one.trial_hash] for one in trials],
    }
    return Event.of("trials_planned", value, run=run, key=trials_key(run, start))


def trials_key(run: int, start: int) -> bytes:
    """The key of the event that plans the run's trials from `start` on."""
    return digest(b"trials", b"%d" % run, b"%d" % start)


def reused(
    run: int,
    *,
    candidates: Iterable[ReusedCandidate] = (),
    scores: Iterable[ReusedScore] = (),
) -> Event:
    """Candidates and scores that this run takes over from earlier events, at most some hundreds."""
    value = {
        "candidates": [[one.trial, one.sample, one.seq] for one in candidates],
        "scores": [
            [one.trial, one.sample, one.metric, one.seq, one.key[:KEY_PREFIX]] for one in scores
        ],
    }
    return Event.of("reused", value, run=run)


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


def withdrawn(
    run: int,
    *,
    candidates: Iterable[WithdrawnCandidate] = (),
    scores: Iterable[WithdrawnScore] = (),
    parses: Iterable[str] = (),
) -> Event:
    """Artifacts of this run that are to be made again, at most some hundreds.

    The run has no outcome for them any more, and no later run takes them for its own. The events
    that hold them stay.
    """
    value = {
        "candidates": [[one.trial, one.sample, one.key] for one in candidates],
        "scores": [[one.trial, one.sample, one.metric, one.key] for one in scores],
        "parses": list(parses),
    }
    return Event.of("withdrawn", value, run=run)


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


def run_status(
    run: int, *, status: RunStatus, reason: str | None = None, through: str | None = None
) -> Event:
    """A run's new status, why, and through which stage it is whole."""
    return Event.of("run_status", {"status": status, "reason": reason, "through": through}, run=run)


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
