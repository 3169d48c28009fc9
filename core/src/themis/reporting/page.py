"""The report as one self-contained HTML page: no script, nothing loaded from anywhere."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from themis.reporting.picture import leaderboard_picture
from themis.reporting.tables import html_table
from themis.results.tables import printable

if TYPE_CHECKING:
    from themis.reporting.sections import ReportSection
    from themis.reporting.summary import RunReport

__all__ = ["html_page"]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light dark; --line: #8886; --mark: #2563eb; }
@media (prefers-color-scheme: dark) { :root { --mark: #7aa2ff; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .7rem; text-align: left; }
td { max-width: 40rem; overflow-wrap: anywhere; }
.note, dt { opacity: .75; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; }
dd { margin: 0; overflow-wrap: anywhere; }
svg { max-width: 100%; height: auto; }
svg text { fill: currentColor; font: 13px system-ui, sans-serif; }
"""


def html_page(report: RunReport) -> str:
    """A complete page; every name and every model output in it is escaped."""
    title = escape(printable(report.title))
    leaderboard = report.section("leaderboard")
    picture = leaderboard_picture(leaderboard.rows) if leaderboard else ""
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            f"<title>{title}</title>",
            f"<style>{_STYLE}</style>",
            f"<h1>{title}</h1>",
            _facts(report),
            f"<p>{escape(report.note)}</p>",
            picture,
            *map(_section, report.sections),
            "</html>\n",
        ]
    )


def _facts(report: RunReport) -> str:
    known = {name: value for name, value in report.facts.items() if value is not None}
    entries = (
        f"<dt>{escape(name)}</dt><dd>{escape(printable(str(value)))}</dd>"
        for name, value in known.items()
    )
    return f"<dl>{''.join(entries)}</dl>"


def _section(section: ReportSection) -> str:
    rows = section.readable()
    table = html_table(rows, list(rows[0]))
    note = f'<p class="note">{escape(section.note)}</p>' if section.note else ""
    return f'<h2>{escape(printable(section.title))}</h2>\n<div class="wide">{table}</div>{note}'
