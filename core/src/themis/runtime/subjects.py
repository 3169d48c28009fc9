"""What a metric scores of a candidate: the candidate itself, or how it came about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from themis.records import CandidateRecord, ConversationTrace, TraceStep, TrialSpec, WorkflowTrace

if TYPE_CHECKING:
    from themis.plugin import MetricSubject

__all__ = ["Subject", "subject_of", "trace_of"]

Subject = CandidateRecord | Sequence[CandidateRecord] | WorkflowTrace


def subject_of(
    kind: MetricSubject, given: CandidateRecord | Sequence[CandidateRecord], trial: TrialSpec
) -> Subject:
    """What a metric of this kind scores, of one candidate or of a trial's candidates as a set."""
    if kind == "trace" and isinstance(given, CandidateRecord):
        return trace_of(given, trial)
    if isinstance(given, CandidateRecord):
        return (given,) if kind == "candidates" else given
    return tuple(given)


def trace_of(candidate: CandidateRecord, trial: TrialSpec) -> WorkflowTrace:
    """The steps that were recorded; of a candidate without any, the prompt and the answer."""
    if candidate.conversation is not None and candidate.conversation.steps:
        return candidate.conversation
    trace = ConversationTrace.of_messages(trial.prompt)
    text = candidate.inference.raw_text if candidate.inference else None
    if text is None:
        return trace
    return trace.then(TraceStep(kind="message", role="assistant", content=text))
