from __future__ import annotations

import pytest

from themis.builtins.metrics.choice import ChoiceAccuracy
from themis.errors import MetricError

ITEM = {"answer": "B", "options": ["Rome", "Paris", "Oslo"]}


@pytest.mark.parametrize(
    ("answer", "reference", "value"),
    [("B", "B", 1.0), ("(b)", "B", 1.0), ("A", "B", 0.0), ("B", 1, 1.0), (1, "B", 1.0)],
)
def test_labels_and_numbers_name_options(trial, said, answer, reference, value):
    candidate = said("raw", parsed=(answer,))
    assert ChoiceAccuracy().score(trial, candidate, {"answer": reference}).value == value


def test_options_can_be_numbered_from_one(trial, said):
    assert ChoiceAccuracy({"first_index": 1}).score(trial, said("A"), {"answer": 1}).value == 1.0


def test_with_the_options_known_their_text_names_them(trial, said):
    metric = ChoiceAccuracy({"choices_field": "options"})
    assert metric.score(trial, said("paris."), ITEM).value == 1.0
    assert metric.score(trial, said("C"), {**ITEM, "answer": "Oslo"}).value == 1.0


def test_an_answer_that_names_no_option_scores_zero_and_says_so(trial, said):
    score = ChoiceAccuracy().score(trial, said("who knows"), ITEM)
    assert score.value == 0.0
    assert score.details == {"expected": "B", "reason": "the answer names no option"}


def test_a_reference_that_names_no_option_is_an_error(trial, said):
    with pytest.raises(MetricError) as caught:
        ChoiceAccuracy().score(trial, said("A"), {"answer": "Paris"})
    assert str(caught.value) == (
        "choice_accuracy: the reference 'Paris' is none of the labels ABCDEFGHIJ; "
        "set labels, choices_field or first_index"
    )


def test_a_field_that_is_no_list_of_options_is_an_error(trial, said):
    with pytest.raises(MetricError, match="the item's question is no list of options"):
        ChoiceAccuracy({"choices_field": "question"}).score(trial, said("A"), {"answer": "A"})
