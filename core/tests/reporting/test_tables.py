from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.reporting.tables import csv_table, html_table, latex_table, latex_text

HOSTILE = "<script>alert(1)</script>"


def test_csv_has_a_header_full_numbers_and_empty_cells_for_what_is_undefined():
    text = csv_table([{"model": "a", "mean": 0.123456789}, {"model": 'b "c", d', "mean": None}])

    assert text == 'model,mean\r\na,0.123456789\r\n"b ""c"", d",\r\n'


@pytest.mark.parametrize("text", ["=cmd()", "+1", "-1", "@sum", "\t=1", "\r=1"])
def test_a_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text):
    [_, [cell]] = csv.reader(io.StringIO(csv_table([{"a": text}]), newline=""))

    assert cell == f"'{text}"


def test_a_negative_number_stays_a_number():
    assert csv_table([{"a": -0.5}]) == "a\r\n-0.5\r\n"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_a_csv_cell_is_read_back_as_it_was(text):
    [_, [cell]] = csv.reader(io.StringIO(csv_table([{"a": f"x{text}"}]), newline=""))

    assert cell == f"x{text}"


def test_latex_escapes_what_tex_acts_upon():
    assert latex_text(r"a_b & 5% of $x^2$ {~} #1 \input") == (
        r"a\_b \& 5\% of \$x\textasciicircum{}2\$ \{\textasciitilde{}\} \#1 \textbackslash{}input"
    )


def test_a_latex_table_needs_no_package():
    assert latex_table([{"model_id": "a", "mean": 0.5}]).splitlines() == [
        r"\begin{tabular}{lr}",
        r"\hline",
        r"model\_id & mean \\",
        r"\hline",
        r"a & 0.5000 \\",
        r"\hline",
        r"\end{tabular}",
    ]


def test_html_cells_are_escaped():
    html = html_table([{"a": HOSTILE, "b": 1.0}], ["a", "b"])

    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert '<td style="text-align:right">1.0000</td>' in html
