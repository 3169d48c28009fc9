from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from themis.statistics import paired_t, sign_flip_constant_p
from themis.statistics.paired import SMALLEST_P


def test_the_paired_t_test_gives_the_reference_values(vectors):
    expected = vectors["paired_t_sleep"]["expected"]

    got = paired_t(**vectors["paired_t_sleep"]["inputs"])

    assert (got.pair_count, got.df, got.method) == (10, expected["df"], "paired_t")
    assert got.baseline_mean == pytest.approx(expected["baseline_mean"], abs=1e-9)
    assert got.treatment_mean == pytest.approx(expected["treatment_mean"], abs=1e-9)
    assert got.delta_mean == pytest.approx(expected["delta_mean"], abs=1e-9)
    assert got.se == pytest.approx(expected["se"], abs=1e-9)
    assert got.statistic == pytest.approx(expected["t"], abs=1e-9)
    assert got.p_value == pytest.approx(expected["p_value"], abs=1e-9)
    assert [got.ci_lower, got.ci_upper] == pytest.approx(expected["ci"], abs=1e-9)


def test_a_constant_improvement_gets_the_exact_permutation_p(vectors):
    vector = vectors["permutation_constant_shift"]
    baseline = [index / 64 for index in range(50)]

    got = paired_t(baseline, [score + 0.1 for score in baseline])

    assert got.delta_mean == pytest.approx(vector["expected"]["delta_mean"], abs=1e-12)
    assert got.p_value == pytest.approx(vector["expected"]["p_two_sided_exact"], rel=1e-12)
    assert (got.method, got.ci_lower, got.ci_upper) == ("sign_flip_exact", None, None)
    assert got.reason == "all differences are equal: p is exact, an interval does not exist"


def test_the_exact_p_of_many_equal_differences_does_not_underflow_to_0():
    assert sign_flip_constant_p(1000) == pytest.approx(2.0**-999)
    assert sign_flip_constant_p(100_000) == SMALLEST_P > 0


def test_a_huge_t_statistic_does_not_underflow_to_0():
    got = paired_t([0.0] * 100_000, [1.0, 1.001] * 50_000)

    assert (got.p_value, got.method) == (SMALLEST_P, "paired_t")


def test_no_difference_at_all_is_nothing_to_test():
    got = paired_t([0.0, 1.0, 1.0], [0.0, 1.0, 1.0])

    assert (got.delta_mean, got.p_value, got.ci_lower) == (0.0, None, None)
    assert (got.method, got.reason) == ("none", "no item differs: nothing to test")


def test_differences_that_are_only_rounding_are_no_difference():
    got = paired_t([0.3, 0.3, 0.6], [0.1 + 0.2, 0.3, 0.6])

    assert (got.delta_mean, got.p_value) == (0.0, None)


def test_one_pair_cannot_be_tested():
    got = paired_t([0.0], [1.0])

    assert (got.delta_mean, got.p_value, got.ci_lower) == (1.0, None, None)
    assert got.reason == "one item: the spread of differences is unknown"


def test_no_pairs_give_nulls_and_a_reason():
    got = paired_t([], [])

    assert (got.pair_count, got.baseline_mean, got.delta_mean, got.p_value) == (0, None, None, None)
    assert got.reason == "no item has a score from both"


def test_pairs_of_one_item_are_one_unit_of_evidence():
    baseline, treatment = [0.0, 1.0, 0.0, 0.0], [1.0, 1.0, 1.0, 0.0]

    once = paired_t(baseline, treatment)
    twice = paired_t(baseline * 2, treatment * 2, clusters=list("abcd") * 2)

    assert (twice.pair_count, twice.n_items, twice.method) == (8, 4, "paired_t_item_clusters")
    assert twice.p_value == pytest.approx(once.p_value, rel=1e-12)
    assert twice.ci_upper == pytest.approx(once.ci_upper, rel=1e-12)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=3, max_size=40))
def test_the_paired_t_test_agrees_with_scipy(pairs):
    baseline, treatment = zip(*pairs, strict=True)
    got = paired_t(baseline, treatment)
    if got.method != "paired_t":
        return
    expected = stats.ttest_rel(treatment, baseline)

    assert got.p_value == pytest.approx(expected.pvalue, rel=1e-9)
    interval = expected.confidence_interval(0.95)
    assert (got.ci_lower, got.ci_upper) == pytest.approx((interval.low, interval.high), abs=1e-9)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=20))
def test_exchanging_the_models_only_changes_the_sign(pairs):
    baseline, treatment = zip(*pairs, strict=True)
    there, back = paired_t(baseline, treatment), paired_t(treatment, baseline)

    assert there.delta_mean == pytest.approx(-back.delta_mean, abs=1e-12)
    assert there.p_value == pytest.approx(back.p_value)


def test_differences_whose_squares_overflow_are_not_tested():
    got = paired_t([0.0, 0.0], [1e300, 2e300])

    assert (got.p_value, got.ci_lower) == (None, None)
    assert got.reason == "the scores are too large: their squares overflow"


@pytest.mark.parametrize(
    ("baseline", "treatment"),
    [([0.0, 1e308] * 20, [0.5e308, 1.5e308] * 20), ([-1.5e308, 1.0], [1.5e308, 2.0])],
)
def test_means_and_differences_past_what_a_float_holds_are_none(baseline, treatment):
    got = paired_t(baseline, treatment, clusters=range(len(baseline)))

    assert (got.baseline_mean, got.delta_mean, got.p_value) == (None, None, None)
    assert (got.n_items, got.method) == (len(baseline), "none")
    assert got.reason == "the scores are too large: their squares overflow"


def test_differences_whose_squares_underflow_are_not_tested():
    got = paired_t([0.0, 0.0], [0.0, 5e-272])

    assert (got.p_value, got.ci_lower) == (None, None)
    assert got.reason == "the scores are too small: their squares underflow"


def test_pairs_must_be_complete():
    with pytest.raises(ValueError, match="2 baseline and 1 treatment values: give one per pair"):
        paired_t([0.0, 1.0], [1.0])


def test_a_sign_flip_test_of_nothing_is_refused():
    with pytest.raises(ValueError, match="needs at least one difference; got 0"):
        sign_flip_constant_p(0)
