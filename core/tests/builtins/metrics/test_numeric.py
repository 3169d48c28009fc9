from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.builtins.metrics.numeric import NumericMatch
from themis.errors import MetricError


def value(trial, candidate, reference, **config):
    return NumericMatch(config).score(trial, candidate, {"answer": reference}).value


@pytest.mark.parametrize(
    ("answer", "reference"),
    [
        ("1,000", 1000),
        ("$5.00", "5"),
        (r"\frac{1}{2}", "0.5"),
        ("50%", 50),
        (3.0, 3),
        ("3/4", 0.75),
    ],
)
def test_numbers_are_equal_however_they_are_written(trial, said, answer, reference):
    assert value(trial, said("raw", parsed=(answer,)), reference) == 1.0


def test_the_tolerance_is_relative_to_the_reference(trial, said):
    assert value(trial, said("101"), 100, rel_tolerance=0.01) == 1.0
    assert value(trial, said("101.1"), 100, rel_tolerance=0.01) == 0.0


def test_the_larger_of_both_tolerances_holds(trial, said):
    assert value(trial, said("0.05"), 0) == 0.0
    assert value(trial, said("0.05"), 0, abs_tolerance=0.1) == 1.0


def test_large_integers_are_compared_exactly(trial, said):
    assert value(trial, said(str(10**200 + 1)), str(10**200), rel_tolerance=0) == 0.0
    assert value(trial, said("raw", parsed=(10**400 + 1,)), 10**400, rel_tolerance=0) == 0.0


def test_an_answer_that_is_no_number_scores_zero_and_says_so(trial, said):
    score = NumericMatch().score(trial, said("about 5 or 6"), {"answer": 5})
    assert (score.value, score.details) == (0.0, {"reason": "the answer is no number"})


@pytest.mark.parametrize("reference", ["five", True, float("nan")])
def test_a_reference_that_is_no_number_is_an_error(trial, said, reference):
    with pytest.raises(MetricError, match=r"numeric_match: the reference .* is no number"):
        value(trial, said("5"), reference)


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_equals_itself(number):
    metric = NumericMatch({"rel_tolerance": 0})
    assert metric.compare(repr(number), number).value == 1.0
