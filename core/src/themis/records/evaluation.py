"""What extractors, metrics and judges gave for one candidate."""

from __future__ import annotations

from typing import Any

import attrs

from themis.errors import ErrorCode, code_of
from themis.records.inference import InferenceRecord

__all__ = [
    "EvaluationRecord",
    "ExtractionRecord",
    "JudgeAuditEntry",
    "JudgeAuditTrail",
    "JudgeResponse",
    "MetricScore",
    "ScoreError",
]


@attrs.frozen(slots=True, kw_only=True)
class ExtractionRecord:
    """One extractor's outcome. A failure has a `failure_reason`, never an exception."""

    extractor_id: str
    success: bool
    parsed_answer: Any = None
    warnings: tuple[str, ...] = ()
    failure_reason: str | None = None


@attrs.frozen(slots=True, kw_only=True)
class MetricScore:
    """One metric's value for one candidate; `value` None only beside an `error`."""

    metric_id: str
    value: float | None
    details: dict[str, Any] = attrs.field(factory=dict)
    warnings: tuple[str, ...] = ()
    error: str | None = None


@attrs.frozen(slots=True, kw_only=True)
class ScoreError:
    """A metric that could not score: the cause is recorded and counted beside the mean."""

    metric_id: str
    message: str
    code: ErrorCode = attrs.field(default=ErrorCode.METRIC_COMPUTATION, converter=code_of)
    details: dict[str, Any] = attrs.field(factory=dict)


@attrs.frozen(slots=True, kw_only=True)
class JudgeResponse:
    """A judge's answer: its text, the inference behind it, or why there is none."""

    text: str | None
    inference: InferenceRecord | None = None
    error: str | None = None
    error_code: ErrorCode | None = attrs.field(
        default=None, converter=attrs.converters.optional(code_of)
    )


@attrs.frozen(slots=True, kw_only=True)
class JudgeAuditEntry:
    """One judge call: which metric asked whom, exactly what, with which seed, and the answer.

    Of a workflow's call also its `call_id`, the `judgment` read out of the answer and its `score`,
    or the `error` that says why there is none.
    """

    metric_id: str
    judge_spec: dict[str, Any]
    prompt: tuple[dict[str, Any], ...]
    seed: int | None
    response: JudgeResponse
    attempts: int = 1
    duration_ms: float | None = None
    call_id: str | None = None
    judgment: Any = None
    score: float | None = None
    error: str | None = None


@attrs.frozen(slots=True)
class JudgeAuditTrail:
    """Every judge call made for one metric of one candidate."""

    metric_id: str
    entries: tuple[JudgeAuditEntry, ...] = ()


@attrs.frozen(slots=True)
class EvaluationRecord:
    """All scores of one candidate in one evaluation pass."""

    evaluation_hash: str
    scores: tuple[MetricScore | ScoreError, ...] = ()
