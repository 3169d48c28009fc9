from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from themis.reporting.config_report_latex import render_latex
from themis.reporting.config_report_tree import build_report
from themis.specs import BenchmarkSpec

COMMANDS = {
    r"\textbackslash{}": "\\", r"\textasciicircum{}": "^", r"\textasciitilde{}": "~",
    r"\textless{}": "<", r"\textgreater{}": ">", r"\textbar{}": "|", r"\textquotedbl{}": '"',
    r"\textquotesingle{}": "'", r"\textasciigrave{}": "`", "-{}": "-", r"\allowbreak{}": "",
    r"\{": "{", r"\}": "}", r"\$": "$", r"\&": "&", r"\#": "#", r"\%": "%", r"\_": "_",
}  # fmt: skip
COMMAND = re.compile("|".join(map(re.escape, COMMANDS)))


def value_of(latex: str) -> str:
    """The value in the only row, as it is printed."""
    (row,) = re.findall(r"^\\texttt\{note\} & (.*) \\\\$", latex, re.MULTILINE)
    value, rest = re.split(r"(?<!\\) & ", row, maxsplit=1)
    assert rest.startswith("none & ")
    inner = value.removeprefix(r"\texttt{").removesuffix("}")
    assert not re.search(r"[\\{}$&#%_^~<>|\"'`]", COMMAND.sub("", inner))
    return COMMAND.sub(lambda found: COMMANDS[found.group()], inner)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), max_size=30))
def test_any_text_is_printed_as_it_is(text: str) -> None:
    latex = render_latex(build_report({"note": [text]}, entrypoint=None, full=False))
    assert value_of(latex) == json.dumps([text], ensure_ascii=False)


def test_every_table_that_is_begun_is_ended(benchmark: BenchmarkSpec) -> None:
    latex = render_latex(build_report(benchmark, entrypoint="run_it", full=True))
    assert latex.count(r"\begin{longtable}") == latex.count(r"\end{longtable}") > 3
    assert r"Entry point: \texttt{run\_\allowbreak{}it}" in latex
    assert r"\subsection*{\texttt{models[0]}: ModelSpec}" in latex


def test_every_row_has_a_cell_for_each_column(benchmark: BenchmarkSpec) -> None:
    latex = render_latex(build_report(benchmark, entrypoint=None, full=True))
    rows = [line for line in latex.splitlines() if line.endswith(r" \\")]
    assert {len(re.split(r"(?<!\\)&", row)) for row in rows} == {7}
