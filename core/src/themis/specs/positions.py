"""Places in a text, and the error of a text that is no document."""

from __future__ import annotations

import re

__all__ = [
    "MAX_DEPTH",
    "MAX_NODES",
    "DocumentError",
    "KeyPath",
    "Position",
    "checked_path",
    "dotted",
    "key_path",
]

KeyPath = tuple[str | int, ...]
"""Keys and indexes, from the top of a document."""

Position = tuple[int, int]
"""Line and column, both from 1."""


MAX_NODES = 200_000
"""How many keys and entries a document may have."""

MAX_DEPTH = 100
"""How many levels deep they may be."""


def dotted(path: KeyPath) -> str:
    """`slices[0].dataset.source`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


_PART = re.compile(r"\['([^']*)'\]|\[(\d+)\]|\[([^\]]*)\]|([^.\[\]:]+)")


def key_path(key: str) -> KeyPath:
    """The path that `dotted` wrote; an entry may be named in the place of its index."""
    return tuple(
        int(index) if index else quoted or named or name.strip()
        for quoted, index, named, name in _PART.findall(key)
    )


class DocumentError(Exception):
    """Text that is no document, and where."""

    def __init__(self, message: str, *, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


def checked_path(path: KeyPath, *, count: int) -> KeyPath:
    """The path, where a document may have one as deep, and `count` of them.

    Raises:
        DocumentError: it may not.
    """
    if len(path) > MAX_DEPTH:
        message = f"{dotted(path[:3])}... is nested more than {MAX_DEPTH} levels deep; flatten it"
        raise DocumentError(message)
    if count > MAX_NODES:
        message = f"has more than {MAX_NODES} keys and entries; keep data in a dataset's files"
        raise DocumentError(message)
    return path
