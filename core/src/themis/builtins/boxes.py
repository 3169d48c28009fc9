r"""LaTeX boxes: `\boxed{...}` and `\fbox{...}`, with braces inside."""

from __future__ import annotations

import re

__all__ = ["last_box"]

_COMMAND = re.compile(
    r"\\(?:boxed|fbox)(?![A-Za-z])[ \t]{0,8}(?:(?P<brace>\{)|(?P<bare>[^\s{}$\\]{1,100}))"
)
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)


def last_box(text: str) -> str | None:
    r"""The content of the last complete box, or None; an unclosed box does not count.

    >>> last_box(r"Not \boxed{1} but \boxed{\frac{1}{2}}.")
    '\\frac{1}{2}'
    """
    closing = _closing_braces(text) if "\\" in text else {}
    content = None
    for command in _COMMAND.finditer(text):
        if command["bare"] is not None:
            content = command["bare"]
        elif (end := closing.get(command.start("brace"))) is not None:
            content = text[command.end() : end]
    return content


def _closing_braces(text: str) -> dict[int, int]:
    """Where each brace is closed; escaped braces are text."""
    closing: dict[int, int] = {}
    opened: list[int] = []
    for brace in _BRACE.finditer(text):
        if brace[0] == "{":
            opened.append(brace.start())
        elif brace[0] == "}" and opened:
            closing[opened.pop()] = brace.start()
    return closing
