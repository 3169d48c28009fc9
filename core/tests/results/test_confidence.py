from __future__ import annotations

import pytest

from themis.statistics import brier_score, expected_calibration_error

METRICS = (("accuracy", "answers"), ("sure", "answers"))
ITEMS = [f"i{number}" for number in range(20)]


def answered(cell) -> float:
    number = int(cell.item_id[1:])
    if cell.metric_id == "sure":
        return number / 20
    return float(number % 3 != 0)


def test_a_metric_of_confidence_is_held_against_what_is_right(result_of):
    result = result_of(answered, metrics=METRICS, items=ITEMS, models=("one",))
    [row] = result.calibration("sure")
    said, right = [n / 20 for n in range(20)], [float(n % 3 != 0) for n in range(20)]

    assert (row["metric_id"], row["n"], row["left_out"]) == ("accuracy", 20, 0)
    assert row["brier"] == pytest.approx(brier_score(said, right))
    assert row["brier_ci_lower"] < row["brier"] < row["brier_ci_upper"]
    assert (row["n_items"], row["brier_reason"]) == (20, None)
    assert row["ece"] == pytest.approx(expected_calibration_error(said, right))
    assert (row["accuracy"], row["mean_confidence"]) == pytest.approx((13 / 20, 0.475))
    assert sum(one["n"] for one in row["bins"]) == 20


def test_a_figure_without_an_interval_says_why(result_of):
    items = ["i3"]
    [row] = result_of(answered, metrics=METRICS, items=items, models=("one",)).calibration("sure")

    assert (row["brier_ci_lower"], row["ece_ci_lower"]) == (None, None)
    assert row["brier_reason"] == "one item: its spread is unknown"
    assert row["ece_reason"].startswith("ece has no interval: where bins hold few answers")


def test_a_metric_of_points_does_not_say_what_is_right(result_of):
    result = result_of(
        lambda cell: 0.5 if cell.metric_id == "sure" else 3.0, metrics=METRICS, models=("one",)
    )

    with pytest.raises(ValueError, match=r"'accuracy' does not say what is right: it .* 3"):
        result.calibration("sure")


def test_models_have_a_row_each_and_failures_are_left_out(result_of, timed_out):
    def outcome(cell):
        return timed_out if (cell.model, cell.item_id) == ("beta", "i4") else answered(cell)

    rows = result_of(outcome, metrics=METRICS, items=ITEMS).calibration("sure", bins=5)

    assert [(row["model_id"], row["n"], row["left_out"]) for row in rows] == [
        ("alpha", 20, 0),
        ("beta", 19, 1),
    ]
    assert len(rows[0]["bins"]) == 5


def test_a_field_that_no_answer_has_is_told(result_of):
    with pytest.raises(ValueError, match="no answer has both a number in 'certainty'"):
        result_of().calibration("certainty")


def test_of_several_metrics_one_must_be_named(result_of):
    result = result_of(answered, metrics=METRICS, items=ITEMS)

    with pytest.raises(ValueError, match=r"name the metric .*; the run has: accuracy, sure"):
        result.calibration("certainty")


def test_confidences_outside_0_to_1_are_refused(result_of):
    result = result_of(lambda cell: 70.0 if cell.metric_id == "sure" else 1.0, metrics=METRICS)

    with pytest.raises(ValueError, match="confidence lies between 0 and 1; got 70"):
        result.calibration("sure")
