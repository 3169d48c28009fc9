"""The report as Markdown: a heading and a table for each section (GitHub's dialect)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from themis.reporting.config_report_table import Cell, cells, columns, every_section
from themis.reporting.config_report_tree import ConfigReport, ReportSection

__all__ = ["render_markdown"]

_SPECIAL = re.compile(r"[\\`*_\[\]<|~&$]|^[#>+-]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


def render_markdown(report: ConfigReport) -> str:
    """The report as one Markdown document."""
    blocks = ["# Configuration report"]
    if report.entrypoint is not None:
        blocks.append(f"Entry point: {_code(report.entrypoint)}")
    for section in every_section(report):
        blocks.extend(_section(section, report))
    return "\n\n".join(blocks) + "\n"


def _section(section: ReportSection, report: ConfigReport) -> Iterator[str]:
    kind = _text(section.kind)
    yield f"## {_code(section.path)}: {kind}" if section.path else f"## {kind}"
    notes = [_text(section.description)] if section.description else []
    if section.defined_at:
        notes.append(f"Defined at {_code(section.defined_at)}.")
    if report.full and section.canonical_hash is not None:
        notes.append(f"Hash {_code(section.canonical_hash)}.")
    if notes:
        yield " ".join(notes)
    yield "\n".join(_table(section, report))


def _table(section: ReportSection, report: ConfigReport) -> Iterator[str]:
    headings = columns(report)
    yield _row(headings)
    yield _row(["---"] * len(headings))
    for field in section.fields:
        yield _row([_cell(cell) for cell in cells(field, report)])


def _row(texts: tuple[str, ...] | list[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _cell(cell: Cell) -> str:
    if not cell.text:
        return ""
    return _code(cell.text).replace("|", r"\|") if cell.code else _text(cell.text)


def _text(text: str) -> str:
    """Text in which nothing is markup."""
    return _SPECIAL.sub(r"\\\g<0>", _CONTROL.sub(" ", text))


def _code(text: str) -> str:
    """A code span, fenced by more backticks than the text has in a row."""
    text = _CONTROL.sub(" ", text)
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    pad = " " if text[:1] in "` " or text[-1:] in "` " else ""
    return f"{fence}{pad}{text}{pad}{fence}"
