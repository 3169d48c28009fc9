"""What components return, made into records: one reading of each protocol's return type."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from decimal import Decimal
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
    TokenUsage,
)
from themis.records.canonical import canonical_bytes
from themis.records.codec import to_plain
from themis.runtime.limits.faults import text_of
from themis.runtime.spoken import unusable_trace

__all__ = [
    "as_conversation",
    "as_extraction",
    "as_inference",
    "as_score",
    "failed_extraction",
    "finite",
    "inference_of",
    "shown",
    "unstorable",
    "unusable_extraction",
    "unusable_inference",
]

_EVENT_DEPTH = 16
_MOST_TOKENS = 2**53
_MOST_INT = 2**63 - 1
_SCALARS = frozenset({type(None), str, bool, float})
_CONTAINERS = frozenset({dict, list, tuple})
_NUMBER = (int, float)
_NUMPY_BOOLS = ("bool", "bool_")
_INFERENCE_FIELDS: Mapping[str, tuple[type, ...]] = {
    "raw_text": (str,),
    "finish_reason": (str,),
    "provider_request_id": (str,),
    "reasoning_trace": (str,),
    "latency_ms": _NUMBER,
    "time_to_first_token_ms": _NUMBER,
    "token_usage": (TokenUsage,),
}
_EXTRACTION_FIELDS: Mapping[str, tuple[type, ...]] = {
    "extractor_id": (str,),
    "failure_reason": (str,),
    "success": (bool,),
}


def as_inference(value: Any, *, engine: str) -> InferenceResult:
    """An engine's return value; raises TypeError that names the engine and the accepted types."""
    try:
        return inference_of(value)
    except TypeError as error:
        msg = f"engine {engine!r} returned {error}"
        raise TypeError(msg) from None


def inference_of(value: Any) -> InferenceResult:
    """The same, whoever gave it; what the TypeError says goes on from "returned"."""
    if isinstance(value, str):
        return InferenceResult(InferenceRecord(raw_text=value))
    if isinstance(value, InferenceRecord):
        value = InferenceResult(value, value.conversation)
    if isinstance(value, InferenceResult):
        reason = unusable_inference(value)
        if reason is None:
            return value
        msg = f"a record that cannot be stored: {reason}"
        raise TypeError(msg)
    msg = f"{type(value).__name__}; return an InferenceResult, an InferenceRecord or a string"
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
    reason = unusable_extraction(record)
    return record if reason is None else failed_extraction(extractor, reason)


def unusable_extraction(record: ExtractionRecord) -> str | None:
    """Why an extraction cannot be recorded; None if it can."""
    reason = unstorable(record.parsed_answer)
    if reason is not None:
        return f"the parsed answer cannot be stored: {reason}"
    reason = _not_texts("warnings", record.warnings) or _mistyped(record, _EXTRACTION_FIELDS)
    return reason and f"the extraction cannot be stored: {reason}"


def failed_extraction(extractor: str, reason: str) -> ExtractionRecord:
    """An extraction that failed for `reason`."""
    return ExtractionRecord(extractor_id=extractor, success=False, failure_reason=reason)


def as_score(value: Any, *, metric: str) -> MetricScore | ScoreError:
    """A metric's return value under the metric's name in this plan; never a non-finite number."""
    if isinstance(value, ScoreError):
        return _checked_error(value, metric)
    if isinstance(value, MetricScore):
        return _checked(value, metric)
    if isinstance(value, numbers.Real | Decimal) or _of_numpy(value) is not None:
        return _checked(MetricScore(metric_id=metric, value=value), metric)
    return ScoreError(
        metric_id=metric,
        message=f"metric {metric!r} returned {type(value).__name__}; "
        "return a number, a bool, a MetricScore or a ScoreError",
    )


def _checked(score: MetricScore, metric: str) -> MetricScore | ScoreError:
    reason = unstorable(score.details)
    if reason is not None:
        return ScoreError(metric_id=metric, message=f"the details cannot be stored: {reason}")
    reason = _not_texts("warnings", score.warnings)
    if reason is not None:
        return ScoreError(metric_id=metric, message=f"the score cannot be stored: {reason}")
    if score.error is not None or score.value is None:
        message = _text(score.error) or "the metric gave no value and no error"
        return ScoreError(metric_id=metric, message=message, details=score.details)
    number = finite(score.value)
    if number is None:
        return ScoreError(
            metric_id=metric,
            message=f"metric {metric!r} gave {shown(score.value)}; a score is a finite number",
            code=ErrorCode.METRIC_COMPUTATION,
            details=score.details,
        )
    if score.metric_id == metric and score.value is number:
        return score
    return attrs.evolve(score, metric_id=metric, value=number)


