"""Records to and from plain JSON values, as they are stored and exported.

Fields that have their default are left out. Fields typed `Any` are passed through as they are, so
a tuple inside one comes back as a list once it has been through JSON. `TrialSpec`, `TrialRecord`
and `CandidateRecord` are not handled: the store keeps their parts, and reads put them together.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import attrs
import cattrs
from cattrs.errors import CattrsError
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from themis.errors import ErrorCode
from themis.records.conversation import ContentPart, ConversationTrace, Message, TraceStep
from themis.records.evaluation import (
    EvaluationRecord,
    ExtractionRecord,
    JudgeAuditEntry,
    JudgeAuditTrail,
    JudgeResponse,
    MetricScore,
    ScoreError,
)
from themis.records.inference import InferenceRecord, InferenceResult, TokenUsage
from themis.records.timeline import FailureRecord, RecordTimeline, TimelineStage
from themis.records.trial import ObservabilityLink, ObservabilitySnapshot

__all__ = ["STORED_RECORDS", "from_plain", "to_plain"]

T = TypeVar("T")

STORED_RECORDS: tuple[type[Any], ...] = (
    ContentPart,
    Message,
    TraceStep,
    ConversationTrace,
    TokenUsage,
    InferenceRecord,
    InferenceResult,
    ExtractionRecord,
    MetricScore,
    ScoreError,
    EvaluationRecord,
    JudgeResponse,
    JudgeAuditEntry,
    JudgeAuditTrail,
    FailureRecord,
    TimelineStage,
    RecordTimeline,
    ObservabilityLink,
    ObservabilitySnapshot,
)
"""The records the codec handles, each after those it holds."""


def to_plain(record: Any) -> dict[str, Any]:
    """The record as a dict of plain values, ready for `canonical_bytes`.

    Raises:
        TypeError: the record is none of `STORED_RECORDS`.
    """
    try:
        write = _WRITERS[type(record)]
    except KeyError:
        msg = f"{type(record).__name__} is not a stored record; one of: {_known()}"
        raise TypeError(msg) from None
    return write(record)


def from_plain(data: Any, record_type: type[T]) -> T:
    """The record that `to_plain` wrote; unknown keys are ignored, so newer stores can be read.

    Raises:
        TypeError: `record_type` is none of `STORED_RECORDS`.
        ValueError: `data` is not such a record; the message names the type and the cause.
    """
    try:
        read = _READERS[record_type]
    except KeyError:
        msg = f"{record_type.__name__} is not a stored record; one of: {_known()}"
        raise TypeError(msg) from None
    try:
        return read(data, record_type)  # type: ignore[no-any-return]
    except (KeyError, TypeError, ValueError, AttributeError, CattrsError) as error:
        msg = f"stored value is no {record_type.__name__}: {type(error).__name__}: {error}"
        raise ValueError(msg) from error


def _known() -> str:
    return ", ".join(sorted(kind.__name__ for kind in STORED_RECORDS))


def _as_is(value: Any) -> Any:
    return value


def _write_code(value: ErrorCode | None) -> str | None:
    return None if value is None else value.value


def _write_content(value: Any, *, convert: cattrs.Converter) -> Any:
    if value is None or isinstance(value, str):
        return value
    return [convert.unstructure(part) for part in value]


def _read_content(value: Any, _: Any, *, convert: cattrs.Converter) -> Any:
    if value is None or isinstance(value, str):
        return value
    return tuple(convert.structure(part, ContentPart) for part in value)


def _field_overrides(record_type: type[Any], convert: cattrs.Converter) -> dict[str, Any]:
    """What cattrs cannot see from the annotation: free JSON, and text-or-parts content."""
    overrides = {}
    for field in attrs.fields(record_type):
        if field.name == "content":
            overrides[field.name] = override(
                unstruct_hook=partial(_write_content, convert=convert),
                struct_hook=partial(_read_content, convert=convert),
            )
        elif field.type == tuple[dict[str, Any], ...]:
            overrides[field.name] = override(unstruct_hook=list)
        elif field.type in (Any, dict[str, Any]):
            overrides[field.name] = override(unstruct_hook=_as_is)
    return overrides


def _converter() -> cattrs.Converter:
    convert = cattrs.Converter(omit_if_default=True, detailed_validation=False)
    for code in (ErrorCode, ErrorCode | None):
        convert.register_unstructure_hook(code, _write_code)
    for kind in STORED_RECORDS:
        attrs.resolve_types(kind, localns={"ConversationTrace": ConversationTrace})
        fields = _field_overrides(kind, convert)
        write = make_dict_unstructure_fn(kind, convert, _cattrs_omit_if_default=True, **fields)
        convert.register_unstructure_hook(kind, write)
        convert.register_structure_hook(kind, make_dict_structure_fn(kind, convert, **fields))
    return convert


_CONVERTER = _converter()
_WRITERS: dict[type[Any], Callable[[Any], dict[str, Any]]] = {
    kind: _CONVERTER.get_unstructure_hook(kind) for kind in STORED_RECORDS
}
_READERS: dict[type[Any], Callable[[Any, Any], Any]] = {
    kind: _CONVERTER.get_structure_hook(kind) for kind in STORED_RECORDS
}
