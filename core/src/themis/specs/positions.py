"""Places in a text, and the error of a text that is no document."""

from __future__ import annotations

__all__ = ["DocumentError", "KeyPath", "Position", "dotted"]

KeyPath = tuple[str | int, ...]
"""Keys and indexes, from the top of a document."""

Position = tuple[int, int]
"""Line and column, both from 1."""


def dotted(path: KeyPath) -> str:
    """`slices[0].dataset.source`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


class DocumentError(Exception):
    """Text that is no document, and where."""

    def __init__(self, message: str, *, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
