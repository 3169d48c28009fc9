from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.builtins.datasets.text_files import csv_rows, json_line_rows
from themis.errors import ItemError

comma_rows = partial(csv_rows, delimiter=",")


def lines(data: bytes | str) -> list[Any]:
    return list(json_line_rows(io.BytesIO(data.encode() if isinstance(data, str) else data), "f"))


def records(data: bytes | str) -> list[Any]:
    return list(comma_rows(io.BytesIO(data.encode() if isinstance(data, str) else data), "f"))


def failure(read: Callable[[Any], Any], data: bytes | str) -> str:
    with pytest.raises(ItemError) as caught:
        read(data)
    return caught.value.message


def test_each_line_is_an_item():
    assert lines('{"a": 1}\n{"a": "é\u2028"}\r\n') == [{"a": 1}, {"a": "é\u2028"}]


@pytest.mark.parametrize("data", ["", "\n\n", '\n{"a": 1}\n  \n\n'])
def test_blank_lines_are_skipped(data):
    assert lines(data) == ([{"a": 1}] if "a" in data else [])


def test_a_byte_order_mark_is_no_content():
    assert lines(b'\xef\xbb\xbf{"a": 1}') == [{"a": 1}]
    assert records(b"\xef\xbb\xbfa\n1\n") == [{"a": "1"}]


def test_large_integers_keep_their_digits():
    assert lines('{"n": 123456789012345678901234567890}') == [{"n": 123456789012345678901234567890}]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ('{"a": 1}\n{"a": }', "f:2: not valid JSON: Expecting value at column 7"),
        ('\n\n{"a": 1', "f:3: not valid JSON: Expecting ',' delimiter at column 8"),
        ("[1]", "f:1: a line is to hold one JSON object; it holds an array"),
        ('"x"', "f:1: a line is to hold one JSON object; it holds a string"),
        ("null", "f:1: a line is to hold one JSON object; it holds null"),
        ("true", "f:1: a line is to hold one JSON object; it holds true or false"),
        ("5", "f:1: a line is to hold one JSON object; it holds a number"),
        (
            b'{"a": 1}\n{"b": "\xff"}',
            "f:2: not valid UTF-8 (byte 0xff at column 8); save the file as UTF-8",
        ),
        (
            '{"a": 1}'.encode("utf-16"),
            "f:1: not valid UTF-8 (byte 0xff at column 1); save the file as UTF-8",
        ),
    ],
)
def test_a_broken_line_is_named(data, message):
    assert failure(lines, data) == message


@pytest.mark.parametrize("data", ['{"a": ' + "9" * 5000 + "}", '{"a": ' + "[" * 99999])
def test_a_line_that_python_will_not_read_is_named(data):
    assert failure(lines, data).startswith("f:1: JSON that cannot be read: ")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_json_does_not_have_is_refused_with_its_line(number):
    said = failure(lines, f'{{"a": 1}}\n{{"a": [{number}]}}\n')
    assert said.startswith(f"f:2: JSON that cannot be read: {number} is ")


def test_lines_before_a_broken_one_are_given_out():
    rows = json_line_rows(io.BytesIO(b'{"a": 1}\nbroken'), "f")
    assert next(rows) == {"a": 1}


@given(st.binary(max_size=200))
def test_any_bytes_are_rows_or_an_item_error(data):
    for read in (lines, records):
        with suppress(ItemError):
            assert all(isinstance(row, dict) for row in read(data))


def test_csv_fields_are_named_by_the_first_record():
    assert records("q,a\n1+1,2\n\n2+2,4\n") == [{"q": "1+1", "a": "2"}, {"q": "2+2", "a": "4"}]


def test_csv_values_may_hold_commas_quotes_and_line_ends():
    assert records('q\n"a, ""b""\nc"\n') == [{"q": 'a, "b"\nc'}]


def test_csv_values_may_be_long():
    assert records("q\n" + "x" * 500_000) == [{"q": "x" * 500_000}]


def test_a_file_with_only_a_header_has_no_items():
    assert records("a,b\n") == records("") == []


def test_tabs_may_separate():
    assert list(csv_rows(io.BytesIO(b"a\tb\n1,2\t3\n"), "f", delimiter="\t")) == [
        {"a": "1,2", "b": "3"}
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            "a,b\n1,2\n3,4,5\n",
            "f:3: the record has 3 values for 2 fields; quote values that hold a ','",
        ),
        ("a,b\n1\n", "f:2: the record has 1 values for 2 fields; quote values that hold a ','"),
        ("a,b,a\n", "f:1: fields are named twice: 'a'; rename them"),
        ('a\n"x', "f:2: not valid CSV: unexpected end of data"),
        (b"a\n1\n\xe9\n", "f:3: not valid UTF-8 (byte 0xe9 at column 1); save the file as UTF-8"),
    ],
)
def test_a_broken_record_is_named(data, message):
    assert failure(records, data) == message
