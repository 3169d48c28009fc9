from __future__ import annotations

import pytest

from themis.builtins.outputs import as_text, output_text, output_value
from themis.records import CandidateRecord


def test_the_raw_text_comes_before_the_structured_output(said):
    assert output_value(said("text", structured_output={"a": 1})) == "text"


def test_a_structured_output_alone_is_read_as_json(said):
    assert output_text(said(structured_output={"b": 2, "a": "é"})) == '{"a": "é", "b": 2}'


def test_a_candidate_without_inference_has_no_output():
    assert output_text(CandidateRecord(candidate_id="c")) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [("72", "72"), (72, "72"), (72.0, "72"), (0.5, "0.5"), (True, "true"), (None, "null")],
)
def test_values_are_compared_as_they_are_written(value, text):
    assert as_text(value) == text
