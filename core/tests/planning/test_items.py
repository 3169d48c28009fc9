from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import Enum
from pathlib import PurePosixPath
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.errors import ItemError
from themis.planning.items import (
    MISSING,
    PlannedItem,
    as_json,
    content_id,
    field_text,
    lookup,
    own_id,
)
from themis.records.canonical import canonical_bytes, decode

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


class Colour(Enum):
    RED = "red"


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_json_values_stay_as_they_are(item):
    assert as_json(item) == item


def test_the_copy_is_deep():
    item = {"a": [{"b": 1}]}
    copy = as_json(item)
    item["a"][0]["b"] = 2
    assert copy == {"a": [{"b": 1}]}


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ((1, (2,)), [1, [2]]),
        (dt.date(2024, 2, 29), "2024-02-29"),
        (dt.datetime(2024, 1, 2, 3, 4, tzinfo=dt.UTC), "2024-01-02T03:04:00+00:00"),
        (dt.time(1, 2), "01:02:00"),
        (Decimal("1.10"), "1.10"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (PurePosixPath("a/b"), "a/b"),
        (Colour.RED, "red"),
        (np.int64(3), 3),
        (np.float32(0.5), 0.5),
        (np.float64(0.5), 0.5),
        (np.bool_(True), True),
        (np.str_("x"), "x"),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (b"\x00", b"\x00"),
    ],
)
def test_values_of_other_libraries_become_json(value, plain):
    converted = as_json({"field": value})["field"]
    assert converted == plain
    assert type(converted) is type(plain)


def test_what_has_no_json_form_is_named_with_its_place():
    with pytest.raises(ItemError) as caught:
        as_json({"meta": {"tags": ["a", object()]}})
    assert caught.value.message == (
        "meta.tags[1] is a object, which has no JSON form; let the dataset provider convert it"
    )


def test_a_key_that_is_no_string_is_named():
    with pytest.raises(ItemError, match=r"^meta has the key 1 \(int\); keys must be strings$"):
        as_json({"meta": {1: "x"}})


@pytest.mark.parametrize(("value", "item_id"), [("q1", "q1"), (7, "7"), (None, None)])
def test_an_id_is_text_or_an_integer(value, item_id):
    assert own_id({"item_id": value}) == item_id


def test_an_item_without_the_field_has_no_id_of_its_own():
    assert own_id({"id": "q1"}) is None


@pytest.mark.parametrize("value", ["", True, 1.5, ["a"], {}])
def test_any_other_id_is_an_error(value):
    with pytest.raises(ItemError) as caught:
        own_id({"item_id": value})
    assert caught.value.message == (
        f"item_id must be a string (not empty) or an integer; got {value!r}"
    )


def test_the_id_of_content_is_pinned_and_ignores_the_order_of_fields():
    assert content_id({"q": "1+1", "a": 2}) == content_id({"a": 2, "q": "1+1"})
    assert content_id({"q": "1+1", "a": 2}) == "f2e9e4201ff448d4b31925be4a0f15c5"
    assert content_id({"q": "1+1", "a": "2"}) != content_id({"q": "1+1", "a": 2})


def test_a_field_is_found_by_its_name_then_by_its_path():
    item = {"a": {"b": 1, "c": None}, "a.b": 2}
    assert [lookup(item, path) for path in ("a.b", "a.c", "a")] == [2, None, {"b": 1, "c": None}]
    assert lookup(item, "a.x") is lookup(item, "a.b.c") is lookup(item, "") is MISSING


@pytest.mark.parametrize(
    ("value", "text"),
    [("x", "x"), (3, "3"), (3.5, "3.5"), (True, "true"), (None, "null"), ([1], "[1]"),
     ({"b": 1}, '{"b":1}'), (MISSING, "null"), (10**30, '{"$int":"1' + "0" * 30 + '"}')],
)  # fmt: skip
def test_fields_compare_as_text(value, text):
    assert field_text(value) == text


def test_an_items_envelope_has_its_failure_only_if_there_is_one():
    good = PlannedItem(item_id="a", payload={"q": 1})
    assert decode(good.canonical()) == {"item_id": "a", "payload": {"q": 1}}
    bad = PlannedItem(item_id="a", payload={"q": 1}, failure="why")
    assert bad.canonical() == canonical_bytes(
        {"item_id": "a", "payload": {"q": 1}, "failure": "why"}
    )
