from __future__ import annotations

import pytest

from themis.builtins.metrics.exact import ExactMatch, NormalizedExactMatch


@pytest.mark.parametrize(
    ("answer", "reference", "value"),
    [
        ("Paris", "Paris", 1.0),
        (" Paris\n", "Paris", 1.0),
        ("paris", "Paris", 0.0),
        (72, "72", 1.0),
        (72.0, 72, 1.0),
        ("72.0", "72", 0.0),
        (True, "true", 1.0),
        ({"b": 1, "a": 2}, {"a": 2, "b": 1}, 1.0),
    ],
)
def test_answers_are_compared_as_text(trial, said, answer, reference, value):
    candidate = said("raw", parsed=(answer,))
    assert ExactMatch().score(trial, candidate, {"answer": reference}).value == value


def test_case_and_white_space_can_be_set(trial, said):
    assert ExactMatch({"ignore_case": True}).score(trial, said("PARIS"), {"answer": "Paris"}).value
    assert not ExactMatch({"strip": False}).score(trial, said(" a"), {"answer": "a"}).value


@pytest.mark.parametrize(
    ("answer", "reference", "value"),
    [("The Eiffel Tower!", "eiffel tower", 1.0), ("-5", "5", 0.0), ("1.5", "15", 0.0)],
)
def test_normal_forms_are_compared(trial, said, answer, reference, value):
    score = NormalizedExactMatch().score(trial, said(answer), {"answer": reference})
    assert score.value == value


def test_a_step_of_normalisation_can_be_left_out(trial, said):
    metric = NormalizedExactMatch({"ignore_case": False})
    assert metric.score(trial, said("paris"), {"answer": "Paris"}).value == 0.0
