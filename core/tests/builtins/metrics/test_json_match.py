from __future__ import annotations

import pytest

from themis.builtins.metrics.json_match import JsonMatch
from themis.errors import MetricError


def score(trial, candidate, reference, **config):
    return JsonMatch(config).score(trial, candidate, {"answer": reference})


@pytest.mark.parametrize(
    ("text", "reference", "value"),
    [
        ('{"a": 1, "b": [true]}', {"b": [True], "a": 1.0}, 1.0),
        ('{"a": 1}', '{"a": 1}', 1.0),
        ('{"a": 1}', {"a": True}, 0.0),
        ('{"a": "1"}', {"a": 1}, 0.0),
        ("[1, 2]", [1, 2], 1.0),
        ("[2, 1]", [1, 2], 0.0),
        ('{"a": 1, "b": 2}', {"a": 1}, 0.0),
    ],
)
def test_exact_values_are_compared_as_json(trial, said, text, reference, value):
    assert score(trial, said(text), reference).value == value


def test_arrays_can_be_compared_without_their_order(trial, said):
    assert score(trial, said('[{"a": 1}, 2]'), [2, {"a": 1}], ignore_order=True).value == 1.0


def test_a_subset_may_hold_more(trial, said):
    candidate = said('{"a": {"b": 1, "c": 2}}')
    assert score(trial, candidate, {"a": {"b": 1}}, mode="subset").value == 1.0
    missed = score(trial, candidate, {"a": {"b": 2}}, mode="subset")
    assert (missed.value, missed.details) == (0.0, {"missed": ["$.a.b"]})


def test_fields_give_the_share_of_leaves(trial, said):
    reference = {"a": 1, "b": [1, 2], "c": {}}
    found = score(trial, said('{"a": 1, "b": [1, 3], "c": {}}'), reference, mode="fields")
    assert (found.value, found.details) == (0.75, {"missed": ["$.b[1]"]})


def test_an_answer_that_is_no_json_scores_zero_and_says_so(trial, said):
    result = score(trial, said("{oops"), {"a": 1})
    assert result.value == 0.0
    assert result.details["reason"].startswith("the answer is no JSON: ")


def test_a_reference_text_that_is_no_json_is_an_error(trial, said):
    with pytest.raises(MetricError, match="json_match: the reference is no JSON: "):
        score(trial, said("{}"), "Paris")


def test_a_parsed_value_is_compared_as_it_is(trial, said):
    assert score(trial, said("raw", parsed=({"a": 1},)), {"a": 1}).value == 1.0
