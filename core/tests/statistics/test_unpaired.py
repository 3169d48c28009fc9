from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from themis.statistics import newcombe, newcombe_interval, welch

SCORES = st.lists(st.integers(0, 20), min_size=2, max_size=25).filter(lambda s: len(set(s)) > 1)


@given(SCORES, SCORES)
def test_welchs_test_agrees_with_scipy(before, after):
    expected = stats.ttest_ind(after, before, equal_var=False)
    got = welch(before, after)

    assert got.p_value == pytest.approx(expected.pvalue, rel=1e-9)
    interval = expected.confidence_interval(0.95)
    assert (got.ci_lower, got.ci_upper) == pytest.approx((interval.low, interval.high), abs=1e-9)


def test_newcombes_interval_is_the_published_one():
    """Newcombe (1998), table II (a): 56/70 - 48/80, method 10."""
    lower, upper = newcombe_interval((48, 80), (56, 70))

    assert (round(lower, 4), round(upper, 4)) == (0.0524, 0.3339)


@given(st.integers(0, 20), st.integers(0, 30))
def test_p_says_whether_the_interval_leaves_out_0(first, second):
    got = newcombe((first, 20), (second, 30))

    assert (got.ci_lower > 1e-12 or got.ci_upper < -1e-12) == (got.p_value < 0.05)


def test_equal_proportions_have_a_p_of_1():
    assert newcombe((5, 10), (10, 20)).p_value == 1.0


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ([0.5], [0.1, 0.2], "fewer than two items on one side: no spread to judge by"),
        ([1.0, 1.0], [2.0, 2.0], "neither side varies: no spread to judge the difference by"),
        ([0.0, 1e300], [0.0, 1.0], "the scores are too large: their squares overflow"),
    ],
)
def test_what_cannot_be_tested_says_why(before, after, reason):
    got = welch(before, after)

    assert (got.p_value, got.ci_lower, got.method, got.reason) == (None, None, "none", reason)


def test_means_past_what_a_float_holds_are_none():
    got = welch([-1.5e308] * 3, [1.5e308] * 3)

    assert (got.baseline_mean, got.delta_mean, got.p_value) == (None, None, None)
    assert got.reason == "the scores are too large: their squares overflow"


def test_impossible_counts_are_refused():
    with pytest.raises(ValueError, match="3 successes of 2"):
        newcombe((1, 2), (3, 2))
