from __future__ import annotations

import numpy as np
import pytest

from themis.statistics import bounded_confidence_sequence, confidence_sequence, msprt


def test_a_real_difference_is_decided_early_and_stays_decided():
    deltas = np.random.default_rng(1).normal(0.5, 1, 1000)

    got = confidence_sequence(deltas)

    assert 10 <= got.decided_at < 200
    assert got.p_values[got.decided_at - 1] < 0.05
    assert got.lower[-1] > 0


def test_p_falls_below_the_level_exactly_when_0_is_left_out():
    for seed in range(20):
        got = confidence_sequence(np.random.default_rng(seed).normal(0.2, 1, 300))
        below = [place for place, p in enumerate(got.p_values, 1) if p is not None and p < 0.05]

        assert (below[0] if below else None) == got.decided_at


def test_intervals_only_narrow_and_p_values_only_fall():
    got = confidence_sequence(np.random.default_rng(3).random(200) - 0.4)
    lower = [value for value in got.lower if value is not None]
    p_values = [value for value in got.p_values if value is not None]

    assert lower == sorted(lower)
    assert p_values == sorted(p_values, reverse=True)


def test_nothing_is_claimed_of_few_values_or_of_values_without_a_spread():
    few, constant = confidence_sequence([1.0, 2.0]), confidence_sequence([1.0] * 50)

    assert (few.lower, few.p_values) == ((None, None), (None, None))
    assert constant.decided_at is None
    assert confidence_sequence([]).n == 0


def test_the_last_p_is_the_sequential_tests():
    values = np.random.default_rng(4).normal(0.3, 1, 100)

    assert msprt(values) == confidence_sequence(values).p_values[-1]
    assert msprt([]) is None


def test_bounded_scores_are_covered_from_the_first_on():
    rng = np.random.default_rng(5)
    missed = 0
    for _ in range(200):
        got = bounded_confidence_sequence(rng.beta(1, 4, 300))
        missed += any(
            low > 0.2 or high < 0.2 for low, high in zip(got.lower, got.upper, strict=True)
        )

    assert missed / 200 <= 0.05
    assert got.upper[-1] - got.lower[-1] < 0.2
    assert got.p_values[0] is None


def test_bounds_may_be_of_any_scale():
    scores = np.random.default_rng(6).random(100)

    unit, wide = (
        bounded_confidence_sequence(scores),
        bounded_confidence_sequence(10 * scores - 5, low=-5, high=5),
    )

    assert wide.lower[-1] == pytest.approx(10 * unit.lower[-1] - 5)


def test_a_score_outside_the_bounds_is_refused():
    with pytest.raises(ValueError, match=r"outside 0\.0\.\.1\.0"):
        bounded_confidence_sequence([0.5, 1.5])


def test_a_sequence_is_tuned_for_a_number_of_values():
    with pytest.raises(ValueError, match="tuned_for is a number of values, 1 or more; got 0"):
        confidence_sequence([0.1, 0.2], tuned_for=0)