def _checked_error(error: ScoreError, metric: str) -> ScoreError:
    reason = unstorable(error.details)
    if type(error.message) is str and reason is None:
        return error if error.metric_id == metric else attrs.evolve(error, metric_id=metric)
    message = _text(error.message) or "the metric gave no reason"
    return ScoreError(metric_id=metric, message=message, code=error.code)


def finite(value: Any) -> float | None:
    """A finite number as a float; None for anything else."""
    if type(value) is not float:
        if not isinstance(value, numbers.Real | Decimal):
            value = _of_numpy(value)
        if value is None:
            return None
        try:
            value = float(value)
        except (OverflowError, ValueError, TypeError):
            return None
    return value if math.isfinite(value) else None


def _of_numpy(value: Any) -> bool | None:
    """What a bool of NumPy says: it is no number to Python, unlike NumPy's other scalars."""
    kind = type(value)
    named = kind.__module__ == "numpy" and kind.__name__ in _NUMPY_BOOLS
    return bool(value) if named else None


def unusable_inference(result: InferenceResult) -> str | None:
    """Which field of what an engine made cannot be stored, and why; None if all can."""
    record: Any = result.inference
    if not isinstance(record, InferenceRecord):
        return f"inference is {type(record).__name__}, not InferenceRecord"
    reason = _mistyped(record, _INFERENCE_FIELDS)
    if reason is None and record.token_usage is not None:
        reason = _unusable_usage(record.token_usage)
    for trace in (result.conversation, record.conversation):
        if reason is None and trace is not None:
            reason = unusable_trace(trace) or unstorable(to_plain(trace))
            reason = reason and f"conversation: {reason}"
    for name, value in (("logprobs", record.logprobs),
                        ("structured_output", record.structured_output)):  # fmt: skip
        if reason is None and value is not None:
            reason = unstorable(value)
            reason = reason and f"{name}: {reason}"
    return reason


def _unusable_usage(usage: TokenUsage) -> str | None:
    for field in attrs.fields(TokenUsage):
        count = getattr(usage, field.name)
        if count is not None and not (type(count) is int and abs(count) <= _MOST_TOKENS):
            return f"token_usage.{field.name} is {shown(count)}, not a count"
    return None


def _mistyped(record: Any, fields: Mapping[str, tuple[type, ...]]) -> str | None:
    """The first field of a record whose value is not of its type; None is."""
    for name, types in fields.items():
        value = getattr(record, name)
        if value is not None and not isinstance(value, types):
            return f"{name} is {type(value).__name__}, not {types[-1].__name__}"
    return None


def _not_texts(name: str, values: Any) -> str | None:
    if values == ():
        return None
    if not isinstance(values, (tuple, list)) or any(not isinstance(text, str) for text in values):
        return f"{name} is no sequence of strings"
    return None


def unstorable(value: Any) -> str | None:
    """Why a value of a component's own making cannot be stored; None if it can."""
    if _is_surely_storable(value):
        return None
    try:
        canonical_bytes(_nested(value))
    except Exception as error:  # noqa: BLE001 (whatever its own methods do is its own fault)
        return text_of(error) or type(error).__name__
    return None


def _is_surely_storable(value: Any) -> bool:
    """Whether it is one of the values that the encoder writes whatever they are."""
    kind = type(value)
    if isinstance(value, int) and kind is int:
        return -_MOST_INT <= value <= _MOST_INT  # longer ones have a limit of their own
    return kind in _SCALARS or (kind in _CONTAINERS and not value)


def _nested(value: Any) -> Any:
    """As deep as it will be within an event: the encoder has a limit."""
    for _ in range(_EVENT_DEPTH):
        value = [value]
    return value


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else shown(value)


def shown(value: Any) -> str:
    """A value as messages show it: shortened, whatever its own methods do."""
    try:
        return f"{value!r:.200}"
    except Exception as error:  # noqa: BLE001 (a component's own __repr__ is no reason to stop)
        return f"a {type(value).__name__} that cannot be shown ({type(error).__name__})"


def as_conversation(result: InferenceResult) -> ConversationTrace | None:
    """The conversation an engine reported, wherever it put it."""
    return result.conversation or result.inference.conversation
