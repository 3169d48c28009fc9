"""What the formats for people share: which sections there are, and the cells of their tables."""

from __future__ import annotations

import json
from collections.abc import Iterator

import attrs

from themis.reporting.config_report_tree import ConfigReport, ReportField, ReportSection

__all__ = ["Cell", "cells", "columns", "every_section"]


@attrs.frozen(slots=True)
class Cell:
    """One cell of a table: code, or text."""

    text: str
    code: bool = False


def every_section(report: ConfigReport) -> Iterator[ReportSection]:
    """All sections, outer before inner."""
    for section in report.sections:
        yield from _with_inner(section)


def _with_inner(section: ReportSection) -> Iterator[ReportSection]:
    yield section
    for field in section.fields:
        for inner in field.sections:
            yield from _with_inner(inner)


def columns(report: ConfigReport) -> tuple[str, ...]:
    """The headings of every table."""
    plain = ("field", "value", "default", "type", "description", "defined at")
    return (*plain, "constraints") if report.full else plain


def cells(field: ReportField, report: ConfigReport) -> tuple[Cell, ...]:
    """The cells of a field's row, one for each column."""
    row = (
        Cell(field.name, code=True),
        _value(field),
        _default(field),
        Cell(field.type, code=True),
        Cell(field.description),
        Cell(field.defined_at, code=True),
    )
    return (*row, Cell(", ".join(field.constraints))) if report.full else row


def _value(field: ReportField) -> Cell:
    if not field.sections:
        return Cell(_written(field.value), code=True)
    return Cell("see " + ", ".join(inner.path for inner in field.sections))


def _default(field: ReportField) -> Cell:
    if not field.has_default:
        return Cell("none")
    return Cell(field.default_spec or _written(field.default), code=True)


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
