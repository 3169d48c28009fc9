"""Pipeline hooks, resolved once per plan into tuples of callables."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import attrs

from themis.errors import ErrorCode, ThemisError
from themis.plugin import PipelineHook
from themis.plugin.hook_points import HOOK_POINTS, HookPoint, takes_part
from themis.records import TrialSpec

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
            HookError: a hook raised, or returned nothing.
        """
        steps: tuple[_Step, ...] = getattr(self, point)
        for step in steps:
            subject = await _run(step, point, trial, subject)
        return subject


async def _run(step: _Step, point: HookPoint, trial: TrialSpec, subject: T) -> T:
    place = f"hook {step.name} in {point} (item {trial.item_id!r})"
    try:
        result: Any = step.transform(trial, subject)
        if inspect.isawaitable(result):
            result = await result
    except Exception as error:
        msg = f"{place} raised {type(error).__name__}: {error}; correct or unregister the hook"
        raise HookError(msg) from error
    if result is None:
        msg = f"{place} returned None; it must return its second argument, changed or not"
        raise HookError(msg)
    replaced: T = result
    return replaced


def _steps(hooks: tuple[PipelineHook, ...], point: HookPoint) -> tuple[_Step, ...]:
    return tuple(
        _Step(_name(hook), getattr(hook, point)) for hook in hooks if takes_part(hook, point)
    )


def _name(hook: PipelineHook) -> str:
    return repr(getattr(hook, "component_id", None) or type(hook).__name__)
