"""Pipeline hooks, resolved once per plan into tuples of callables."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import attrs

from themis.errors import ErrorCode, ThemisError
from themis.plugin import PipelineHook
from themis.plugin.hook_points import HOOK_POINTS, HookPoint, takes_part
from themis.records import (
    CandidateRecord,
    ConversationTrace,
    EvaluationRecord,
    ExtractionRecord,
    InferenceRecord,
    MetricScore,
    ScoreError,
    TrialSpec,
)
from themis.runtime.limits.caller import is_being_cancelled
from themis.runtime.limits.faults import text_of
from themis.runtime.outcomes import inference_of, unusable_extraction
from themis.runtime.spoken import unusable_prompt

__all__ = ["HookError", "HookPoint", "Hooks"]

T = TypeVar("T")


class HookError(ThemisError):
    """A hook failed on one item; it is recorded as that item's failure."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code=ErrorCode.PLUGIN_INCOMPATIBLE)


@attrs.frozen(slots=True)
class _Step:
    name: str
    transform: Callable[[TrialSpec, Any], Any]


@attrs.frozen(slots=True)
class Hooks:
    """The transforms at each point, in order; a point without any costs nothing.

    Example::

        hooks = Hooks.of(registry.iter_hooks())
        if hooks.pre_inference:
            prompt = await hooks.apply("pre_inference", trial, prompt)
    """

    pre_inference: tuple[_Step, ...] = ()
    post_inference: tuple[_Step, ...] = ()
    pre_extraction: tuple[_Step, ...] = ()
    post_extraction: tuple[_Step, ...] = ()
    pre_eval: tuple[_Step, ...] = ()
    post_eval: tuple[_Step, ...] = ()

    @classmethod
    def of(cls, hooks: Iterable[PipelineHook]) -> Hooks:
        """Resolve hooks, in the given order; methods that change nothing are left out."""
        ordered = tuple(hooks)
        return cls(*(_steps(ordered, point) for point in HOOK_POINTS))

    async def apply(self, point: HookPoint, trial: TrialSpec, subject: T) -> T:
        """Pass `subject` through the hooks of `point`, sync or async.

        Raises:
            HookError: a hook raised, or returned what does not belong at this point.
        """
        steps: tuple[_Step, ...] = getattr(self, point)
        for step in steps:
            subject = await _run(step, point, trial, subject)
        return subject


async def _run(step: _Step, point: HookPoint, trial: TrialSpec, subject: T) -> T:
    place = f"hook {step.name} in {point} (item {trial.item_id!r})"
    result: Any = await _transformed(step, place, trial, subject)
    if result is None:
        msg = f"{place} returned None; it must return its second argument, changed or not"
        raise HookError(msg)
    try:
        accepted: T = _ACCEPTS[point](result)
    except TypeError as error:
        msg = f"{place} returned {error}"
        raise HookError(msg) from None
    return accepted


async def _transformed(step: _Step, place: str, trial: TrialSpec, subject: Any) -> Any:
    """What the hook returns; whatever it raises is a HookError, also if it exits."""
    try:
        result = step.transform(trial, subject)
        return await result if inspect.isawaitable(result) else result
    except asyncio.CancelledError as error:
        if is_being_cancelled():
            raise
        raise _raised(place, error) from error
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        raise _raised(place, error) from error


def _raised(place: str, error: BaseException) -> HookError:
    raised = f"{place} raised {type(error).__name__}: {text_of(error)}"
    return HookError(f"{raised}; correct or unregister the hook")


def _prompt(value: Any) -> Any:
    reason = unusable_prompt(value)
    if reason is not None:
        msg = f"{reason}; it must return the messages to send"
        raise TypeError(msg)
    return tuple(value)


def _candidate(value: Any) -> CandidateRecord:
    if not isinstance(value, CandidateRecord):
        msg = f"{type(value).__name__}; it must return a CandidateRecord, changed or not"
        raise TypeError(msg)
    if not isinstance(value.inference, InferenceRecord | None):
        raise _holds("inference", value.inference, "InferenceRecord")
    if not isinstance(value.conversation, ConversationTrace | None):
        raise _holds("conversation", value.conversation, "ConversationTrace")
    return value


def _parsed(value: Any) -> CandidateRecord:
    """A candidate with extractions that can be scored and recorded."""
    candidate = _candidate(value)
    for record in _listed(candidate.extractions, "extractions"):
        if not isinstance(record, ExtractionRecord):
            raise _holds("an extraction", record, "ExtractionRecord")
        reason = unusable_extraction(record)
        if reason is not None:
            msg = f"a candidate with an extraction that cannot be used: {reason}"
            raise TypeError(msg)
    return candidate


def _scored(value: Any) -> CandidateRecord:
    """A candidate whose scores can be told apart; their values are looked at like a metric's."""
    candidate = _candidate(value)
    evaluation = candidate.evaluation
    if not isinstance(evaluation, EvaluationRecord):
        raise _holds("evaluation", evaluation, "EvaluationRecord")
    for score in _listed(evaluation.scores, "scores"):
        if not isinstance(score, MetricScore | ScoreError) or not isinstance(score.metric_id, str):
            raise _holds("a score", score, "a MetricScore or ScoreError that names its metric")
    return candidate


def _listed(values: Any, name: str) -> Sequence[Any]:
    if isinstance(values, tuple | list):
        return values
    msg = f"a candidate whose {name} are no tuple but {type(values).__name__}"
    raise TypeError(msg)


def _holds(name: str, value: Any, wanted: str) -> TypeError:
    return TypeError(f"a candidate with {type(value).__name__} as {name}, not {wanted}")


_ACCEPTS: Mapping[HookPoint, Callable[[Any], Any]] = {
    "pre_inference": _prompt,
    "post_inference": inference_of,
    "pre_extraction": _candidate,
    "post_extraction": _parsed,
    "pre_eval": _parsed,
    "post_eval": _scored,
}
"""Gives what a hook returned as the next one and the pipeline take it, or raises TypeError."""


def _steps(hooks: tuple[PipelineHook, ...], point: HookPoint) -> tuple[_Step, ...]:
    return tuple(
        _Step(_name(hook), getattr(hook, point)) for hook in hooks if takes_part(hook, point)
    )


def _name(hook: PipelineHook) -> str:
    return repr(getattr(hook, "component_id", None) or type(hook).__name__)
