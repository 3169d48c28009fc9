"""JSON with the line of every key; a repeated key is an error."""

from __future__ import annotations

import json
import re
from typing import Any, Never

from themis.specs.positions import DocumentError, KeyPath, Position, checked_path

__all__ = ["parse_json"]

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')


def parse_json(text: str) -> tuple[Any, dict[KeyPath, Position]]:
    """The value of a JSON text and the positions of its keys and entries."""
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        message = f"is no JSON: {error.msg}"
        raise DocumentError(message, line=error.lineno, column=error.colno) from error
    except ValueError as error:  # an integer with thousands of digits
        message = f"holds a number that cannot be read: {error}"
        raise DocumentError(message) from error
    return value, _Scanner(text).scan()


def _refuse_constant(name: str) -> Never:
    message = f"holds {name}, which is no JSON; use a finite number, or leave it out"
    raise DocumentError(message)


class _Scanner:
    """Walks the tokens of a text that is known to be JSON."""

    def __init__(self, text: str) -> None:
        self.tokens = _TOKEN.finditer(text)
        self.next = next(self.tokens, None)
        self.breaks = [-1, *(match.start() for match in re.finditer("\n", text))]
        self.line = 1
        self.positions: dict[KeyPath, Position] = {}

    def scan(self) -> dict[KeyPath, Position]:
        self._value(())
        return self.positions

    def _take(self) -> str:
        token = self._peek()
        self.next = next(self.tokens, None)
        return token

    def _peek(self) -> str:
        return self.next.group() if self.next is not None else ""

    def _mark(self, path: KeyPath) -> None:
        start = self.next.start() if self.next is not None else 0
        while self.line < len(self.breaks) and self.breaks[self.line] < start:
            self.line += 1
        place = (self.line, start - self.breaks[self.line - 1])
        self.positions[checked_path(path, count=len(self.positions))] = place

    def _value(self, path: KeyPath) -> None:
        opening = self._take()
        if opening == "{":
            self._object(path)
        elif opening == "[":
            self._array(path)

    def _object(self, path: KeyPath) -> None:
        while self._peek() != "}":
            here = (*path, json.loads(self._peek()))
            if here in self.positions:
                first = self.positions[here][0]
                self._mark(here)
                raise _repeated(here, self.positions[here], first)
            self._mark(here)
            self._take()  # the key
            self._take()  # its colon
            self._value(here)
            self._skip_comma()
        self._take()

    def _array(self, path: KeyPath) -> None:
        index = 0
        while self._peek() != "]":
            self._mark((*path, index))
            self._value((*path, index))
            self._skip_comma()
            index += 1
        self._take()

    def _skip_comma(self) -> None:
        if self._peek() == ",":
            self._take()


def _repeated(path: KeyPath, position: Position, first: int) -> DocumentError:
    line, column = position
    message = f"the key {path[-1]!r} is written twice (first in line {first}); remove one"
    return DocumentError(message, line=line, column=column)
