from __future__ import annotations

import enum
import math

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from themis.records.canonical import canonical_bytes, content_hash, decode, digest, plain

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
    | st.binary(max_size=8)
)
KEYS = st.text(max_size=8) | st.sampled_from(["$float", "$int", "$map"])
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4)
)

GOLDEN = {
    "float": (math.nan, b'{"$float":"nan"}'),
    "infinity": ([math.inf, -math.inf], b'[{"$float":"inf"},{"$float":"-inf"}]'),
    "big integer": (2**64, b'{"$int":"18446744073709551616"}'),
    "largest plain integer": (2**64 - 1, b"18446744073709551615"),
    "lone surrogate": ("\ud800", b'{"$utf8":"eda080"}'),
    "bytes": (b"\x00\xff", b'{"$bytes":"00ff"}'),
    "tag-like mapping": ({"$int": 1}, b'{"$map":{"$int":1}}'),
    "negative zero": ([-0.0, 0.0], b"[0.0,0.0]"),
    "sorted keys": ({"b": (1, 2), "a": None}, b'{"a":null,"b":[1,2]}'),
    "NUL": ("\0", b'"\\u0000"'),
    "NFC": ("\u00e9", '"\u00e9"'.encode()),
    "NFD": ("e\u0301", '"e\u0301"'.encode()),
}


@pytest.mark.parametrize(("value", "expected"), GOLDEN.values(), ids=GOLDEN)
def test_the_encoding_of_each_edge_is_pinned(value, expected):
    assert canonical_bytes(value) == expected


def test_hashes_are_pinned():
    expected = "b11b56f4440d94a37c1a5eb68ddc742ac0ceeaaf47b171dc4de720534f84f247"
    assert content_hash({"a": [1, 2.5, None]}, kind="golden") == expected


def test_the_parts_of_a_digest_do_not_run_together():
    assert digest(b"a", b"bc") != digest(b"ab", b"c")


@given(VALUES)
@example([-0.0, {"$float": "nan"}])
def test_the_short_way_writes_what_the_long_way_writes(value):
    assert canonical_bytes(value) == orjson.dumps(plain(value), option=orjson.OPT_SORT_KEYS)


@given(VALUES)
def test_what_was_written_reads_back_and_writes_the_same_again(value):
    data = canonical_bytes(value)
    assert canonical_bytes(decode(data)) == data


def test_an_enum_of_text_is_written_as_its_text():
    kind = enum.StrEnum("kind", ["RED"])
    assert canonical_bytes({kind.RED: kind.RED}) == b'{"red":"red"}'


@pytest.mark.parametrize("value", [{1: 2}, {"\ud800": 1}, {1, 2}, object()])
def test_what_is_no_json_is_refused(value):
    with pytest.raises(TypeError, match="be stored or hashed"):
        canonical_bytes(value)
