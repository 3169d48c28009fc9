from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.results.tables import (
    fitted_table,
    format_value,
    markdown_table,
    markdown_text,
    printable,
    text_table,
)


def test_columns_are_aligned_and_numbers_stand_to_the_right():
    rows = [{"model": "a", "mean": 0.5}, {"model": "longer", "mean": 10.25}]

    assert text_table(rows).splitlines() == [
        "model      mean",
        "------  -------",
        "a        0.5000",
        "longer  10.2500",
    ]


def test_wide_characters_do_not_shift_the_next_column():
    lines = text_table([{"a": "日本", "b": "x"}, {"a": "abcd", "b": "y"}]).splitlines()

    assert lines[2:] == ["日本  x", "abcd  y"]


def test_columns_can_be_chosen_and_missing_cells_are_dashes():
    assert text_table([{"a": 1}, {"b": 2}], ["b", "a"]).splitlines()[2:] == ["-  1", "2  -"]


def test_a_long_cell_is_cut():
    assert text_table([{"a": "x" * 90}], max_width=5).splitlines()[2] == "xxxx…"


@pytest.mark.parametrize(
    ("width", "kept"), [(None, 200), (500, 200), (203, 200), (153, 150), (20, 60)]
)
def test_a_table_is_cut_where_it_does_not_fit_but_not_to_less_than_60(width, kept):
    row = fitted_table([{"a": "x", "b": "y" * 200}], width=width).splitlines()[2]

    assert row == "x  " + ("y" * 200 if kept == 200 else "y" * (kept - 1) + "…")


def test_a_table_without_rows_fits_anywhere():
    assert fitted_table([], ["a", "b"], width=1) == "a  b\n-  -"


def test_terminal_control_sequences_are_spelled_out():
    assert printable("\x1b[31mred\x07") == "\\x1b[31mred\\x07"
    assert printable("two\nlines\tand\u202eright-to-left") == "two lines and\\u202eright-to-left"


@given(st.text())
def test_printable_text_is_one_line_of_printable_characters(text):
    assert printable(text).isprintable()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (True, "yes"),
        (3, "3"),
        (0.0, "0.0000"),
        (0.12345678, "0.1235"),
        (1.8e-15, "1.80e-15"),
        (12345678.9, "1.23e+07"),
        ({"temperature": 0.7, "stop": ["a", "b"]}, "temperature=0.7, stop=a, b"),
        ([], "-"),
    ],
)
def test_values_are_shown_as_people_read_them(value, text):
    assert format_value(value) == text


def test_a_markdown_table_escapes_what_markdown_and_html_act_upon():
    table = markdown_table([{"model_id": "a|b", "text": "<img onerror=x> *bold* `x` [a](b)\nnext"}])

    assert table.splitlines() == [
        "| model_id | text |",
        "| --- | --- |",
        r"| a\|b | &lt;img onerror=x&gt; \*bold\* \`x\` \[a\](b) next |",
    ]


def test_underscores_within_a_word_are_left_alone():
    assert markdown_text("exact_match _emphasis_") == r"exact_match \_emphasis\_"


@given(st.text())
def test_no_text_breaks_out_of_its_markdown_cell(text):
    lines = markdown_table([{"a": text, "b": 1}]).splitlines()

    assert len(lines) == 3
    assert lines[2].replace("\\|", "").count("|") == 3
    assert "<" not in lines[2]
