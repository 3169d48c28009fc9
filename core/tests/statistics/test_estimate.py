from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.statistics import (
    ClusterSums,
    cluster_sums,
    estimate_from_sums,
    mean_estimate,
    t_interval,
    wilson_interval,
)

SCORES = st.lists(st.floats(-1e3, 1e3).map(lambda x: round(x, 3)), min_size=2, max_size=30)


def test_the_standard_error_of_binary_scores_is_the_reference_value(vectors):
    expected = vectors["mean_se_binary"]["expected"]

    got = mean_estimate(vectors["mean_se_binary"]["inputs"]["scores"])

    assert (got.n, got.mean) == (expected["n"], pytest.approx(expected["mean"], abs=1e-9))
    assert got.se == pytest.approx(expected["se"], abs=1e-9)
    assert t_interval(got.mean, got.se, df=expected["df"]) == pytest.approx(
        tuple(expected["t_ci"]), abs=1e-9
    )


def test_binary_scores_get_the_wilson_interval_and_say_so():
    got = mean_estimate([1, 0, 1, 1, 0, 1, 1, 1, 0, 1])

    assert got.method == "wilson"
    assert (got.ci_lower, got.ci_upper) == pytest.approx(wilson_interval(7, 10))
    assert got.ci_upper < 1


def test_no_scores_have_no_mean_and_a_reason(vectors):
    got = mean_estimate([])

    assert vectors["mean_edge"]["expected"]["empty"] == {
        "n": got.n,
        "mean": got.mean,
        "se": got.se,
        "ci": got.ci_lower,
    }
    assert got.reason == "no scores"


@pytest.mark.parametrize("score", [0.5, 1.0])
def test_one_score_has_a_mean_but_no_interval(score):
    got = mean_estimate([score])

    assert (got.n, got.mean, got.se, got.ci_lower, got.ci_upper) == (1, score, None, None, None)
    assert (got.method, got.reason) == ("none", "one item: its spread is unknown")


def test_all_correct_has_a_wilson_interval_of_positive_width(vectors):
    expected = vectors["mean_edge"]["expected"]["constant_binary"]

    got = mean_estimate([1, 1, 1, 1])

    assert (got.n, got.mean, got.se) == (expected["n"], expected["mean"], expected["se"])
    assert [got.ci_lower, got.ci_upper] == pytest.approx(expected["wilson_ci"], abs=1e-9)


def test_equal_scores_that_are_no_proportion_have_no_interval():
    got = mean_estimate([0.1 + 0.2, 0.3, 0.3])

    assert (got.se, got.ci_lower, got.ci_upper) == (0.0, None, None)
    assert got.reason == "all items have the same score: no spread to infer from"


def test_the_clustered_standard_error_is_the_reference_value(vectors):
    vector = vectors["clustered_se"]
    expected = vector["expected"]

    got = mean_estimate(vector["inputs"]["scores"], clusters=vector["inputs"]["cluster"])

    assert got.mean == pytest.approx(expected["mean"], abs=1e-9)
    assert got.se == pytest.approx(expected["clustered_se_corrected"], abs=1e-9)
    assert (got.ci_lower, got.ci_upper) == pytest.approx(
        tuple(expected["t_ci_corrected"]), abs=1e-9
    )
    assert (got.n, got.n_items, got.method) == (12, expected["n_clusters"], "t_item_clusters")


def test_repeats_of_a_question_count_once_in_the_standard_error(vectors):
    vector = vectors["repeats_se"]
    rows = vector["inputs"]["scores"]
    flat = [score for row in rows for score in row]
    items = [number for number, row in enumerate(rows) for _ in row]

    got = mean_estimate(flat, clusters=items)

    assert got.mean == vector["expected"]["mean"]
    assert got.se == pytest.approx(vector["expected"]["se_question_means"], abs=1e-9)
    assert (got.n, got.n_items, got.method) == (18, 6, "t_item_means")


def test_repeats_that_always_agree_are_a_proportion_of_items():
    got = mean_estimate([1, 1, 0, 0, 1, 1], clusters=["a", "a", "b", "b", "c", "c"])

    assert got.method == "wilson"
    assert (got.ci_lower, got.ci_upper) == pytest.approx(wilson_interval(2, 3))


