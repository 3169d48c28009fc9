from __future__ import annotations

import pytest

from themis.builtins.metrics.exact import ExactMatch
from themis.errors import MetricError


def value(metric, trial, candidate, item):
    return metric.score(trial, candidate, item).value


def test_the_parsed_answer_is_scored_when_there_is_one(trial, said):
    candidate = said("The answer is 42", parsed=("42",))
    assert value(ExactMatch(), trial, candidate, {"answer": "42"}) == 1.0


def test_the_raw_output_is_scored_without_extractions(trial, said):
    assert value(ExactMatch(), trial, said("42"), {"answer": "42"}) == 1.0


def test_extractions_that_all_failed_score_zero_with_the_reason(trial, said):
    score = ExactMatch().score(trial, said("42", failed=True), {"answer": "42"})
    assert (score.value, score.details) == (0.0, {"reason": "no extraction succeeded"})


def test_the_best_of_several_references_counts(trial, said):
    assert value(ExactMatch(), trial, said("two"), {"answer": ["2", "two"]}) == 1.0


def test_expected_output_comes_before_answer_and_target(trial, said):
    item = {"target": "t", "answer": "a", "expected_output": "e"}
    assert value(ExactMatch(), trial, said("e"), item) == 1.0


def test_a_named_reference_field_is_the_only_one_looked_at(trial, said):
    metric = ExactMatch({"reference_field": "gold"})
    assert value(metric, trial, said("g"), {"gold": "g", "answer": "a"}) == 1.0
    with pytest.raises(MetricError) as caught:
        metric.score(trial, said("g"), {"answer": "a", "question": "q"})
    assert str(caught.value) == (
        "exact_match: the item has no reference answer in gold; it has answer, question. "
        "Set reference_field."
    )


def test_an_item_without_reference_names_the_fields_looked_for(trial, said):
    with pytest.raises(MetricError, match="expected_output or answer or target; it has no fields"):
        ExactMatch().score(trial, said("x"), {})


def test_an_empty_list_of_references_is_an_error(trial, said):
    with pytest.raises(
        MetricError, match="reference answer is an empty list; nothing can be right"
    ):
        ExactMatch().score(trial, said("x"), {"answer": []})


def test_a_candidate_without_output_is_an_error(trial, said):
    with pytest.raises(MetricError, match="candidate c0ffee has no output to score"):
        ExactMatch().score(trial, said(), {"answer": "x"})
