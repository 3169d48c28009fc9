"""One reading of what components return."""

from __future__ import annotations

import math

import pytest

from themis.records import (
    ExtractionRecord,
    InferenceRecord,
    InferenceResult,
    MetricScore,
    ScoreError,
)
from themis.runtime.outcomes import as_extraction, as_inference, as_score


def test_a_string_is_an_inference():
    assert as_inference("four", engine="e").inference.raw_text == "four"


def test_a_record_is_wrapped_and_a_result_is_kept():
    record = InferenceRecord(raw_text="x")
    result = InferenceResult(record)
    assert as_inference(record, engine="e").inference is record
    assert as_inference(result, engine="e") is result


def test_an_engine_that_returns_something_else_is_named():
    with pytest.raises(TypeError, match="engine 'e' returned int; return an InferenceResult"):
        as_inference(3, engine="e")


def test_none_is_a_failed_extraction_and_zero_is_not():
    assert not as_extraction(None, extractor="x").success
    assert as_extraction(0, extractor="x").parsed_answer == 0
    assert as_extraction(0, extractor="x").success


def test_an_answer_that_cannot_be_stored_is_a_failed_extraction():
    record = as_extraction({1, 2}, extractor="x")
    assert not record.success
    assert "cannot be stored" in record.failure_reason


def test_a_record_is_an_extraction_as_it_is():
    record = ExtractionRecord(extractor_id="x", success=True, parsed_answer="a")
    assert as_extraction(record, extractor="x") is record


@pytest.mark.parametrize("value", [True, 1, 1.0])
def test_numbers_and_bools_are_scores(value):
    assert as_score(value, metric="m") == MetricScore(metric_id="m", value=1.0)


@pytest.mark.parametrize("value", [math.nan, math.inf, MetricScore(metric_id="m", value=math.nan)])
def test_a_score_that_is_not_finite_is_an_error(value):
    score = as_score(value, metric="m")
    assert isinstance(score, ScoreError)
    assert "finite" in score.message


def test_a_score_takes_the_name_that_the_plan_gives_its_metric():
    assert as_score(MetricScore(metric_id="x", value=1.0), metric="m").metric_id == "m"
    assert as_score(ScoreError(metric_id="x", message="no"), metric="m").metric_id == "m"


def test_a_score_with_an_error_is_a_score_error():
    score = as_score(MetricScore(metric_id="m", value=None, error="no label"), metric="m")
    assert score == ScoreError(metric_id="m", message="no label")


def test_anything_else_is_an_error_that_says_what_to_return():
    assert "return a number" in as_score("good", metric="m").message
