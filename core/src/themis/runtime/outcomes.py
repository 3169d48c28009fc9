"""What components return, made into records: one reading of each protocol's return type."""

from __future__ import annotations

import math
import numbers
from typing import Any

import attrs

from themis.errors import ErrorCode
from themis.records import (
    ConversationTrace,
    ExtractionRecord,
    InferenceRecord,
    InferenceResult,
    MetricScore,
    ScoreError,
)
from themis.records.canonical import plain

__all__ = ["as_conversation", "as_extraction", "as_inference", "as_score", "failed_extraction"]


def as_inference(value: Any, *, engine: str) -> InferenceResult:
    """An engine's return value; raises TypeError that names the engine and the accepted types."""
    if isinstance(value, str):
        return InferenceResult(InferenceRecord(raw_text=value))
    if isinstance(value, InferenceRecord):
        value = InferenceResult(value, value.conversation)
    if isinstance(value, InferenceResult):
        plain(value.inference.structured_output)
        plain(value.inference.logprobs)
        return value
    msg = (
        f"engine {engine!r} returned {type(value).__name__}; "
        "return an InferenceResult, an InferenceRecord or a string"
    )
    raise TypeError(msg)


def as_extraction(value: Any, *, extractor: str) -> ExtractionRecord:
    """An extractor's return value: a record as it is, None a failure, anything else a success."""
    if value is None:
        return failed_extraction(extractor, "the extractor found nothing")
    record = (
        value
        if isinstance(value, ExtractionRecord)
        else ExtractionRecord(extractor_id=extractor, success=True, parsed_answer=value)
    )
    try:
        plain(record.parsed_answer)
    except TypeError as error:
        return failed_extraction(extractor, f"the parsed answer cannot be stored: {error}")
    return record


def failed_extraction(extractor: str, reason: str) -> ExtractionRecord:
    """An extraction that failed for `reason`."""
    return ExtractionRecord(extractor_id=extractor, success=False, failure_reason=reason)


def as_score(value: Any, *, metric: str) -> MetricScore | ScoreError:
    """A metric's return value under the metric's name in this plan; never a non-finite number."""
    if isinstance(value, ScoreError):
        return value if value.metric_id == metric else attrs.evolve(value, metric_id=metric)
    if isinstance(value, MetricScore):
        return _checked(value, metric)
    if isinstance(value, numbers.Real):
        return _checked(MetricScore(metric_id=metric, value=float(value)), metric)
    return ScoreError(
        metric_id=metric,
        message=f"metric {metric!r} returned {type(value).__name__}; "
        "return a number, a bool, a MetricScore or a ScoreError",
    )


def _checked(score: MetricScore, metric: str) -> MetricScore | ScoreError:
    if score.error is not None or score.value is None:
        reason = score.error or "the metric gave no value and no error"
        return ScoreError(metric_id=metric, message=reason, details=score.details)
    value: Any = score.value
    if not isinstance(value, numbers.Real) or not math.isfinite(value):
        return ScoreError(
            metric_id=metric,
            message=f"metric {metric!r} gave {score.value!r}; a score is a finite number",
            code=ErrorCode.METRIC_COMPUTATION,
            details=score.details,
        )
    try:
        plain(score.details)
    except TypeError as error:
        return ScoreError(metric_id=metric, message=f"the details cannot be stored: {error}")
    if score.metric_id == metric and type(score.value) is float:
        return score
    return attrs.evolve(score, metric_id=metric, value=float(score.value))


def as_conversation(result: InferenceResult) -> ConversationTrace | None:
    """The conversation an engine reported, wherever it put it."""
    return result.conversation or result.inference.conversation
