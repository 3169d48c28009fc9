"""One trial or candidate, for a person to read.

Control characters of whatever a model said are spelled out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from themis.records import ScoreError
from themis.results.tables import format_value, printable, text_table

if TYPE_CHECKING:
    from themis.records import (
        CandidateRecord,
        ConversationTrace,
        EvaluationRecord,
        JudgeAuditEntry,
        JudgeAuditTrail,
        RecordTimeline,
    )
    from themis.results import RecordTimelineView

__all__ = ["candidate_text", "judge_name", "render_record", "text_block"]


def render_record(view: RecordTimelineView, *, only_timeline: bool = False) -> str:
    """The view as text: what it is, what it was asked, every candidate, and when it happened."""
    heading = f"{view.record_type} {view.record_id} ({view.status})"
    if only_timeline:
        return f"{heading}\n{_timeline_table(view.timeline)}"
    parts = [heading, _facts({name: _given(value) for name, value in view.lineage.items()})]
    if isinstance(view.item_payload, dict):
        parts.append(f"ITEM\n{_facts(view.item_payload)}")
    parts += [candidate_text(candidate) for candidate in view.candidates]
    if all(candidate.evaluation is not view.evaluation for candidate in view.candidates):
        parts += _of_the_set(view)
    parts.append(f"TIMELINE\n{_timeline_table(view.timeline)}")
    return "\n\n".join(parts)


def _of_the_set(view: RecordTimelineView) -> list[str]:
    """How the candidates scored as a set, and what judges said of them."""
    of_one = sum(len(candidate.judge_audits) for candidate in view.candidates)
    lines = [*_scores(view.evaluation), *_judgments(view.judge_audit[of_one:])]
    return ["\n".join(["ALL CANDIDATES", *_indented(lines)])] if lines else []


def candidate_text(candidate: CandidateRecord) -> str:
    """What one candidate said, what was found in it and how it scored; or why it failed."""
    drawn = f"sample {candidate.sample_index}, seed {candidate.effective_seed}"
    lines = [f"CANDIDATE {candidate.candidate_id} ({drawn}, {candidate.status})"]
    if candidate.failure is not None:
        failure = candidate.failure
        lines.append(f"  failed: {failure.code}: {printable(failure.message)}")
    lines += _indented(_said(candidate))
    for record in candidate.extractions:
        reason = f"failed: {record.failure_reason}"
        found = format_value(record.parsed_answer) if record.success else reason
        lines.append(f"  {printable(record.extractor_id)}: {printable(found)}")
    lines += _indented(_scores(candidate.evaluation))
    lines += _indented(_judgments(candidate.judge_audits))
    return "\n".join(lines)


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _said(candidate: CandidateRecord) -> Iterator[str]:
    if candidate.conversation is not None:
        yield from _steps(candidate.conversation)
    elif candidate.inference is not None:
        yield f"output: {text_block(str(_output(candidate)))}"


def _output(candidate: CandidateRecord) -> Any:
    inference = candidate.inference
    if inference is None:
        return None
    return inference.raw_text if inference.raw_text is not None else inference.structured_output


def _steps(conversation: ConversationTrace) -> Iterator[str]:
    for step in conversation.steps:
        if step.kind == "tool_call":
            yield f"tool call {printable(str(step.name))}: {printable(str(step.arguments))}"
        else:
            who = step.role or f"tool result {step.name or ''}".rstrip()
            yield f"{printable(who)}: {text_block(_text(step.content))}"


def text_block(text: str, *, indent: str = "    ") -> str:
    """`text` with its lines kept, those after the first further in."""
    return f"\n{indent}".join(map(printable, text.splitlines()))


def _text(content: Any) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return " ".join(part.text if part.text is not None else f"[{part.type}]" for part in content)


def _scores(evaluation: EvaluationRecord | None) -> Iterator[str]:
    for score in evaluation.scores if evaluation else ():
        error = score.message if isinstance(score, ScoreError) else score.error
        value = "-" if isinstance(score, ScoreError) else format_value(score.value)
        told = value if error is None else f"failed: {printable(error)}"
        yield f"{printable(score.metric_id)}: {told}"


def _judgments(trails: Iterable[JudgeAuditTrail]) -> Iterator[str]:
    """What each judge said: what was read out of its reply, why nothing was, or the reply."""
    for trail in trails:
        for entry in trail.entries:
            error = entry.error or entry.response.error
            said = entry.response.text if entry.judgment is None else format_value(entry.judgment)
            call = f" ({printable(entry.call_id)})" if entry.call_id else ""
            told = f"failed: {error}" if error is not None else said or ""
            who = f"{printable(trail.metric_id)}, judge {judge_name(entry)}"
            yield f"{who}{call}: {text_block(told)}"


def judge_name(entry: JudgeAuditEntry) -> str:
    """Who was asked: a model, or a judge component."""
    judge = entry.judge_spec.get("judge")
    model = judge.get("model", {}) if isinstance(judge, Mapping) else {}
    return printable(str(model.get("model_id", judge)))


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


def _given(value: Any) -> Any:
    """A mapping without what was left to its default; anything else as it is."""
    if not isinstance(value, Mapping):
        return value
    return {name: entry for name, entry in value.items() if entry not in (None, [], {})}


def _facts(values: Mapping[str, Any]) -> str:
    return "\n".join(
        f"{printable(str(name))}: {printable(format_value(value))}"
        for name, value in values.items()
    )
