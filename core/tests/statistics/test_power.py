from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from themis.statistics import (
    detectable_difference,
    detectable_gain,
    fewest_pairs,
    items_for_paired_proportions,
    items_for_pairs,
    items_for_proportions,
    mcnemar_midp_p,
    power_of,
    sign_flip_constant_p,
)
from themis.statistics.estimate import error_rate


@given(st.floats(0.01, 1), st.floats(0.1, 2))
def test_the_items_needed_are_those_that_would_show_the_difference(difference, spread):
    n = items_for_pairs(difference, spread=spread)
    se = spread / math.sqrt(n)

    assert detectable_difference(se) == pytest.approx(difference)
    assert power_of(difference, se) == pytest.approx(0.8, abs=1e-3)


def test_pairs_of_proportions_need_what_connor_says():
    """A discordance of 20 % and a difference of 10 points."""
    assert items_for_paired_proportions(0.1, discordant=0.2) == pytest.approx(154.8, abs=0.5)


@pytest.mark.parametrize("level", [0.8, 0.9, 0.95, 0.99, 0.999])
def test_fewer_pairs_than_the_fewest_show_nothing(level):
    n = fewest_pairs(level)

    assert sign_flip_constant_p(n) < error_rate(level) <= sign_flip_constant_p(n - 1)


@pytest.mark.parametrize("n", [5, 20, 400])
def test_the_detectable_gain_is_found_with_the_power_that_was_asked_for(n):
    wins = next(k for k in range(n + 1) if mcnemar_midp_p(k, 0) < 0.05)

    assert stats.binom.sf(wins - 1, n, detectable_gain(n)) == pytest.approx(0.8)


def test_four_pairs_show_no_gain_however_large():
    assert detectable_gain(4) is None


def test_without_a_true_difference_power_is_the_level():
    assert power_of(0.0, 1.0) == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: items_for_pairs(0, spread=1), "no number of items shows a difference of 0"),
        (lambda: items_for_pairs(0.1, spread=0), "a spread is .* above 0; got 0"),
        (lambda: items_for_pairs(0.1, spread=math.inf), "a spread is .* above 0; got inf"),
        (lambda: items_for_proportions(0.5, 0.5), "no number of items shows a difference of 0"),
        (lambda: items_for_proportions(0.5, 1.5), "a proportion lies between 0 and 1; got 1.5"),
        (
            lambda: items_for_paired_proportions(0.3, discordant=0.2),
            "models that differ by 0.3 disagree on that share of items at least; got 0.2",
        ),
        (lambda: items_for_pairs(1e-200, spread=1e200), "a difference of 1e-200 is too small besi"),
        (lambda: items_for_paired_proportions(1e-200, discordant=0.1), "1e-200 is too small bes"),
        (lambda: items_for_proportions(0.5, 0.5 + 1e-15), "is too small beside the spread: no"),
        (lambda: items_for_pairs(0.1, spread=1, level=1 - 1e-15), "leaves nothing to err by: at m"),
        (lambda: fewest_pairs(1 - 1e-15), "a confidence level of 0.99.* leaves nothing to err by"),
        (lambda: power_of(0.1, 0), "a standard error must be positive; got 0"),
        (lambda: detectable_difference(0.1, power=0), "power lies between 0 and 1"),
    ],
)
def test_what_has_no_answer_is_an_error(call, message):
    with pytest.raises(ValueError, match=message):
        call()
