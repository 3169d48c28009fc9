"""The report as LaTeX: a fragment to include, with a longtable for each section."""

from __future__ import annotations

from collections.abc import Iterator

from themis.reporting.config_report_table import Cell, cells, columns, every_section
from themis.reporting.config_report_tree import ConfigReport, ReportSection

__all__ = ["render_latex"]

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "-": r"-{}",
}
_TEXT = str.maketrans(_SPECIAL | {chr(code): " " for code in (*range(32), 127, 0x2028, 0x2029)})
_BREAKABLE = "._/,:"
_HEADER = r"""% Needs \usepackage[T1]{fontenc} and \usepackage{array,longtable}.
\section*{Configuration report}"""


def render_latex(report: ConfigReport) -> str:
    """The report as a LaTeX fragment."""
    blocks = [_HEADER]
    if report.entrypoint is not None:
        blocks.append(f"Entry point: {_code(report.entrypoint)}")
    for section in every_section(report):
        blocks.extend(_section(section, report))
    return "\n\n".join(blocks) + "\n"


def _section(section: ReportSection, report: ConfigReport) -> Iterator[str]:
    kind = _text(section.kind)
    heading = f"{_code(section.path)}: {kind}" if section.path else kind
    yield rf"\subsection*{{{heading}}}"
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
    width = f"{0.86 / len(headings):.3f}"
    column = rf">{{\raggedright\arraybackslash}}p{{{width}\textwidth}}"
    yield rf"\begin{{longtable}}{{{column * len(headings)}}}"
    yield r"\hline"
    yield " & ".join(_text(heading) for heading in headings) + r" \\ \hline \endhead"
    for field in section.fields:
        yield " & ".join(_cell(cell) for cell in cells(field, report)) + r" \\"
    yield r"\hline"
    yield r"\end{longtable}"


def _cell(cell: Cell) -> str:
    return _code(cell.text) if cell.code and cell.text else _text(cell.text)


def _text(text: str) -> str:
    """Text in which nothing is a command."""
    return text.translate(_TEXT)


def _code(text: str) -> str:
    """Typewriter text that may break after its punctuation."""
    parts = (_text(letter) + r"\allowbreak{}" * (letter in _BREAKABLE) for letter in text)
    return rf"\texttt{{{''.join(parts)}}}"
