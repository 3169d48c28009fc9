"""Rows of a JSON file that holds one array of objects, without loading it whole.

A window of text moves over the file; the standard library's decoder reads one object at a time from
it. The window grows only to the size of the largest object.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import IO, Any

from themis.builtins.datasets.json_values import STRICT_JSON
from themis.errors import ItemError

__all__ = ["json_array_rows"]

_CHUNK = 64 * 1024
_SPACE = re.compile(r"[ \t\r\n]*")
_LONGEST_WORD = 16  # no cut literal or escape is longer


def json_array_rows(file: IO[bytes], path: str, *, chunk: int = _CHUNK) -> Iterator[dict[str, Any]]:
    """The objects of the array.

    Raises:
        ItemError: naming the line (and item) where the file is no array of objects, or no UTF-8.
    """
    window = _Window(file, path, chunk)
    window.expect("[", "a .json file is to hold one array of objects; put one object per line "
                       "into a .jsonl file")  # fmt: skip
    item = 0
    if window.peek() != "]":
        while True:
            item += 1
            yield window.object(item)
            if window.peek() != ",":
                break
            window.skip()
    window.expect("]", f"the array is to go on with ',' or end with ']' after item {item}")
    if window.peek():
        raise window.error("there is more after the array's end")


class _Window:
    """The part of the file that is being read, and the number of its first line."""

    def __init__(self, file: IO[bytes], path: str, chunk: int) -> None:
        self._file = file
        self._path = path
        self._chunk = chunk
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._parse = STRICT_JSON.raw_decode
        self._text = ""
        self._at = 0
        self._line = 1
        self._ended = False

    def peek(self) -> str:
        """The next character that is no space; nothing at the end of the file."""
        while True:
            self._at = _end_of_space(self._text, self._at)
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._read(self._chunk):
                return ""

    def skip(self) -> None:
        """Pass the character that `peek` gave."""
        self._at += 1

    def expect(self, character: str, otherwise: str) -> None:
        """Pass `character`; raise ItemError with `otherwise` if another is next."""
        if self.peek() != character:
            raise self.error(otherwise)
        self.skip()

    def object(self, item: int) -> dict[str, Any]:
        """The object that is next; more of the file is read until it is whole."""
        if self.peek() != "{":
            raise self.error(f"item {item} of the array is to be an object")
        size = self._chunk
        while True:
            try:
                row: dict[str, Any]
                row, self._at = self._parse(self._text, self._at)
            except json.JSONDecodeError as error:
                if not self._cut_off(error):
                    problem = f"item {item} is not valid JSON: {error.msg}"
                    raise self.error(problem, at=error.pos) from error
                self._read(size)
                size *= 2
            except (ValueError, RecursionError) as error:
                raise self.error(f"item {item} cannot be read: {error}") from error
            else:
                return row

    def error(self, problem: str, *, at: int | None = None) -> ItemError:
        """The problem with its file and line."""
        line = self._line + self._text.count("\n", 0, self._at if at is None else at)
        return ItemError(f"{self._path}:{line}: {problem}")

    def _cut_off(self, error: json.JSONDecodeError) -> bool:
        """Whether the object may only be incomplete, for want of the rest of the file."""
        near_end = error.pos >= len(self._text) - _LONGEST_WORD
        return not self._ended and (near_end or error.msg.startswith("Unterminated string"))

    def _read(self, size: int) -> bool:
        """Drop what was passed and read on; False at the end of the file."""
        if self._ended:
            return False
        data = self._file.read(size)
        self._ended = not data
        self._line += self._text.count("\n", 0, self._at)
        self._text, self._at = self._text[self._at :], 0
        try:
            self._text += self._decoder.decode(data, final=self._ended)
        except UnicodeDecodeError as error:
            line = self._line + self._text.count("\n") + error.object.count(b"\n", 0, error.start)
            byte = error.object[error.start]
            msg = (
                f"{self._path}:{line}: not valid UTF-8 (byte 0x{byte:02x}); save the file as UTF-8"
            )
            raise ItemError(msg) from error
        return True


def _end_of_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
