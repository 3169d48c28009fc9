from __future__ import annotations

import pytest

from themis.statistics import (
    brier_estimate,
    brier_score,
    calibration_bins,
    expected_calibration_error,
    mean_estimate,
)


def test_a_confidence_on_an_edge_belongs_to_the_bin_above_it():
    bins = calibration_bins([0.2, 0.6, 1.0], [1, 1, 1], bins=5)

    assert [one.n for one in bins] == [0, 1, 0, 1, 1]
    assert (bins[0].accuracy, bins[4].mean_confidence) == (None, 1.0)


def test_confidence_that_is_right_as_often_as_it_says_has_no_error():
    assert expected_calibration_error([0.75] * 4, [1, 1, 1, 0]) == pytest.approx(0.0)


def test_no_answers_have_no_score():
    assert brier_score([], []) is None
    assert expected_calibration_error([], []) is None


@pytest.mark.parametrize(
    ("confidence", "correct", "message"),
    [
        ([1.2], [1], "confidence lies between 0 and 1; got 1.2"),
        ([0.2], [3], "an outcome lies between 0 .wrong. and 1 .right.; got 3.0 to 3.0"),
        ([0.2, 0.3], [1], "2 confidences and 1 outcomes: give one per answer"),
    ],
)
def test_what_is_no_confidence_is_refused(confidence, correct, message):
    with pytest.raises(ValueError, match=message):
        brier_score(confidence, correct)


def test_the_brier_score_has_the_interval_of_a_mean_over_items():
    said, right, items = [0.9, 0.8, 0.3, 0.6, 0.7], [1, 1, 0, 1, 0], [0, 0, 1, 2, 3]
    squares = [(a - b) ** 2 for a, b in zip(said, right, strict=True)]

    got = brier_estimate(said, right, clusters=items)

    assert got == mean_estimate(squares, clusters=items)
    assert got.mean == pytest.approx(brier_score(said, right))
    assert (got.n, got.n_items) == (5, 4)


def test_no_bins_are_refused():
    with pytest.raises(ValueError, match="at least one bin is needed; got 0"):
        calibration_bins([0.5], [1], bins=0)
