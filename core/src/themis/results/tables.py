"""Rows of plain values as an aligned text table or a Markdown table.

Cells may hold model output, so whatever the medium would act upon is escaped: terminal control
sequences in text, markup in Markdown.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = [
    "Rows",
    "column_names",
    "fitted_table",
    "format_value",
    "markdown_table",
    "markdown_text",
    "printable",
    "text_table",
]

Rows = Sequence[Mapping[str, Any]]

_MARKUP = re.compile(r"([\\`*\[\]<>|#~!&])|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_WIDE = frozenset("WF")
_LEAST_CUT = 60


def text_table(
    rows: Rows, columns: Sequence[str] | None = None, *, max_width: int = _LEAST_CUT
) -> str:
    """An aligned table, numbers to the right; longer cells are cut at `max_width` characters.

    `columns` chooses and orders them; by default every key, in the order of first appearance.
    """
    names = column_names(rows, columns)
    cells = [
        [_cut(printable(format_value(row.get(name))), max_width) for name in names] for row in rows
    ]
    numeric = [_is_numeric(row.get(name) for row in rows) for name in names]
    widths = [max(map(_width, column)) for column in zip(names, *cells, strict=True)]
    lines = [names, ["-" * width for width in widths], *cells]
    return "\n".join(_aligned(line, widths, numeric) for line in lines)


def fitted_table(rows: Rows, columns: Sequence[str] | None = None, *, width: int | None) -> str:
    """`text_table` whose longest cells are cut where lines would take more than `width` columns.

    No cell is cut to less than 60 characters, however narrow; with None none is cut.
    """
    table = text_table(rows, columns, max_width=sys.maxsize)
    widest = max(map(_width, table.splitlines()))
    if width is None or widest <= width:
        return table
    names = column_names(rows, columns)
    shown = (format_value(row.get(name)) for row in rows for name in names)
    longest = max(map(len, map(printable, shown)), default=0)
    return text_table(rows, columns, max_width=max(_LEAST_CUT, longest - (widest - width)))


def markdown_table(rows: Rows, columns: Sequence[str] | None = None) -> str:
    """A Markdown table (GitHub's form), markup in cells escaped."""
    names = column_names(rows, columns)
    numeric = [_is_numeric(row.get(name) for row in rows) for name in names]
    lines = [
        [markdown_text(name) for name in names],
        ["---:" if right else "---" for right in numeric],
        *([markdown_text(format_value(row.get(name))) for name in names] for row in rows),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def column_names(rows: Rows, columns: Sequence[str] | None = None) -> list[str]:
    """The columns asked for, or every key of the rows in the order of first appearance."""
    if columns is not None:
        return list(columns)
    return list(dict.fromkeys(name for row in rows for name in row))


def format_value(value: Any) -> str:
    """A cell's text: numbers to four places, what is undefined as `-`."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={_setting(entry)}" for key, entry in value.items()) or "-"
    if isinstance(value, (list, tuple)):
        return ", ".join(format_value(entry) for entry in value) or "-"
    return str(value)


def _setting(value: Any) -> str:
    """A value within a mapping: as it was written, not rounded."""
    return format_value(value) if isinstance(value, (Mapping, list, tuple)) else str(value)


def markdown_text(text: str) -> str:
    """`text` on one line, with Markdown's and HTML's own characters escaped."""
    line = printable(text)
    return _MARKUP.sub(lambda found: _escaped_markup(found.group()), line)


def printable(text: str) -> str:
    """`text` on one line: breaks and tabs as spaces, other control characters spelled out."""
    return "".join(map(_printable_character, text)) if not text.isprintable() else text


def _escaped_markup(character: str) -> str:
    return {"<": "&lt;", ">": "&gt;", "&": "&amp;"}.get(character, "\\" + character)


def _printable_character(character: str) -> str:
    if character.isprintable():
        return character
    if character.isspace():
        return " "
    return character.encode("unicode_escape").decode()


def _number(value: float) -> str:
    size = abs(value)
    if value == 0 or 1e-4 <= size < 1e6:
        return f"{value:.4f}"
    return f"{value:.2e}"


def _is_numeric(values: Iterable[Any]) -> bool:
    given = [value for value in values if value is not None]
    return bool(given) and all(isinstance(value, (int, float)) for value in given)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _width(text: str) -> int:
    """The terminal columns that `text` takes."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1


def _aligned(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    padded = [
        " " * (width - _width(cell)) + cell if right else cell + " " * (width - _width(cell))
        for cell, width, right in zip(cells, widths, numeric, strict=True)
    ]
    return "  ".join(padded).rstrip()
