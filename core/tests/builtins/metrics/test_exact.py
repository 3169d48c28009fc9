from __future__ import annotations

import pytest

from themis.builtins.metrics.exact import ExactMatch


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
