from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.statistics import best_of_k, majority, pass_at_k, pass_hat_k, repeat_spread


@given(st.lists(st.integers(0, 1), min_size=1, max_size=8), st.integers(1, 8))
def test_pass_at_k_is_the_mean_over_all_choices_of_k_samples(samples, k):
    if k > len(samples):
        assert pass_at_k(len(samples), sum(samples), k) is None
        return
    chosen = list(combinations(samples, k))

    got_any = pass_at_k(len(samples), sum(samples), k)
    got_all = pass_hat_k(len(samples), sum(samples), k)

    assert got_any == pytest.approx(sum(map(max, chosen)) / len(chosen))
    assert got_all == pytest.approx(sum(map(min, chosen)) / len(chosen))


@given(st.lists(st.floats(0, 1), min_size=3, max_size=7), st.integers(1, 3))
def test_best_of_k_is_the_mean_best_over_all_choices(scores, k):
    chosen = list(combinations(scores, k))

    assert best_of_k(scores, k) == pytest.approx(sum(map(max, chosen)) / len(chosen))


def test_too_few_scores_have_no_best_of_k():
    assert best_of_k([0.5], 2) is None


def test_the_majority_is_the_answer_given_most_often_and_first():
    assert majority(["b", "a", "a", "b", "c"]) == "b"
    assert majority([]) is None


def test_noise_alone_leaves_no_spread_between_items():
    assert repeat_spread([[0, 1], [1, 0], [0, 1]]).between_variance == 0.0


def test_one_repeat_cannot_be_split():
    assert repeat_spread([[1.0], [0.0]]) is None


def test_items_with_differing_repeats_are_refused():
    with pytest.raises(ValueError, match="differing numbers of scores"):
        repeat_spread([[1.0, 0.0], [0.0]])


def test_impossible_counts_are_refused():
    with pytest.raises(ValueError, match="5 right of 3 samples"):
        pass_at_k(3, 5, 1)
