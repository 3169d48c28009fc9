"""Canonical bytes: pinned vectors, defined edges, and nothing lost on the way back."""

from __future__ import annotations

import datetime as dt
import math
import subprocess
import sys
from enum import StrEnum

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.records.canonical import canonical_bytes, content_hash, decode, digest, plain

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**70), max_value=2**70)
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec=None, exclude_categories=()))
    | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=12,
)

GOLDEN = {
    b"null": None,
    b'{"a":1,"b":[true,1.5]}': {"b": [True, 1.5], "a": 1},
    b'{"$float":"nan"}': math.nan,
    b'{"$float":"-inf"}': -math.inf,
    b'{"$int":"18446744073709551616"}': 2**64,
    b"18446744073709551615": 2**64 - 1,
    b'{"$int":"-9223372036854775809"}': -(2**63) - 1,
    b'{"$utf8":"eda080"}': "\ud800",
    b'{"$bytes":"00ff"}': b"\x00\xff",
    b'{"$map":{"$float":"nan"}}': {"$float": "nan"},
    b"0.0": -0.0,
    b'"\\u0000"': "\0",
    b'{"$float":"1e+22"}': 1e22,
    b'[{"$float":"-1e-06"},0.0001,1000000000000000.0]': [-1e-6, 1e-4, 1e15],
}


@pytest.mark.parametrize(("data", "value"), GOLDEN.items(), ids=[str(d) for d in GOLDEN])
def test_the_edges_have_pinned_bytes(data, value):
    assert canonical_bytes(value) == data


def test_a_hash_is_pinned_and_the_same_in_another_process():
    code = (
        "from themis.records.canonical import content_hash;"
        "print(content_hash({'b': [1, None, 'é'], 'a': float('nan')}, kind='pinned'))"
    )
    here = content_hash({"a": math.nan, "b": [1, None, "é"]}, kind="pinned")
    there = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "7"},
    )
    assert there.stdout.strip() == here
    assert here == PINNED


@given(JSON)
def test_what_is_written_is_read_back(value):
    def same(left, right):
        if isinstance(left, float):
            return left == right and isinstance(right, float)
        if isinstance(left, list):
            return len(left) == len(right) and all(map(same, left, right))
        if isinstance(left, dict):
            return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
        return left == right and type(left) is type(right)

    assert same(value, decode(canonical_bytes(value)))


@given(JSON)
def test_the_short_way_and_the_walk_give_the_same_bytes(value):
    assert canonical_bytes(value) == orjson.dumps(plain(value), option=orjson.OPT_SORT_KEYS)


@given(st.dictionaries(st.text(max_size=5), st.integers(), min_size=2))
def test_the_order_of_keys_does_not_matter(value):
    assert canonical_bytes(dict(reversed(value.items()))) == canonical_bytes(value)


def test_composed_and_decomposed_text_differ():
    assert canonical_bytes("\u00e9") != canonical_bytes("e\u0301")


def test_one_and_one_point_zero_differ():
    assert canonical_bytes(1) != canonical_bytes(1.0)


def test_subclasses_of_plain_types_are_written_as_those():
    class Code(StrEnum):
        A = "a"

    class Text(str):
        __slots__ = ()

    assert canonical_bytes([Code.A, Text("t")]) == b'["a","t"]'


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({1: "a"}, "keys must be strings to be stored or hashed; got 1 \\(int\\)"),
        ({"\ud800": 1}, "a key with a lone surrogate"),
        ({"a": {1, 2}}, "set is no JSON value"),
        (dt.date(2026, 1, 1), "date is no JSON value"),
        (object(), "object is no JSON value"),
    ],
)
def test_what_is_no_json_is_named(value, problem):
    with pytest.raises(TypeError, match=problem):
        canonical_bytes(value)


def test_digests_keep_their_parts_apart():
    assert digest(b"ab", b"c") != digest(b"a", b"bc")
    assert digest(b"a") != digest(b"a", b"")


PINNED = "bd9382b743cab90ae9d93321e10c20446192548e93147580bff0437c8bef7c04"
