from __future__ import annotations

import copy
import datetime as dt
import enum
import json
import pickle
from collections.abc import Callable

import pytest

from themis.specs.frozen import MAX_DEPTH, FrozenDict, FrozenList, freeze


@pytest.mark.parametrize(
    "change",
    [
        lambda held: held.append(1),
        lambda held: held.extend([1]),
        lambda held: held.__setitem__(0, 9),
        lambda held: held.__iadd__([1]),
        lambda held: held.pop(),
        lambda held: held.sort(),
    ],
)
def test_a_frozen_list_refuses_every_change(change: Callable[[FrozenList[int]], object]) -> None:
    held = FrozenList([3, 1])
    with pytest.raises(
        TypeError, match=r"specs are immutable; make a changed one with spec\.model"
    ):
        change(held)
    assert held == [3, 1]


@pytest.mark.parametrize(
    "change",
    [
        lambda held: held.__setitem__("a", 9),
        lambda held: held.update(b=1),
        lambda held: held.setdefault("b", 1),
        lambda held: held.__ior__({"b": 1}),
        lambda held: held.pop("a"),
        lambda held: held.clear(),
    ],
)
def test_a_frozen_dict_refuses_every_change(
    change: Callable[[FrozenDict[str, int]], object],
) -> None:
    held = FrozenDict({"a": 1})
    with pytest.raises(TypeError, match="specs are immutable"):
        change(held)
    assert held == {"a": 1}


def test_freezing_reaches_every_level_and_shares_nothing() -> None:
    written = {"a": [{"b": [1]}]}
    held = freeze(written)
    written["a"][0]["b"].append(2)
    assert held == {"a": [{"b": [1]}]}
    assert isinstance(held["a"][0]["b"], FrozenList)


def test_frozen_values_survive_pickle_copy_and_json() -> None:
    held = freeze({"a": [1, {"b": None}]})
    assert pickle.loads(pickle.dumps(held)) == held
    assert copy.deepcopy(held) == copy.copy(held) == held
    assert copy.deepcopy(held["a"]) == copy.copy(held["a"]) == held["a"]
    assert json.loads(json.dumps(held)) == held


def test_enum_members_become_plain_values() -> None:
    class Colour(enum.StrEnum):
        RED = "red"

    assert type(freeze([Colour.RED])[0]) is str


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": {"d": dt.date(2024, 1, 1)}}, "a.d is a date, which is no JSON value"),
        ({"a": [float("nan")]}, r"a\[0\] is nan, which JSON cannot hold"),
        ({"a": {1: 2}}, "a has the key 1, a int; keys are strings: quote it"),
        ({"a": {1, 2}}, "a is a set, which is no JSON value"),
    ],
)
def test_what_json_cannot_hold_is_named_with_its_place(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        freeze(value)


def test_endless_nesting_is_refused() -> None:
    value: list[object] = []
    value.append(value)
    with pytest.raises(ValueError, match=f"nested more than {MAX_DEPTH} levels deep; flatten it"):
        freeze(value)