def test_unequal_repeats_are_no_proportion_of_items():
    got = mean_estimate([1, 1, 1, 0], clusters=["a", "a", "a", "b"])

    assert (got.mean, got.method) == (0.75, "t_item_clusters")


def test_wilson_intervals_are_the_reference_values(vectors):
    for case in vectors["proportion_ci"]["expected"]["cases"]:
        assert wilson_interval(case["k"], case["n"]) == pytest.approx(
            tuple(case["wilson"]), abs=1e-8
        )


@given(n=st.integers(1, 10_000), data=st.data())
def test_a_wilson_interval_holds_its_proportion_and_stays_within_0_and_1(n, data):
    k = data.draw(st.integers(0, n))

    lower, upper = wilson_interval(k, n)

    assert 0 <= lower <= k / n <= upper <= 1
    assert lower < upper


@given(SCORES)
def test_one_score_per_item_gives_the_textbook_standard_error(scores):
    got = mean_estimate(scores)

    assert got.mean == pytest.approx(np.mean(scores), abs=1e-9)
    assert got.se == pytest.approx(np.std(scores, ddof=1) / math.sqrt(len(scores)), abs=1e-9)


@given(SCORES, st.randoms())
def test_the_order_of_scores_does_not_matter(scores, shuffler):
    shuffled = list(scores)
    shuffler.shuffle(shuffled)

    assert mean_estimate(shuffled).se == pytest.approx(mean_estimate(scores).se, abs=1e-9)


def test_sums_of_disjoint_clusters_add_up_to_the_sums_of_all():
    rng = random.Random(3)
    parts = [[rng.random() for _ in range(size)] for size in (5, 1, 8)]
    raw = [_unshifted(part) for part in parts]

    got = estimate_from_sums(raw[0] + ClusterSums() + raw[1] + raw[2])

    assert got.se == pytest.approx(
        mean_estimate([score for part in parts for score in part]).se, rel=1e-12
    )
    assert got.n == 14


def test_sums_with_different_shifts_are_not_added():
    with pytest.raises(ValueError, match="do not add up"):
        cluster_sums([1.0, 2.0]) + cluster_sums([5.0, 6.0])


def test_a_spread_lost_to_rounding_is_recognised():
    around_a_billion = [1.7e9 + step for step in (0.0, 1.0, 2.0)]

    assert not _unshifted(around_a_billion).resolved
    assert cluster_sums(around_a_billion).resolved


def test_scores_whose_squares_overflow_have_no_interval_and_a_reason():
    got = mean_estimate([1e300, 2e300])
    huge = mean_estimate([1.7e308, 1.6e308])

    assert (got.mean, got.se, got.ci_lower) == (pytest.approx(1.5e300), None, None)
    assert got.reason == huge.reason == "the scores are too large: their squares overflow"
    assert huge.mean is None


def test_scores_whose_squares_underflow_have_no_interval_and_a_reason():
    got = mean_estimate([0.0, 5e-272])

    assert (got.se, got.ci_lower) == (None, None)
    assert got.reason == "the scores are too small: their squares underflow"


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_value_that_is_not_finite_is_refused_with_its_place(bad):
    with pytest.raises(ValueError, match=f"value 1 is {bad}: leave out or count"):
        mean_estimate([0.0, bad])


def test_clusters_must_be_as_many_as_values():
    with pytest.raises(ValueError, match="2 values with 1 clusters: give one cluster per value"):
        mean_estimate([0.0, 1.0], clusters=["a"])


@pytest.mark.parametrize("level", [0.0, 1.0, 95])
def test_a_confidence_level_outside_0_and_1_is_refused(level):
    with pytest.raises(ValueError, match="a confidence level lies between 0 and 1"):
        mean_estimate([0.0, 1.0], level=level)


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_impossible_counts_are_refused(successes, n):
    with pytest.raises(ValueError, match="n must be positive and successes within"):
        wilson_interval(successes, n)


def _unshifted(scores: list[float]) -> ClusterSums:
    squares = sum(score * score for score in scores)
    return ClusterSums(
        clusters=len(scores),
        count=len(scores),
        total=sum(scores),
        total_squares=squares,
        cross=sum(scores),
        count_squares=len(scores),
        lowest=min(scores),
        highest=max(scores),
        magnitude=max(scores),
    )
