"""Messages and traces that components hand over: what keeps them from being recorded, if anything.

Each function gives the reason, or None where there is none.
"""

from __future__ import annotations

from typing import Any, get_args

from themis.records import ContentPart, Message
from themis.records.conversation import Role

__all__ = ["unusable_prompt"]

_NAMES = get_args(Role)
_ROLES = frozenset(_NAMES)
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
        reason = _unusable_role(message.role) or _unusable_content(message.content)
        if reason is not None:
            return f"a message whose {reason}"
    return None


def _unusable_role(role: Any) -> str | None:
    if isinstance(role, str):
        return None if role in _ROLES else f"role is {role!r:.100}, none of {', '.join(_NAMES)}"
    return f"role is {type(role).__name__}, not str"


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
