"""Rows of plain values as tables for other programs: CSV, LaTeX, HTML.

Text and Markdown tables are those of `themis.results.tables`, given here too. Cells may hold model
output: what a spreadsheet, TeX or a browser would act upon is escaped.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import Any

from themis.results.display import html_table
from themis.results.tables import (
    Rows,
    column_names,
    format_value,
    markdown_table,
    printable,
    text_table,
)

__all__ = [
    "csv_table",
    "html_table",
    "latex_table",
    "latex_text",
    "markdown_table",
    "text_table",
]

_FORMULA = re.compile("[\t\r\n]|[\\s\0]*[-=+@\uff0d\uff1d\uff0b\uff20]")
_TEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}
_TEX_SPECIAL = re.compile("[" + re.escape("".join(_TEX)) + "]")


def csv_table(rows: Rows, columns: Sequence[str] | None = None) -> str:
    """RFC 4180 text with a header; numbers in full, what is undefined as an empty cell.

    A text that a spreadsheet would take for a formula gets an apostrophe before it; every other
    text is as it was, control characters too.
    """
    names = column_names(rows, columns)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_csv_cell(name) for name in names])
    writer.writerows([_csv_cell(row.get(name)) for name in names] for row in rows)
    return out.getvalue()


def latex_table(rows: Rows, columns: Sequence[str] | None = None) -> str:
    """A `tabular` that needs no package, numbers to the right."""
    names = column_names(rows, columns)
    form = "".join("r" if _numeric(rows, name) else "l" for name in names)
    lines = [names, *([format_value(row.get(name)) for name in names] for row in rows)]
    head, *body = (" & ".join(map(latex_text, line)) + r" \\" for line in lines)
    ruled = [r"\hline", head, r"\hline", *body, r"\hline"]
    return "\n".join([rf"\begin{{tabular}}{{{form}}}", *ruled, r"\end{tabular}"])


def latex_text(text: str) -> str:
    """`text` on one line, with TeX's own characters escaped."""
    return _TEX_SPECIAL.sub(lambda found: _TEX[found.group()], printable(text))


def _csv_cell(value: Any) -> Any:
    if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        return value
    text = format_value(value)
    return f"'{text}" if _FORMULA.match(text) and text != "-" else text


def _numeric(rows: Rows, name: str) -> bool:
    values = [row.get(name) for row in rows]
    return all(value is None or isinstance(value, (int, float)) for value in values)
