"""What happened in a run, case by case: one class per outcome, to and from plain JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

__all__ = [
    "CaseEvent",
    "CaseFailedEvent",
    "EvaluationCompletedEvent",
    "EvaluationFailedEvent",
    "GenerationCompletedEvent",
    "GenerationFailedEvent",
    "ParseCompletedEvent",
    "ParseFailedEvent",
    "ReductionCompletedEvent",
    "ReductionFailedEvent",
    "RunEvent",
    "RunFailedEvent",
    "ScoreCompletedEvent",
    "ScoreFailedEvent",
    "event_from_dict",
]


@attrs.frozen(slots=True, kw_only=True)
class RunEvent:
    """Something that is durable. By itself, a new status of the run; `at` is Unix seconds.

    `seq` is the number of the stored event that holds it.
    """

    kind: ClassVar[str] = "run"

    run_id: str
    seq: int
    at: float
    status: str = ""
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, with the `kind` that `event_from_dict` tells classes by."""
        return {"kind": self.kind, **attrs.asdict(self)}


@attrs.frozen(slots=True, kw_only=True)
class RunFailedEvent(RunEvent):
    """The run ended, and nothing of it succeeded."""

    kind: ClassVar[str] = "run_failed"


@attrs.frozen(slots=True, kw_only=True)
class CaseEvent(RunEvent):
    """One stage of one case. A `sample_index` of -1 is the case as a whole."""

    kind: ClassVar[str] = "case"

    dataset_id: str
    case_id: str
    candidate_id: str
    sample_index: int = 0


@attrs.frozen(slots=True, kw_only=True)
class CaseFailedEvent(CaseEvent):
    """A stage of a case that failed; `code` is one of ErrorCode's values, where there is one."""

    kind: ClassVar[str] = "case_failed"

    code: str | None = None
    message: str = ""


@attrs.frozen(slots=True, kw_only=True)
class GenerationCompletedEvent(CaseEvent):
    """A candidate was generated."""

    kind: ClassVar[str] = "generation_completed"


@attrs.frozen(slots=True, kw_only=True)
class GenerationFailedEvent(CaseFailedEvent):
    """A candidate could not be generated."""

    kind: ClassVar[str] = "generation_failed"


@attrs.frozen(slots=True, kw_only=True)
class ReductionCompletedEvent(CaseEvent):
    """A case's candidates were reduced to one."""

    kind: ClassVar[str] = "reduction_completed"

    source_candidate_ids: tuple[str, ...] = attrs.field(default=(), converter=tuple)


@attrs.frozen(slots=True, kw_only=True)
class ReductionFailedEvent(CaseFailedEvent):
    """A case's candidates could not be reduced."""

    kind: ClassVar[str] = "reduction_failed"


@attrs.frozen(slots=True, kw_only=True)
class ParseCompletedEvent(CaseEvent):
    """An answer was read out of an output, by the extractor chain `transform_hash`."""

    kind: ClassVar[str] = "parse_completed"

    transform_hash: str
    parsed_answer: Any = None


@attrs.frozen(slots=True, kw_only=True)
class ParseFailedEvent(CaseFailedEvent):
    """No extractor of a chain found an answer."""

    kind: ClassVar[str] = "parse_failed"

    transform_hash: str


@attrs.frozen(slots=True, kw_only=True)
class ScoreCompletedEvent(CaseEvent):
    """A metric gave a score."""

    kind: ClassVar[str] = "score_completed"

    metric_id: str
    value: float | None = None


@attrs.frozen(slots=True, kw_only=True)
class ScoreFailedEvent(CaseFailedEvent):
    """A metric could not score."""

    kind: ClassVar[str] = "score_failed"

    metric_id: str


@attrs.frozen(slots=True, kw_only=True)
class EvaluationCompletedEvent(CaseEvent):
    """A metric that asks judges gave a score, after so many calls."""

    kind: ClassVar[str] = "evaluation_completed"

    metric_id: str
    value: float | None = None
    judge_calls: int = 0


@attrs.frozen(slots=True, kw_only=True)
class EvaluationFailedEvent(CaseFailedEvent):
    """A metric that asks judges could not score."""

    kind: ClassVar[str] = "evaluation_failed"

    metric_id: str
    judge_calls: int = 0


_CLASSES: Mapping[str, type[RunEvent]] = {
    each.kind: each
    for each in (
        RunEvent, RunFailedEvent, CaseEvent, CaseFailedEvent, GenerationCompletedEvent,
        GenerationFailedEvent, ReductionCompletedEvent, ReductionFailedEvent, ParseCompletedEvent,
        ParseFailedEvent, ScoreCompletedEvent, ScoreFailedEvent, EvaluationCompletedEvent,
        EvaluationFailedEvent,
    )
}  # fmt: skip


def event_from_dict(payload: Mapping[str, Any]) -> RunEvent:
    """The event that `to_dict` described, of the right class.

    Raises:
        ValueError: an unknown kind, or fields that its class does not have.
    """
    fields = dict(payload)
    kind = fields.pop("kind", None)
    if kind not in _CLASSES:
        msg = f"{kind!r} is no kind of event; the kinds are {', '.join(_CLASSES)}"
        raise ValueError(msg)
    try:
        return _CLASSES[kind](**fields)
    except TypeError as error:
        msg = f"an event of kind {kind!r} cannot be made of these fields: {error}"
        raise ValueError(msg) from error
