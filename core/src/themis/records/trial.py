"""A trial: one item under one prompt, model and parameter set; and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import attrs

from themis.records.conversation import ConversationTrace, Message
from themis.records.evaluation import (
    EvaluationRecord,
    ExtractionRecord,
    JudgeAuditTrail,
)
from themis.records.inference import InferenceRecord
from themis.records.timeline import FailureRecord, RecordTimeline, TrialStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from themis.specs import InferenceParamsSpec, McpServerSpec, ModelSpec, ToolSpec

__all__ = [
    "WHOLE_TRIAL",
    "CandidateRecord",
    "ObservabilityLink",
    "ObservabilitySnapshot",
    "ReducedCandidate",
    "TrialRecord",
    "TrialSpec",
]

WHOLE_TRIAL = -1
"""The sample index of what belongs to a trial as a whole: its reduced candidate, its own scores."""


@attrs.frozen(slots=True, kw_only=True)
class TrialSpec:
    """What an engine is given: the compiled, private form of one trial.

    `prompt` is rendered. `follow_ups` are the scripted later turns, rendered too; the runtime
    plays them one by one. `max_tool_rounds` bounds an agent's loop. `trial_hash` identifies
    everything that determines the generation.
    """

    trial_hash: str
    benchmark_id: str
    slice_id: str
    item_id: str
    prompt_variant_id: str
    model: ModelSpec
    params: InferenceParamsSpec
    prompt: tuple[Message, ...] = ()
    prompt_family: str | None = None
    dimensions: Mapping[str, str] = attrs.field(factory=dict)
    dataset_id: str | None = None
    item_hash: str | None = None
    tools: tuple[ToolSpec, ...] = ()
    mcp_servers: tuple[McpServerSpec, ...] = ()
    max_tool_rounds: int = 8
    follow_ups: tuple[tuple[Message, ...], ...] = ()


@attrs.frozen(slots=True, kw_only=True)
class CandidateRecord:
    """One sample of a trial, with everything later stages added to it."""

    candidate_id: str
    sample_index: int = 0
    effective_seed: int | None = None
    inference: InferenceRecord | None = None
    conversation: ConversationTrace | None = None
    extractions: tuple[ExtractionRecord, ...] = ()
    evaluation: EvaluationRecord | None = None
    judge_audits: tuple[JudgeAuditTrail, ...] = ()
    timeline: RecordTimeline | None = None
    status: Literal["ok", "error", "skipped"] = "ok"
    failure: FailureRecord | None = None

    def best_extraction(self) -> ExtractionRecord | None:
        """The first extraction that succeeded, or None."""
        return next((record for record in self.extractions if record.success), None)


@attrs.frozen(slots=True, kw_only=True)
class ReducedCandidate(CandidateRecord):
    """The one candidate that stands for a trial's N; its sample index is `WHOLE_TRIAL`.

    `source_candidate_ids` are those it was made of, in order; `details` is what the reducer says of
    how it came about (votes, say).
    """

    sample_index: int = WHOLE_TRIAL
    source_candidate_ids: tuple[str, ...] = ()
    details: dict[str, Any] = attrs.field(factory=dict)


@attrs.frozen(slots=True, kw_only=True)
class TrialRecord:
    """A trial with its candidates. `partial`: some candidates failed.

    `reduced` stands for the candidates where the slice has a reduction. `evaluation` holds the
    scores of the candidates as a set, `judge_audits` the judge calls behind them.
    """

    trial_spec: TrialSpec
    status: TrialStatus
    candidates: tuple[CandidateRecord, ...] = ()
    reduced: ReducedCandidate | None = None
    evaluation: EvaluationRecord | None = None
    judge_audits: tuple[JudgeAuditTrail, ...] = ()
    timeline: RecordTimeline | None = None
    item: Mapping[str, Any] | None = None


@attrs.frozen(slots=True, kw_only=True)
class ObservabilityLink:
    """Where an outside system shows this record."""

    provider: str
    external_id: str
    url: str | None = None


@attrs.frozen(slots=True)
class ObservabilitySnapshot:
    """Links to outside systems; never part of any hash."""

    links: tuple[ObservabilityLink, ...] = ()
