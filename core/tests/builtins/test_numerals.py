from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.builtins.numerals import number_of, numerals, parse_number


def values(text, **options):
    return [numeral.value for numeral in numerals(text, **options)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1,234,567.89 left", [1234567.89]),
        ("between 10-20", [10, 20]),
        ("5 - 3 = 2", [5, 3, 2]),
        ("-5, (-6), \u22127", [-5, -6, -7]),
        ("-$5 or $-6 or \\$7", [-5, -6, 7]),
        ("1.5e-3 and 2E3", [0.0015, 2000.0]),
        (".5 but No.5", [0.5, 5]),
        ("1,2,3", [1, 2, 3]),
        ("2,5 is no decimal", [2, 5]),
        ("Done. It is 3. Next", [3]),
        ("1...2", [1, 2]),
        ("GPT-4 and x2 and v1.5 say 7", [7]),
        ("version 1.2.3 has 4", [4]),
        ("_42_ **43**", [42, 43]),
        ("答案是42。", [42]),
        ("5kg of 3rd", [5, 3]),
        ("none", []),
    ],
)
def test_numbers_are_read_as_a_person_reads_them(text, found):
    assert values(text) == found


def test_a_fraction_is_one_number_unless_fractions_are_off():
    assert values("about -3/4 of it") == [-0.75]
    assert values("about -3/4 of it", fractions=False) == [-3, 4]


def test_dates_and_divisions_by_zero_are_no_fractions():
    assert values("12/05/2024 and 1/0") == [12, 5, 2024, 1, 0]


def test_a_number_too_large_to_hold_is_not_read():
    assert values(f"{'9' * 301} and 1e999 and 7") == [7]


def test_a_percent_sign_is_noted():
    assert [numeral.percent for numeral in numerals("50% of 50 \\% of 50")] == [True, True, False]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (" $1,000. ", 1000),
        ("50%", 50),
        ("3/4", 0.75),
        ("3 apples", None),
        ("1 2", None),
        ("", None),
    ],
)
def test_a_whole_text_is_a_number_or_it_is_not(text, value):
    assert parse_number(text) == value


def test_a_bool_and_a_not_finite_number_are_no_numbers():
    assert [number_of(value) for value in (True, float("nan"), float("inf"), None, [1])] == [
        None
    ] * 5


@given(st.integers(-(10**290), 10**290))
def test_an_integer_is_read_back_with_and_without_thousands_separators(number):
    assert parse_number(str(number)) == number
    assert parse_number(f"{number:,}") == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_read_back(number):
    assert parse_number(repr(number)) == number


@given(st.text(alphabet="0123456789.,-+/eE$% ax_\\", max_size=60))
def test_any_text_is_read_and_spans_are_in_order(text):
    spans = [(numeral.start, numeral.end) for numeral in numerals(text)]
    assert all(start < end for start, end in spans)
    assert all(left[1] <= right[0] for left, right in pairwise(spans))
