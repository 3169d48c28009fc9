"""Messages and traces that components hand over: what keeps them from being recorded, if anything.

Each function gives the reason, or None where there is none.
"""

from __future__ import annotations

from typing import Any, get_args

from themis.records import ContentPart, ConversationTrace, Message, TraceStep
from themis.records.conversation import Role, StepKind

__all__ = ["unusable_prompt", "unusable_step", "unusable_trace"]

_ROLES = get_args(Role)
_KINDS = get_args(StepKind)
_PARTS = ("text", "image")
_LISTED = (tuple, list)


def unusable_prompt(prompt: Any) -> str | None:
    """Why these are no messages to send."""
    if not isinstance(prompt, _LISTED):
        return f"{type(prompt).__name__}, not a tuple of Message"
    if not prompt:
        return "no message at all"
    for message in prompt:
        if not isinstance(message, Message):
            return f"a sequence that holds {type(message).__name__}, not Message"
        reason = _unknown("role", message.role, _ROLES) or _unusable_content(message.content)
        if reason is not None:
            return f"a message whose {reason}"
    return None


def unusable_trace(trace: Any) -> str | None:
    """Why this is no trace of a conversation; of arguments, nothing is said."""
    if not isinstance(trace, ConversationTrace):
        return f"it is {type(trace).__name__}, not ConversationTrace"
    steps: Any = trace.steps
    if not isinstance(steps, _LISTED):
        return f"its steps are {type(steps).__name__}, not a tuple of TraceStep"
    return next(filter(None, map(unusable_step, steps)), None)


def unusable_step(step: Any) -> str | None:
    """Why this is no step of a conversation; of its arguments, nothing is said."""
    if not isinstance(step, TraceStep):
        return f"a step is {type(step).__name__}, not TraceStep"
    reason = _unknown("kind", step.kind, _KINDS)
    if reason is None and step.role is not None:
        reason = _unknown("role", step.role, _ROLES)
    if reason is None and step.content is not None:
        reason = _unusable_content(step.content)
    for name in ("name", "call_id", "error"):
        value = getattr(step, name)
        if reason is None and not isinstance(value, str | None):
            reason = f"{name} is {type(value).__name__}, not str"
    return reason and f"a step's {reason}"


def _unknown(name: str, value: Any, known: tuple[str, ...]) -> str | None:
    if not isinstance(value, str):
        return f"{name} is {type(value).__name__}, not str"
    return None if value in known else f"{name} is {value!r:.100}, none of {', '.join(known)}"


def _unusable_content(content: Any) -> str | None:
    if isinstance(content, str):
        return None
    if not isinstance(content, _LISTED):
        return f"content is {type(content).__name__}, neither text nor parts"
    if all(_is_part(part) for part in content):
        return None
    return "content holds something else than ContentPart, or a part of no known type"


def _is_part(part: Any) -> bool:
    if not isinstance(part, ContentPart) or part.type not in _PARTS:
        return False
    texts = (part.text, part.image_url, part.detail)
    return all(text is None or isinstance(text, str) for text in texts)
