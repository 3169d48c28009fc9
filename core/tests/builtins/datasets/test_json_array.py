from __future__ import annotations

import io
import json
import tracemalloc
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.builtins.datasets.json_array import json_array_rows
from themis.errors import ItemError

FINITE = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | FINITE | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.lists(st.dictionaries(st.text(), JSON, max_size=4), max_size=5)


def rows(data: bytes | str, chunk: int = 64) -> list[Any]:
    file = io.BytesIO(data.encode() if isinstance(data, str) else data)
    return list(json_array_rows(file, "f", chunk=chunk))


def failure(data: bytes | str, chunk: int = 64) -> str:
    with pytest.raises(ItemError) as caught:
        rows(data, chunk)
    return caught.value.message


@given(OBJECTS, st.integers(1, 40), st.sampled_from([None, 2]), st.booleans())
def test_any_array_is_read_as_a_whole_parser_reads_it(items, chunk, indent, ascii_only):
    text = json.dumps(items, indent=indent, ensure_ascii=ascii_only)
    data = text.encode("utf-8", "surrogatepass")
    assert repr(rows(data, chunk)) == repr(json.loads(text))


@given(OBJECTS.filter(bool), st.integers(1, 40), st.data())
def test_any_cut_is_found(items, chunk, data):
    text = json.dumps(items).encode()
    cut = data.draw(st.integers(0, len(text) - 1))
    assert failure(text[:cut], chunk).startswith("f:1: ")


@given(st.binary(max_size=60), st.integers(1, 9))
def test_any_bytes_are_objects_or_an_item_error(data, chunk):
    for prefix in (b"", b"[", b'[{"a": '):
        with suppress(ItemError):
            assert all(isinstance(row, dict) for row in rows(prefix + data, chunk))


@pytest.mark.parametrize("data", ["[]", " [ \n ] \n", b"\xef\xbb\xbf[]"])
def test_an_empty_array_has_no_items(data):
    assert rows(data) == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            '{"a": 1}',
            ("f:1: a .json file is to hold one array of objects; put one object per line into a "
            ".jsonl file"),
        ),
        (
            "",
            ("f:1: a .json file is to hold one array of objects; put one object per line into a "
            ".jsonl file"),
        ),
        ('[\n{"a": 1},\n{"a": }]', "f:3: item 2 is not valid JSON: Expecting value"),
        ('[{"a": 1}\n {"b": 1}]', ("f:2: the array is to go on with ',' or end with ']' after "
         "item 1")),
        ('[{"a": 1},\n\n 5]', "f:3: item 2 of the array is to be an object"),
        ('[{"a": 1},]', "f:1: item 2 of the array is to be an object"),
        ('[{"a": 1}]\n[', "f:2: there is more after the array's end"),
        ('[{"a": "x\n"}]', "f:1: item 1 is not valid JSON: Invalid control character at"),
        (b'[{"a": 1},\n{"a": "\xff"}]', ("f:2: not valid UTF-8 (byte 0xff); save the file as "
         "UTF-8")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("chunk", [1, 7, 4096])
def test_what_is_broken_is_named_with_its_line(data, message, chunk):
    assert failure(data, chunk) == message


def test_an_item_that_python_will_not_read_is_named():
    assert failure('[{"n": ' + "9" * 5000 + "}]").startswith("f:1: item 1 cannot be read: Exceeds")
    assert failure('[{"n": ' + "[" * 99999).startswith("f:1: item 1 cannot be read: maximum rec")


def test_items_before_a_broken_one_are_given_out():
    items = json_array_rows(io.BytesIO(b'[{"a": 1}, broken'), "f", chunk=4)
    assert next(items) == {"a": 1}


class Endless(io.RawIOBase):
    """An array that does not end: it can only be streamed."""

    def __init__(self) -> None:
        self.row = json.dumps({"text": "x" * 2000}).encode() + b",\n"
        self.first = True

    def read(self, size: int = -1) -> bytes:
        opening = b"[" if self.first else b""
        self.first = False
        return opening + self.row * (size // len(self.row) + 1)


def test_memory_holds_a_window_of_the_file():
    tracemalloc.start()
    stream = json_array_rows(Endless(), "f")
    for _ in range(5000):  # 10 MB
        next(stream)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_500_000


def test_an_item_larger_than_the_window_is_read():
    item = {"text": "x" * 1_000_000, "after": [1]}
    assert rows(json.dumps([item, item]), chunk=1000) == [item, item]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
@pytest.mark.parametrize("chunk", [1, 7, 64])
def test_a_number_that_json_does_not_have_is_refused_with_its_line(number, chunk):
    said = failure(f'[\n{{"x": 1}},\n{{"x": [{number}]}}]', chunk)
    assert said.startswith("f:3: item 2 cannot be read: " + number)
