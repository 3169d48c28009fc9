from __future__ import annotations

import pytest

from themis.builtins.extractors.embedded_json import EmbeddedJson

TEXT = 'First {"a": 1}, then:\n```json\n{"b": {"c": [1]}}\n``` and [2].'


@pytest.mark.parametrize(
    ("config", "value"),
    [
        ({}, {"b": {"c": [1]}}),
        ({"which": "first"}, {"a": 1}),
        ({"kind": "array"}, [2]),
        ({"kind": "any"}, [2]),
    ],
)
def test_which_value_is_taken_is_the_configs_choice(trial, said, config, value):
    assert EmbeddedJson().extract(trial, said(TEXT), config).parsed_answer == value


@pytest.mark.parametrize(("kind", "wanted"), [("object", "object"), ("any", "object or array")])
def test_a_text_without_json_says_what_is_missing(trial, said, kind, wanted):
    record = EmbeddedJson().extract(trial, said("{no} json"), {"kind": kind})
    assert record.failure_reason == f"the output has no JSON {wanted}"


def test_a_structured_output_is_the_answer(trial, said):
    candidate = said('text {"a": 1}', structured_output={"b": 2})
    assert EmbeddedJson().extract(trial, candidate).parsed_answer == {"b": 2}


def test_a_number_beyond_reading_is_a_failure(trial, said):
    record = EmbeddedJson().extract(trial, said('{"a": ' + "9" * 5000 + "}"))
    assert record.failure_reason.startswith("the output's JSON cannot be read: Exceeds the limit")
