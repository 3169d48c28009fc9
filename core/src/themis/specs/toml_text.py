"""TOML with the line of every key.

tomllib reads the values; a small scanner, which may rely on the text being valid, finds the keys.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from typing import Any

from themis.specs.positions import MAX_DEPTH, DocumentError, KeyPath, Position, checked_path

__all__ = ["parse_toml"]

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_KEY = re.compile(r'[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'')
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}|\'\'\'(?:[^\']|\'(?!\'\'))*\'{3,5}'
    r'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'',
    re.DOTALL,
)
_PLAIN = re.compile(r"[^,\]}\n#]+")
_MAX_PLAIN = 4_000
_APART = re.compile(rf"#[^\n]*|{_STRING.pattern}|[\"'].*", re.DOTALL)
_BARE = "[A-Za-z0-9_-]"
_CHAIN = re.compile(rf'(?<!{_BARE})(?:(?:{_BARE}+|"")[ \t]*\.[ \t]*){{{MAX_DEPTH + 1}}}', re.ASCII)


def parse_toml(text: str) -> tuple[dict[str, Any], dict[KeyPath, Position]]:
    """The values of a TOML text and the positions of its keys and entries."""
    _refuse_chains(text)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _unreadable(text, str(error)) from error
    except ValueError as error:  # an integer with thousands of digits
        message = f"holds a number that cannot be read: {error}"
        raise DocumentError(message) from error
    return values, _Scanner(text).scan()


def _refuse_chains(text: str) -> None:
    """Refuse dotted keys of very many parts, on which tomllib spends the square of their number.

    Behind a quote that is never closed is nothing that it reads.
    """
    bare = _APART.sub(lambda found: "" if found.group().startswith("#") else '""', text)
    if _CHAIN.search(bare):
        message = f"has a dotted key of more than {MAX_DEPTH} parts; flatten it"
        raise DocumentError(message)


def _unreadable(text: str, message: str) -> DocumentError:
    found = _PLACE.search(message)
    line, column = (found.group(1), found.group(2)) if found else (None, None)
    return DocumentError(
        f"is no TOML: {_PLACE.sub('', message)}",
        line=int(line) if line else text.count("\n") + 1,
        column=int(column) if column else None,
    )


class _Scanner:
    """Walks a text that is known to be TOML."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.tables: dict[KeyPath, int] = {}
        self.positions: dict[KeyPath, Position] = {}

    def scan(self) -> dict[KeyPath, Position]:
        table: KeyPath = ()
        self._skip(_BLANK)
        while self.at < len(self.text):
            if self._here("["):
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)
        return self.positions

    def _here(self, token: str) -> bool:
        return self.text.startswith(token, self.at)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()

    def _mark(self, path: KeyPath, at: int) -> None:
        line = bisect_right(self.starts, at)
        place = (line, at - self.starts[line - 1] + 1)
        self.positions.setdefault(checked_path(path, count=len(self.positions)), place)

    def _header(self) -> KeyPath:
        start = self.at
        repeated = self._here("[[")
        self.at += 2 if repeated else 1
        names = self._key()
        self.at += 2 if repeated else 1
        path = self._table(names[:-1])
        if repeated:
            self._mark((*path, names[-1]), start)
            index = self.tables[(*path, names[-1])] = self.tables.get((*path, names[-1]), -1) + 1
            path = (*path, names[-1], index)
        else:
            path = self._table(names)
        self._mark_all(path, start)
        return path

    def _table(self, names: list[str]) -> KeyPath:
        """The path of a table; an array of tables is entered at its last element."""
        path: KeyPath = ()
        for name in names:
            path = (*path, name)
            if path in self.tables:
                path = (*path, self.tables[path])
        return path

    def _mark_all(self, path: KeyPath, at: int) -> None:
        for end in range(1, len(path) + 1):
            self._mark(path[:end], at)

    def _key(self) -> list[str]:
        """A dotted key, and whatever space is around it."""
        names: list[str] = []
        while True:
            self._skip(_SPACE)
            found = _KEY.match(self.text, self.at)
            if found is None:  # pragma: no cover (the text is valid)
                return names
            self.at = found.end()
            names.append(_name(found.group()))
            self._skip(_SPACE)
            if not self._here("."):
                return names
            self.at += 1

    def _pair(self, table: KeyPath) -> None:
        start = self.at
        path = (*table, *self._key())
        for end in range(len(table) + 1, len(path) + 1):
            self._mark(path[:end], start)
        self.at += 1  # the equals sign
        self._skip(_SPACE)
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        if self._here("["):
            self._array(path)
        elif self._here("{"):
            self._inline_table(path)
        else:
            start = self.at
            string = self.text[start] in "\"'"
            self._skip(_STRING if string else _PLAIN)
            if not string and self.at - start > _MAX_PLAIN:
                message = f"holds a number of more than {_MAX_PLAIN} digits"
                raise DocumentError(message)

    def _array(self, path: KeyPath) -> None:
        self.at += 1
        index = 0
        self._skip(_BLANK)
        while not self._here("]"):
            self._mark((*path, index), self.at)
            self._value((*path, index))
            self._separator()
            index += 1
        self.at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self.at += 1
        self._skip(_BLANK)
        while not self._here("}"):
            self._pair(path)
            self._separator()
        self.at += 1

    def _separator(self) -> None:
        self._skip(_BLANK)
        if self._here(","):
            self.at += 1
            self._skip(_BLANK)


def _name(written: str) -> str:
    if written[0] in "\"'":
        return next(iter(tomllib.loads(f"{written} = 0")))
    return written
