from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from themis.statistics import adjust, benjamini_yekutieli, bonferroni, family_size

P_VALUES = st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=20)


@pytest.mark.parametrize("vector_id", ["padjust_bh95", "padjust_nulls"])
@pytest.mark.parametrize("method", ["holm", "bh"])
def test_adjusted_p_values_are_the_reference_values(vectors, vector_id, method):
    vector = vectors[vector_id]

    got = adjust(vector["inputs"]["p"], method)

    for value, expected in zip(got, vector["expected"][method], strict=True):
        assert value == (None if expected is None else pytest.approx(expected, abs=1e-9))


def test_no_correction_leaves_p_values_as_they_are():
    assert adjust([0.04, None, 0.01], "none") == [0.04, None, 0.01]


@pytest.mark.parametrize(
    ("method", "expected"), [("holm", [0.04, None, 0.06]), ("bh", [0.04, None, 0.04])]
)
def test_a_family_may_be_larger_than_its_p_values(method, expected):
    p_values = [0.01, None, 0.02]

    assert adjust(p_values, method, size=4) == pytest.approx(expected)
    assert adjust(p_values, "none", size=4) == p_values


@given(P_VALUES, st.sampled_from(["holm", "bh"]), st.integers(0, 5))
def test_more_in_a_family_is_as_many_p_values_of_1(p_values, method, more):
    size = len(p_values) + more
    missing = size - sum(p is not None for p in p_values)

    got = adjust(p_values, method, size=size)

    assert got == pytest.approx(adjust([*p_values, *[1.0] * missing], method)[: len(p_values)])


def test_a_family_smaller_than_its_p_values_is_an_error():
    with pytest.raises(ValueError, match="a family of 1 cannot hold 2 p-values"):
        adjust([0.1, 0.2], "holm", size=1)


def test_nan_counts_as_undefined():
    assert adjust([math.nan, 0.02], "holm") == [None, 0.02]
    assert family_size([math.nan, 0.02, None]) == 1


@given(P_VALUES.filter(lambda ps: any(p is not None for p in ps)))
def test_benjamini_hochberg_agrees_with_scipy(p_values):
    defined = [p for p in p_values if p is not None]

    got = [p for p in adjust(p_values, "bh") if p is not None]

    assert got == pytest.approx(list(false_discovery_control(defined)))


@given(P_VALUES, st.sampled_from(["holm", "bh"]))
def test_a_correction_never_makes_a_p_value_smaller(p_values, method):
    for before, after in zip(p_values, adjust(p_values, method), strict=True):
        assert (before is None) == (after is None)
        assert before is None or before <= after + 1e-15 <= 1 + 1e-12


def test_an_unknown_correction_names_the_known_ones():
    with pytest.raises(
        ValueError, match="unknown p-value correction 'bonf'; known: none, holm, bh"
    ):
        adjust([0.1], "bonf")


def test_a_p_value_outside_0_and_1_is_refused():
    with pytest.raises(ValueError, match=r"a p-value lies between 0 and 1; got 1\.5"):
        adjust([1.5], "holm")


@given(P_VALUES)
def test_corrections_come_in_order_of_caution(p_values):
    rows = zip(
        adjust(p_values, "bh"),
        adjust(p_values, "holm"),
        bonferroni(p_values),
        benjamini_yekutieli(p_values),
        strict=True,
    )
    for bh, holm, full, by in rows:
        if bh is not None:
            assert bh <= holm + 1e-12 <= full + 2e-12
            assert bh <= by + 1e-12


@given(P_VALUES, st.sampled_from(["holm", "bh"]))
def test_a_correction_keeps_the_order(p_values, method):
    adjusted = adjust(p_values, method)
    pairs = sorted((p, q) for p, q in zip(p_values, adjusted, strict=True) if p is not None)

    assert [q for _, q in pairs] == sorted(q for _, q in pairs)
