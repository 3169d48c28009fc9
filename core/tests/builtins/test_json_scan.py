from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.builtins.json_scan import MAX_DEPTH, json_spans, load_json

CONTAINERS = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
).filter(lambda value: isinstance(value, (dict, list)))


def found(text):
    return [text[start:end] for start, end in json_spans(text)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('{"a": "}"}', ['{"a": "}"}']),
        (r'{"k": "v\"}"} x', [r'{"k": "v\"}"}']),
        ('{{"a": 1}}', ['{"a": 1}']),
        ('{x and then {"a": 1}', ['{"a": 1}']),
        ('{"note: {"a": 1}', ['{"a": 1}']),
        ('{"a": {"b": 1}, x', ['{"b": 1}']),
        ("[]{}[1]", ["[]", "{}", "[1]"]),
        ('{"a": 1,} [1, 2', []),
        ("[01] [+1] [nul] ['a'] [1 2] {1: 2} [}", []),
    ],
)
def test_the_outermost_values_are_found(text, values):
    assert found(text) == values


@given(st.lists(st.tuples(st.text("abc ,:1\n", max_size=5), CONTAINERS), max_size=4))
def test_every_value_between_words_is_found(pieces):
    text = "".join(words + json.dumps(value) for words, value in pieces)
    assert [json.loads(value) for value in found(text)] == [value for _, value in pieces]


@given(st.text('{}[]":, \\u1atrue', max_size=60))
def test_what_is_found_is_json_and_apart(text):
    spans = list(json_spans(text))
    assert all(isinstance(json.loads(text[start:end]), (dict, list)) for start, end in spans)
    assert spans == sorted(spans)
    assert all(left[1] <= right[0] for left, right in pairwise(spans))


@pytest.mark.parametrize("depth", [MAX_DEPTH, MAX_DEPTH + 1, 100_000])
def test_json_nested_too_deep_is_refused(depth):
    text = "[" * depth + "]" * depth
    if depth == MAX_DEPTH:
        assert load_json(text)
        assert found(text) == [text]
    else:
        with pytest.raises(ValueError, match="JSON nested deeper than 100"):
            load_json(text)
