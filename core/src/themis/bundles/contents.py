"""Reads the contents of records into what events are made of; anything else is refused."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from themis.bundles.plan import BundlePlan
from themis.bundles.records import (
    BundleRecord,
    GenerationBundleRecord,
    ParseBundleRecord,
    ReductionBundleRecord,
    ScoreBundleRecord,
)
from themis.bundles.refusal import refused
from themis.records import (
    ConversationTrace,
    ExtractionRecord,
    FailureRecord,
    InferenceRecord,
    JudgeAuditTrail,
    ObservabilityLink,
    ReducedCandidate,
    TimelineStage,
)
from themis.records.canonical import canonical_bytes
from themis.records.codec import from_plain
from themis.storage import Event, recording
from themis.storage.recording import ParseEntry, ScoreEntry, read_score

__all__ = ["check_content", "evaluated_event", "generated_event", "reduced_event"]

T = TypeVar("T")
_CONTENTS: Mapping[str, frozenset[str]] = {
    "generation": frozenset(
        {"status", "seed", "inference", "conversation", "failure", "timeline", "links"}
    ),
    "reduction": frozenset(
        {
            "status", "seed", "sources", "inference", "conversation", "details", "failure",
            "judge_audits", "timeline",
        }
    ),
    "parse": frozenset({"extractions", "timeline"}),
    "score": frozenset({"value", "details", "warnings", "error", "timeline"}),
    "evaluation": frozenset({"value", "details", "warnings", "error", "timeline", "judge_audits"}),
}  # fmt: skip


def check_content(record: BundleRecord, plan: BundlePlan) -> None:
    """Hold a record to the form of its stage's outcomes.

    Raises:
        SpecValidationError: it cannot be recorded as it is.
    """
    if record.content.keys() != _CONTENTS[record.stage]:
        odd = ", ".join(sorted(record.content.keys() ^ _CONTENTS[record.stage]))
        raise refused(f"record {record.key[:12]!r} lacks contents, or has others: {odd}")
    try:
        recorded, brought = _recorded(record, plan), canonical_bytes(_brought(record))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        reason = f"the content of record {record.key[:12]!r} cannot be recorded: {error}"
        raise refused(reason) from error
    if canonical_bytes(recorded) != brought:
        raise refused(f"the content of record {record.key[:12]!r} is not as runs record it")


def _recorded(record: BundleRecord, plan: BundlePlan) -> dict[str, Any]:
    """A record's content as it is after it was read and recorded."""
    if isinstance(record, GenerationBundleRecord):
        value = found = generated_event(record, run=0, trial=0).value()
    elif isinstance(record, ReductionBundleRecord):
        value = found = reduced_event(record, run=0, trial=0).value()
    else:
        value = evaluated_event([record], plan, run=0, trial=0).value()
        found = [*value["parses"], *value["scores"]][0]
    return {name: found[name] if name in found else value[name] for name in record.content}


def _brought(record: BundleRecord) -> dict[str, Any]:
    """A record's content; what is recorded once is there once."""
    content = dict(record.content)
    if isinstance(record, (ParseBundleRecord, ScoreBundleRecord)):
        shared = content.keys() & {"timeline", "judge_audits"}
        content |= {name: _distinct([content], name) for name in shared}
    return content


def generated_event(record: GenerationBundleRecord, *, run: int, trial: int) -> Event:
    """The event that records a candidate as a run's own."""
    content = record.content
    _check_status(content)
    return recording.generated(
        run,
        candidate_id=record.key,
        trial=trial,
        sample=record.sample,
        seed=_seed(content),
        inference=_read(content["inference"], InferenceRecord),
        conversation=_read(content["conversation"], ConversationTrace),
        failure=_read(content["failure"], FailureRecord),
        timeline=_read_all(content["timeline"], TimelineStage),
        links=_read_all(content["links"], ObservabilityLink),
    )


def reduced_event(record: ReductionBundleRecord, *, run: int, trial: int) -> Event:
    """The event that records a reduced candidate as a run's own."""
    content = record.content
    _check_status(content)
    if not set(content["sources"]) <= set(record.members):
        raise ValueError("it is made of candidates that are not among its members")
    return recording.reduced(
        run,
        candidate_id=record.key,
        trial=trial,
        sources=content["sources"],
        candidate=_reduced_candidate(record) if record.ok else None,
        failure=_read(content["failure"], FailureRecord),
        judge_audits=_read_all(content["judge_audits"], JudgeAuditTrail),
        timeline=_read_all(content["timeline"], TimelineStage),
    )


def evaluated_event(
    records: Sequence[BundleRecord], plan: BundlePlan, *, run: int, trial: int
) -> Event:
    """The event that records parses and scores of one candidate or trial as a run's own."""
    [candidate_id] = {getattr(record, "candidate_id", "") for record in records}
    contents = [record.content for record in records]
    return recording.evaluated(
        run,
        candidate_id=candidate_id,
        trial=trial,
        sample=records[0].sample,
        parses=[_parse(one) for one in records if isinstance(one, ParseBundleRecord)],
        scores=[_score(one, plan) for one in records if isinstance(one, ScoreBundleRecord)],
        judge_audits=_read_all(_distinct(contents, "judge_audits"), JudgeAuditTrail),
        timeline=_read_all(_distinct(contents, "timeline"), TimelineStage),
    )


def _reduced_candidate(record: ReductionBundleRecord) -> ReducedCandidate:
    content = record.content
    return ReducedCandidate(
        candidate_id=record.key,
        effective_seed=_seed(content),
        inference=_read(content["inference"], InferenceRecord),
        conversation=_read(content["conversation"], ConversationTrace),
        source_candidate_ids=tuple(content["sources"]),
        details=dict(content["details"]),
    )


def _parse(record: ParseBundleRecord) -> ParseEntry:
    extractions = _read_all(record.content["extractions"], ExtractionRecord)
    return ParseEntry(record.transform_hash, record.key, tuple(extractions))


def _score(record: ScoreBundleRecord, plan: BundlePlan) -> ScoreEntry:
    metric, content = plan.metrics[record.metric], record.content
    value, error = content["value"], content["error"]
    if error is None and not _is_score(value):
        msg = f"its value is {value!r:.40}; a score is a finite number"
        raise ValueError(msg)
    if error is not None and not isinstance(error["message"], str):
        raise TypeError("the message of its error is no text")
    if not isinstance(content["details"], Mapping):
        raise TypeError("its details are no mapping")
    return read_score(
        {
            **content,
            "metric": record.metric,
            "key": record.key,
            "evaluation_hash": metric.evaluation_hash,
            "metric_id": metric.metric_id,
        }
    )


def _is_score(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _check_status(content: Mapping[str, Any]) -> None:
    """A candidate has an inference and no failure, or the reverse."""
    ok = content["status"] == "ok"
    if ok != (content["failure"] is None) or ok != (content["inference"] is not None):
        raise ValueError("its status does not fit what it holds")


def _seed(content: Mapping[str, Any]) -> int | None:
    seed = content["seed"]
    if seed is not None and type(seed) is not int:
        msg = f"its seed is {seed!r:.40}"
        raise TypeError(msg)
    return seed


def _read(value: Any, kind: type[T]) -> T | None:
    return None if value is None else from_plain(value, kind)


def _read_all(values: Sequence[Any], kind: type[T]) -> list[T]:
    return [from_plain(value, kind) for value in values]


def _distinct(contents: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    """What the contents have under a name, each once: metrics of one name share theirs."""
    found = {canonical_bytes(one): one for each in contents for one in each.get(name, ())}
    return list(found.values())
