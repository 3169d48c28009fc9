from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from themis.statistics import mcnemar, mcnemar_exact_p, mcnemar_midp_p, tango_interval
from themis.statistics.discordant import tango_z
from themis.statistics.estimate import error_rate
from themis.statistics.paired import SMALLEST_P

COUNTS = st.tuples(st.integers(0, 60), st.integers(0, 60))


@given(COUNTS.filter(any))
def test_the_exact_p_is_the_binomial_tests(counts):
    assert mcnemar_exact_p(*counts) == pytest.approx(binomtest(counts[0], sum(counts)).pvalue)


@given(COUNTS)
def test_the_mid_p_is_the_exact_p_less_what_was_seen(counts):
    wins, losses = counts
    seen = binom.pmf(min(counts), wins + losses, 0.5)

    assert mcnemar_midp_p(wins, losses) <= mcnemar_exact_p(wins, losses) + 1e-12
    if wins != losses:
        assert mcnemar_midp_p(wins, losses) == pytest.approx(mcnemar_exact_p(wins, losses) - seen)


def test_40_wins_of_40_have_the_p_of_a_coin_that_never_falls_otherwise():
    assert mcnemar_exact_p(40, 0) == pytest.approx(2.0**-39)
    assert mcnemar_midp_p(40, 0) == pytest.approx(2.0**-40)


def test_a_p_too_small_for_a_float_is_not_0():
    assert mcnemar_exact_p(5000, 0) == mcnemar_midp_p(5000, 0) == SMALLEST_P


@given(COUNTS, st.integers(1, 50))
def test_tangos_limits_are_where_the_score_statistic_reaches_z(counts, ties):
    wins, losses = counts
    n = wins + losses + ties
    lower, upper = tango_interval(wins, losses, n=n)

    assert tango_z(wins, losses, n=n, difference=lower) == pytest.approx(1.96, abs=1e-4)
    assert tango_z(wins, losses, n=n, difference=upper) == pytest.approx(-1.96, abs=1e-4)


def test_at_no_difference_the_score_statistic_is_mcnemars():
    assert tango_z(10, 4, n=50, difference=0.0) == pytest.approx(6 / math.sqrt(14))


def test_without_any_discordance_the_interval_still_has_a_width():
    z = 1.959963984540054

    assert tango_interval(0, 0, n=50) == pytest.approx((-(z**2) / (50 + z**2), z**2 / (50 + z**2)))


def test_an_interval_that_p_does_not_confirm_is_widened_to_hold_0():
    found = mcnemar(4, 0, ones=0, n=30)

    assert found.p_value == pytest.approx(0.0625)
    assert found.ci_lower == 0.0 < tango_interval(4, 0, n=30)[0]


@pytest.mark.parametrize("level", [0.8, 0.95, 0.999, 0.99999])
@pytest.mark.parametrize("n", [8, 10, 31, 60])
def test_the_interval_leaves_out_0_where_p_says_so_at_every_level(n, level):
    for wins in range(n + 1):
        for losses in range(n - wins + 1):
            found = mcnemar(wins, losses, ones=0, n=n, level=level)
            out = found.ci_lower > 0 or found.ci_upper < 0

            assert out == (found.p_value is not None and found.p_value < error_rate(level))
            assert found.ci_lower <= found.delta_mean <= found.ci_upper


def test_an_end_that_tango_has_past_0_is_that_of_mid_p():
    """10 wins of 10: mid-p leaves shares of wins with q^10 / 2 of half of 0.001 and more."""
    found = mcnemar(10, 0, ones=0, n=10, level=0.999)

    assert tango_interval(10, 0, n=10, level=0.999)[0] < 0
    assert found.ci_lower == pytest.approx(2 * 0.001**0.1 - 1)
    assert mcnemar(0, 10, ones=0, n=10, level=0.999).ci_upper == -found.ci_lower


def test_the_standard_error_is_that_of_the_differences():
    found = mcnemar(9, 1, ones=50, n=100)

    assert found.se == pytest.approx(math.sqrt((10 - 64 / 100) / (100 * 99)))
    assert mcnemar(1, 0, ones=0, n=1).se is None


def test_impossible_counts_are_refused():
    with pytest.raises(ValueError, match="-1 wins and 0 losses: counts are not negative"):
        mcnemar_exact_p(-1, 0)
    with pytest.raises(ValueError, match="3 wins and 2 losses of 4 items: n must hold them all"):
        tango_interval(3, 2, n=4)
