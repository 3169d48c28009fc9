"""Differences between specs, in words."""

from __future__ import annotations

from themis.planning.diff import Change, describe_changes


def changes(before, after):
    return [str(change) for change in describe_changes(before, after)]


def test_equal_trees_have_no_changes():
    assert changes({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2}]}) == []


def test_a_changed_value_is_named_by_its_path():
    assert changes({"a": {"b": 1}}, {"a": {"b": 2}}) == ["a.b: 1 -> 2"]


def test_an_added_field_was_none_before():
    assert list(describe_changes({}, {"seed": 7})) == [Change("seed", None, 7)]


def test_named_entries_are_matched_by_name_and_not_by_position():
    before = {"models": [{"model_id": "a", "x": 1}, {"model_id": "b", "x": 1}]}
    after = {"models": [{"model_id": "b", "x": 2}, {"model_id": "a", "x": 1}]}
    assert changes(before, after) == ["models[b].x: 1 -> 2"]


def test_a_number_that_becomes_a_string_is_a_change():
    assert changes({"a": 1}, {"a": "1"}) == ["a: 1 -> '1'"]
