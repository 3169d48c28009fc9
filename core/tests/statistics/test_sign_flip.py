from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.statistics import sign_flip_interval, sign_flip_test

DELTAS = st.lists(st.integers(-9, 9), min_size=1, max_size=9)


@given(DELTAS.filter(any))
def test_every_sign_pattern_is_counted(deltas):
    patterns = product((1, -1), repeat=len(deltas))
    sums = [int(np.dot(signs, deltas)) for signs in patterns]
    got = sign_flip_test(deltas)

    assert got.p_greater == sum(one >= sum(deltas) for one in sums) / len(sums)
    assert got.p_two_sided == sum(abs(one) >= abs(sum(deltas)) for one in sums) / len(sums)


def test_many_differences_are_sampled_with_a_seed_and_never_give_0():
    deltas = list(np.random.default_rng(1).normal(2, 1, 60))

    got = sign_flip_test(deltas, draws=1000, seed=3)

    assert got == sign_flip_test(deltas, draws=1000, seed=3)
    assert (got.method, got.p_two_sided) == ("sign_flip_monte_carlo", 1 / 1001)


def test_the_sample_comes_near_the_exact_p():
    deltas = list(np.random.default_rng(2).normal(0.4, 1, 18))

    exact, sampled = sign_flip_test(deltas), sign_flip_test(deltas, exact_to=5, draws=40_000)

    assert sampled.p_two_sided == pytest.approx(exact.p_two_sided, abs=0.01)


@given(DELTAS, st.integers(-12, 12))
def test_the_interval_is_what_the_test_does_not_reject(deltas, place):
    limits = sign_flip_interval(deltas, level=0.9)
    if limits is None:
        return
    point = place + 0.37  # never a mean of differences: no ties to argue about
    p = sign_flip_test([delta - point for delta in deltas]).p_two_sided

    assert (limits[0] <= point <= limits[1]) == (p > 0.1)


def test_five_differences_have_no_interval_at_95_percent():
    assert sign_flip_interval([1, 2, 3, 4, 5]) is None
    assert sign_flip_interval([1, 2, 3, 4, 5, 6]) == (1.0, 6.0)


def test_equal_falls_are_as_extreme_as_equal_rises():
    got = sign_flip_test([-0.1] * 50)

    assert (got.p_two_sided, got.p_greater) == (2.0**-49, 1.0)


def test_nothing_that_differs_is_nothing_to_test():
    assert sign_flip_test([0.0, 0.0]).reason == "no item differs: nothing to test"
    assert sign_flip_test([]).mean is None


def test_too_many_differences_for_an_exact_interval_are_refused():
    with pytest.raises(ValueError, match="21 differences: the exact interval is for at most 20"):
        sign_flip_interval([1.0] * 21)
