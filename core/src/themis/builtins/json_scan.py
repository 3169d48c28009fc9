"""JSON values inside other text, found in linear time.

A scanner with a stack reads JSON tokens from each opening bracket. At the first token that does not
fit, every bracket still open is given up at once, for a container is JSON only when all of its
content is: so no text is read more than a few times, whatever it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["MAX_DEPTH", "json_spans", "load_json"]

MAX_DEPTH = 100

_OPEN = re.compile(r"""\{(?=[ \t\n\r]*["}])|\[(?=[ \t\n\r]*["\-0-9tfn{\[\]])""")
"""A bracket with something behind it that may stand there."""
_TOKEN = re.compile(
    r"""[ \t\n\r]*(?:
        (?P<string>"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")
      | (?P<atom>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null)
      | (?P<mark>[{}\[\],:])
    )""",
    re.VERBOSE,
)


def load_json(text: str) -> Any:
    """The value that the whole text is; raises ValueError when it is none, or nested too deep."""
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError(f"JSON nested deeper than {MAX_DEPTH}") from None
    if _deeper_than_allowed(value):
        raise ValueError(f"JSON nested deeper than {MAX_DEPTH}")
    return value


def _deeper_than_allowed(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [child for child in level if isinstance(child, (dict, list))]
        if not level:
            return False
        level = [entry for parent in level for entry in _entries(parent)]
    return True


def _entries(container: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return container.values() if isinstance(container, dict) else container


def json_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where the JSON objects and arrays of a text are: outermost ones, in order.

    Containers nested deeper than 100 are not found.

    >>> text = 'First {"a": 1}, then [2, {"b": 3}] and {not json}.'
    >>> [text[start:end] for start, end in json_spans(text)]
    ['{"a": 1}', '[2, {"b": 3}]']
    """
    position = 0
    while (opening := _OPEN.search(text, position)) is not None:
        found = _Container(text, opening.start())
        position = found.read()
        yield from found.complete


class _Container:
    """Reads one container; `complete` then holds its span, or those of its complete parts."""

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.start = start
        self.complete: list[tuple[int, int]] = []
        self._open: list[int] = []
        self._expected = "value"

    def read(self) -> int:
        """Read on to the end or the first misfit; returns where to look for the next container."""
        position = self.start
        last_string = -1
        while (token := _TOKEN.match(self.text, position)) is not None:
            if not self._take(token):
                break
            position = token.end()
            last_string = token.start("string")
            if not self._open:
                return position
        # What was taken for a string may be the text between two others: look into it again.
        return last_string + 1 if last_string >= 0 else max(position, self.start + 1)

    def _take(self, token: re.Match[str]) -> bool:
        """Whether the token fits here; it is consumed when it does."""
        mark = token["mark"]
        if mark in {"{", "["}:
            return self._enter(token.start("mark"), mark)
        if mark in {"}", "]"}:
            return self._leave(token.start("mark"), mark)
        kind = mark or ("string" if token["string"] is not None else "atom")
        following = self._after(kind)
        if following:
            self._expected = following
        return bool(following)

    def _after(self, kind: str) -> str:
        """What is expected after a string, an atom, a comma or a colon; empty: it does not fit."""
        in_object = self.text[self._open[-1]] == "{"
        if kind == ",":
            return ("key" if in_object else "value") if self._expected == "end" else ""
        if kind == ":":
            return "value" if self._expected == "colon" else ""
        if self._expected in {"key", "key or end"}:
            return "colon" if kind == "string" else ""
        return "end" if self._expected in {"value", "value or end"} else ""

    def _enter(self, at: int, mark: str) -> bool:
        if self._expected not in {"value", "value or end"} or len(self._open) >= MAX_DEPTH:
            return False
        self._open.append(at)
        self._expected = "key or end" if mark == "{" else "value or end"
        return True

    def _leave(self, at: int, mark: str) -> bool:
        opener = "{" if mark == "}" else "["
        empty = "key or end" if mark == "}" else "value or end"
        if self.text[self._open[-1]] != opener or self._expected not in {"end", empty}:
            return False
        start = self._open.pop()
        while self.complete and self.complete[-1][0] > start:
            self.complete.pop()
        self.complete.append((start, at + 1))
        self._expected = "end"
        return True
