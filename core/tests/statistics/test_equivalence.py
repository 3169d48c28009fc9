from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.statistics import (
    equivalence_of_alike,
    t_interval,
    tango_interval,
    tost_from_se,
    tost_paired,
    tost_with_unseen,
)


@given(st.floats(-2, 2), st.floats(0.05, 1), st.integers(2, 60), st.floats(0.1, 2))
def test_equivalence_is_shown_where_the_90_percent_interval_lies_within(delta, se, df, margin):
    got = tost_from_se(delta, se, df=df, low=-margin, high=margin)
    lower, upper = t_interval(delta, se, df=df, level=0.9)
    inside = -margin < lower and upper < margin

    assert (got.p_value < 0.05) == inside or abs(got.p_value - 0.05) < 1e-9


@given(st.floats(-0.2, 0.2), st.floats(0.001, 0.1), st.integers(3, 300), st.floats(0.1, 0.5))
def test_room_for_the_unseen_never_makes_equivalence_easier(delta, se, units, margin):
    cautious = tost_with_unseen(delta, se, units=units, margin=margin, span=1.0)
    plain = tost_from_se(delta, se, df=units - 1, low=-margin, high=margin)

    assert cautious.p_value >= plain.p_value or plain.p_value > 0.05


@pytest.mark.parametrize("units", [100, 1000])
def test_units_without_any_spread_leave_as_much_room_as_tango_does(units):
    bound = tango_interval(0, 0, n=units, level=0.9)[1]

    got = tost_with_unseen(0.0, 1e-9, units=units, margin=bound, span=1.0)

    assert got.p_value == pytest.approx(0.05, abs=0.006)


@pytest.mark.parametrize("delta", [0.0, 0.02, -0.02])
def test_units_that_all_differ_alike_count_by_how_many_others_may_hide(delta):
    got = equivalence_of_alike(delta, units=60, margin=0.05, span=1.0)

    for p, room in ((got.p_lower, 0.05 + delta), (got.p_upper, 0.05 - delta)):
        share = room / (1 + delta if room == 0.05 + delta else 1 - delta)
        assert p == pytest.approx((1 - share) ** 60)
    assert got.p_value == max(got.p_lower, got.p_upper)


def test_units_that_differ_by_the_margin_are_not_within_it():
    assert equivalence_of_alike(0.05, units=60, margin=0.05, span=1.0).p_value == 1.0


def test_scores_that_span_no_more_than_their_difference_tell_nothing_of_others():
    with pytest.raises(ValueError, match="leave no room for differences other than"):
        equivalence_of_alike(0.1, units=60, margin=0.5, span=0.1)


def test_without_a_spread_equivalence_is_undefined_and_says_why():
    got = tost_paired([0.1, 0.2], [0.1, 0.2], low=-1, high=1)

    assert (got.p_value, got.reason) == (None, "no item differs: nothing to test")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"se": 0.0, "low": -1, "high": 1}, "a standard error of 0.0 leaves nothing to test"),
        ({"se": 1.0, "low": 1, "high": 1}, "equivalence bounds must rise; got 1 to 1"),
    ],
)
def test_what_cannot_be_tested_is_an_error(options, message):
    with pytest.raises(ValueError, match=message):
        tost_from_se(0.1, df=5, **options)
