"""The report of a run: who is ahead and by how much, how sure that is, and what failed."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from themis.reporting.page import html_page
from themis.reporting.provenance import doubts_of
from themis.reporting.sections import (
    ReportSection,
    breakdowns,
    comparison,
    failures,
    labelled,
    leaderboard,
    provenance,
)
from themis.reporting.strict_json import strict
from themis.reporting.tables import csv_table, latex_table, latex_text, markdown_table, text_table
from themis.results.tables import markdown_text, printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from themis.results import BenchmarkResult, HumanLabel, RunCounts

__all__ = ["FORMATS", "RunReport", "headline", "render_summary", "summarise"]

_SCHEMA_VERSION = 1
_LINE = 100
_HEADLINES = {
    "leaderboard": (
        "metric_id",
        "score_name",
        "rank",
        "model_id",
        "mean",
        "interval",
        "n_items",
        "contradicted_by",
    ),
    "comparison": (
        "metric_id", "score_name", "models", "delta_mean", "interval", "adjusted_p_value",
        "pair_count", "dropped", "reason",
    ),
    "failures": ("stage", "code", "metric_id", "model_id", "count", "message"),
}  # fmt: skip
"""What `headline` shows of each section."""


@attrs.frozen(slots=True, kw_only=True)
class RunReport:
    """A run's report, ready to be rendered in any form.

    `facts` name the run; `note` says how many candidates failed and how they count.
    """

    title: str
    facts: Mapping[str, Any]
    note: str
    counts: Mapping[str, Any]
    sections: Sequence[ReportSection]

    def section(self, key: str) -> ReportSection | None:
        """The section with this key, if the report has it."""
        return next((section for section in self.sections if section.key == key), None)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values: the facts, the counts, and every section's rows under its key."""
        return {
            "schema_version": _SCHEMA_VERSION,
            "run": dict(self.facts),
            "counts": dict(self.counts),
            "note": self.note,
            "sections": {
                section.key: [dict(row) for row in section.rows] for section in self.sections
            },
        }


def summarise(
    result: BenchmarkResult,
    *,
    cluster_by: str | None = None,
    labels: Sequence[HumanLabel] = (),
) -> RunReport:
    """Read a result into a report: leaderboard, breakdowns, comparison, failures, provenance.

    `cluster_by` names an item field: items that share its value are one unit of evidence. With
    `labels` of people the report has a section of means that use them.

    Raises:
        ValueError: an item has no such field, or no label is of an item that was scored.
    """
    counts = result.counts()
    compared = comparison(result, cluster_by=cluster_by)
    sections = [
        leaderboard(result, compared, cluster_by=cluster_by),
        *([labelled(result, labels)] if labels else []),
        *breakdowns(result, cluster_by=cluster_by),
        compared,
        failures(result, counts),
        provenance(result),
    ]
    return _report(result, counts, sections)


def headline(result: BenchmarkResult) -> RunReport:
    """The short report that a run ends with: leaderboard, comparison and failures, fewer columns.

    It reads no more of the store than it shows.
    """
    counts = result.counts()
    compared = comparison(result)
    sections = [leaderboard(result, compared), compared, failures(result, counts)]
    shown = [attrs.evolve(section, columns=_HEADLINES[section.key]) for section in sections]
    return _report(result, counts, shown)


def _report(
    result: BenchmarkResult, counts: RunCounts, sections: Iterable[ReportSection]
) -> RunReport:
    return RunReport(
        title=result.benchmark_id,
        facts={
            "run_id": result.run_id,
            "benchmark_id": result.benchmark_id,
            "status": result.status,
            "transform_hash": result.active_transform_hash,
            "evaluation_hash": result.active_evaluation_hash,
        },
        note=" ".join([counts.sentence(), *_reservation(result.manifest)]),
        counts={**attrs.asdict(counts), "pending": counts.pending},
        sections=[section for section in sections if section.rows],
    )


def render_summary(report: RunReport, form: str = "text") -> str:
    """The report as `text`, `markdown`, `csv`, `json`, `latex` or `html`.

    Raises:
        ValueError: an unknown form; the message lists the known ones.
    """
    if form not in FORMATS:
        msg = f"unknown report format {form!r}; known: {', '.join(FORMATS)}"
        raise ValueError(msg)
    return FORMATS[form](report)


def _reservation(manifest: Mapping[str, Any]) -> list[str]:
    doubts = doubts_of(manifest)
    return [f"Not reproducible: {'; '.join(doubts)}."] if doubts else []


def _text(report: RunReport) -> str:
    run = f"run {report.facts['run_id'][:12]}, {report.facts['status']}"
    facts = [run, *textwrap.wrap(report.note, _LINE)]
    parts = ["\n".join([printable(report.title), *facts])]
    for section in report.sections:
        table = text_table(section.readable(), max_width=_LINE)
        lines = [section.title.upper(), table]
        parts.append("\n".join([*lines, *textwrap.wrap(section.note, _LINE)]))
    return "\n\n".join(parts)


def _markdown(report: RunReport) -> str:
    facts = "\n".join(
        f"* {name}: {markdown_text(str(value))}"
        for name, value in report.facts.items()
        if value is not None
    )
    parts = [f"# {markdown_text(report.title)}", facts, markdown_text(report.note)]
    for section in report.sections:
        parts += [f"## {markdown_text(section.title)}", markdown_table(section.readable())]
        parts += [markdown_text(section.note)] if section.note else []
    return "\n\n".join(parts) + "\n"


def _latex(report: RunReport) -> str:
    parts = [rf"\section*{{{latex_text(report.title)}}}", latex_text(report.note)]
    for section in report.sections:
        parts += [rf"\subsection*{{{latex_text(section.title)}}}", latex_table(section.readable())]
        parts += [latex_text(section.note)] if section.note else []
    return "\n\n".join(parts) + "\n"


def _csv(report: RunReport) -> str:
    """One table of every section's rows, the section's key in the first column."""
    rows = [{"section": section.key, **row} for section in report.sections for row in section.rows]
    return csv_table(rows)


def _json(report: RunReport) -> str:
    import orjson

    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
    return orjson.dumps(strict(report.to_dict()), option=options).decode()


def _html(report: RunReport) -> str:
    return html_page(report)


FORMATS: Mapping[str, Callable[[RunReport], str]] = {
    "text": _text,
    "markdown": _markdown,
    "csv": _csv,
    "json": _json,
    "latex": _latex,
    "html": _html,
}
