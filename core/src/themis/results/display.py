"""A result as a terminal or a notebook shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from themis.results.counts import RunCounts
from themis.results.tables import format_value, printable, text_table

__all__ = ["html_summary", "html_table", "text_summary"]

_FIGURES = ("mean", "ci_lower", "ci_upper", "n_items", "count", "errors")
_SHOWN = ("metric_id", "score_name", "rank", "model_id", *_FIGURES)

Rows = Sequence[Mapping[str, Any]]


def text_summary(benchmark_id: str, status: str, rows: Rows, counts: RunCounts) -> str:
    """The leaderboard as text, under a line that names the run, over one that counts failures."""
    table = text_table(rows, _columns(rows)) if rows else "no scores yet"
    return f"{printable(benchmark_id)}: {status}\n{table}\n{counts.sentence()}"


def html_summary(benchmark_id: str, status: str, rows: Rows, counts: RunCounts) -> str:
    """The same as an HTML fragment; everything that a run may have named is escaped."""
    table = html_table(rows, _columns(rows)) if rows else "<p>no scores yet</p>"
    heading = f"<p><strong>{escape(printable(benchmark_id))}</strong>: {escape(status)}</p>"
    return f"<div>{heading}{table}<p>{escape(counts.sentence())}</p></div>"


def html_table(rows: Rows, columns: Sequence[str]) -> str:
    """An HTML table with escaped cells, numbers to the right."""
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join(_html_row([row.get(name) for name in columns]) for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _html_row(values: Sequence[Any]) -> str:
    return f"<tr>{''.join(map(_html_cell, values))}</tr>"


def _html_cell(value: Any) -> str:
    align = ' style="text-align:right"' if isinstance(value, (int, float)) else ""
    return f"<td{align}>{escape(printable(format_value(value)))}</td>"


def _columns(rows: Rows) -> list[str]:
    return [name for name in _SHOWN if any(name in row for row in rows)]
