"""One trial or candidate, for a person or a program to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from themis.records.codec import to_plain
from themis.results.tables import format_value, printable, text_table

if TYPE_CHECKING:
    from themis.records import CandidateRecord, ConversationTrace, RecordTimeline, TrialSpec
    from themis.results import RecordTimelineView

__all__ = ["record_to_dict", "render_record"]


def record_to_dict(view: RecordTimelineView, *, only_timeline: bool = False) -> dict[str, Any]:
    """Plain JSON values of a view; with `only_timeline`, its ids, status and stages."""
    named = {
        "record_id": view.record_id,
        "record_type": view.record_type,
        "trial_hash": view.trial_hash,
        "candidate_id": view.candidate_id,
        "status": view.status,
        "timeline": to_plain(view.timeline).get("stages", []),
    }
    if only_timeline:
        return named
    return {
        **named,
        "lineage": dict(view.lineage),
        "trial_spec": _spec_to_dict(view.trial_spec),
        "item_payload": view.item_payload,
        "candidates": [_candidate_to_dict(candidate) for candidate in view.candidates],
        "judge_audit": [to_plain(trail) for trail in view.judge_audit],
        "observability": to_plain(view.observability).get("links", []),
        "related_events": [attrs.asdict(event) for event in view.related_events],
    }


def render_record(view: RecordTimelineView, *, only_timeline: bool = False) -> str:
    """The view as text; control characters of whatever a model said are spelled out."""
    heading = f"{view.record_type} {view.record_id} ({view.status})"
    if only_timeline:
        return f"{heading}\n{_timeline_table(view.timeline)}"
    parts = [heading, _facts(view.lineage)]
    if isinstance(view.item_payload, dict):
        parts.append(f"ITEM\n{_facts(view.item_payload)}")
    parts += [_candidate_text(candidate) for candidate in view.candidates]
    parts.append(f"TIMELINE\n{_timeline_table(view.timeline)}")
    return "\n\n".join(parts)


def _spec_to_dict(spec: TrialSpec) -> dict[str, Any]:
    plain = attrs.asdict(spec, recurse=False)
    plain["model"] = spec.model.model_dump(mode="json")
    plain["params"] = spec.params.model_dump(mode="json")
    plain["prompt"] = [to_plain(message) for message in spec.prompt]
    plain["follow_ups"] = [[to_plain(message) for message in turn] for turn in spec.follow_ups]
    plain["tools"] = [tool.model_dump(mode="json") for tool in spec.tools]
    plain["mcp_servers"] = [server.model_dump(mode="json") for server in spec.mcp_servers]
    return {**plain, "dimensions": dict(spec.dimensions)}


def _candidate_to_dict(candidate: CandidateRecord) -> dict[str, Any]:
    return {
        "candidate_id": candidate.candidate_id,
        "sample_index": candidate.sample_index,
        "effective_seed": candidate.effective_seed,
        "status": candidate.status,
        "failure": _plain(candidate.failure),
        "inference": _plain(candidate.inference),
        "conversation": _plain(candidate.conversation),
        "extractions": [to_plain(record) for record in candidate.extractions],
        "evaluation": _plain(candidate.evaluation),
    }


def _plain(record: Any) -> dict[str, Any] | None:
    return None if record is None else to_plain(record)


def _candidate_text(candidate: CandidateRecord) -> str:
    drawn = f"sample {candidate.sample_index}, seed {candidate.effective_seed}"
    lines = [f"CANDIDATE {candidate.candidate_id} ({drawn}, {candidate.status})"]
    if candidate.failure is not None:
        failure = candidate.failure
        lines.append(f"  failed: {failure.code}: {printable(failure.message)}")
    lines += [f"  {line}" for line in _said(candidate)]
    for record in candidate.extractions:
        found = format_value(record.parsed_answer) if record.success else record.failure_reason
        lines.append(f"  {record.extractor_id}: {printable(str(found))}")
    lines += [f"  {line}" for line in _scores(candidate)]
    return "\n".join(lines)


def _said(candidate: CandidateRecord) -> Iterator[str]:
    if candidate.conversation is not None:
        yield from _steps(candidate.conversation)
    elif candidate.inference is not None:
        yield f"output: {printable(str(_output(candidate)))}"


def _output(candidate: CandidateRecord) -> Any:
    inference = candidate.inference
    if inference is None:
        return None
    return inference.raw_text if inference.raw_text is not None else inference.structured_output


def _steps(conversation: ConversationTrace) -> Iterator[str]:
    for step in conversation.steps:
        if step.kind == "tool_call":
            yield f"tool call {step.name}: {printable(str(step.arguments))}"
        else:
            who = step.role or f"tool result {step.name or ''}".rstrip()
            yield f"{who}: {printable(_text(step.content))}"


def _text(content: Any) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return " ".join(part.text if part.text is not None else f"[{part.type}]" for part in content)


def _scores(candidate: CandidateRecord) -> Iterator[str]:
    for score in candidate.evaluation.scores if candidate.evaluation else ():
        value = getattr(score, "value", None)
        error = getattr(score, "message", None) or getattr(score, "error", None)
        yield f"{score.metric_id}: {format_value(value) if error is None else printable(error)}"


def _timeline_table(timeline: RecordTimeline) -> str:
    rows = [
        {
            "stage": stage.stage,
            "component": stage.component,
            "status": stage.status,
            "duration_ms": stage.duration_ms,
            "error": stage.error,
        }
        for stage in timeline.stages
    ]
    return text_table(_without_empty(rows)) if rows else "no stage has run"


def _without_empty(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    names = [name for name in rows[0] if any(row[name] is not None for row in rows)]
    return [{name: row[name] for name in names} for row in rows]


def _facts(values: Mapping[str, Any]) -> str:
    return "\n".join(f"{name}: {printable(format_value(value))}" for name, value in values.items())
