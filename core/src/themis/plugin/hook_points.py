"""The six points of a pipeline hook, and at which of them a given hook does anything."""

from __future__ import annotations

from typing import Any, Literal, TypeVar, get_args

from themis.plugin.protocols import PipelineHook
from themis.records import TrialSpec

__all__ = ["HOOK_POINTS", "HookPoint", "takes_part"]

HookPoint = Literal[
    "pre_inference", "post_inference", "pre_extraction", "post_extraction", "pre_eval", "post_eval"
]
HOOK_POINTS: tuple[HookPoint, ...] = get_args(HookPoint)

T = TypeVar("T")


def takes_part(hook: PipelineHook, point: HookPoint) -> bool:
    """Whether the method is more than the protocol's own empty one, or `return subject`."""
    if point in getattr(hook, "__dict__", {}):
        return True
    method = getattr(type(hook), point, None)
    if method is getattr(PipelineHook, point):
        return False
    code, idle = getattr(method, "__code__", None), _identity.__code__
    return code is None or (code.co_code, code.co_argcount) != (idle.co_code, 3)


def _identity(self: Any, trial: TrialSpec, subject: T) -> T:  # noqa: ARG001 (what it is compared to)
    return subject
