from __future__ import annotations

import pytest
from pydantic import ValidationError

from themis.builtins.extractors.first_number import FirstNumber, FirstNumberSettings


def test_an_extractor_says_why_it_found_nothing(trial, said):
    record = FirstNumber().extract(trial, said("no idea"))
    assert (record.success, record.failure_reason) == (False, "the output holds no number")


def test_a_candidate_without_output_is_a_failed_extraction(trial, said):
    record = FirstNumber().extract(trial, said())
    assert record.failure_reason == "the candidate has no output to read"


def test_a_structured_output_is_read_as_its_json(trial, said):
    assert FirstNumber().extract(trial, said(structured_output={"x": 42})).parsed_answer == 42


@pytest.mark.parametrize("config", [{"percent": "divide"}, FirstNumberSettings(percent="divide")])
def test_a_config_may_be_a_mapping_or_the_model(trial, said, config):
    assert FirstNumber().extract(trial, said("50%"), config).parsed_answer == 0.5


def test_a_wrong_config_is_an_error_and_not_a_failed_extraction(trial, said):
    with pytest.raises(ValidationError, match="percent"):
        FirstNumber().extract(trial, said("50%"), {"percent": "half"})
