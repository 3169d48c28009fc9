from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.statistics import compare, compare_unpaired
from themis.statistics.regression import (
    Measured,
    RegressionCheck,
    blocks,
    detect,
    worst_verdict,
)

NOISY = [100, 101, 99, 102, 98, 100, 101, 99]


def judged(current, history, method="percentage", *, direction="maximize", **options):
    check = RegressionCheck(method=method, **options)
    measured = Measured(variable="m", current=current, history=history, direction=direction)
    [row] = detect(measured, [check])
    return row


def test_every_reference_case_is_reproduced(vectors):
    vector = vectors["regression_detectors"]
    cases = vector["expected"]["cases"]
    assert len(cases) == vector["inputs"]["cases"]
    for case in cases:
        options = {"percent_gate": case["percent_gate"]} if "percent_gate" in case else {}
        row = judged(
            case["current"],
            case["history"],
            case["method"],
            direction=case["direction"],
            threshold=case["threshold"],
            **options,
        )
        told = row.to_dict()
        assert told["regressed"] is case["regressed"], case
        assert told["verdict"] == case["verdict"], case
        assert told["baseline_value"] == case["baseline"], case
        assert told["method"] == case.get("effective_method", case["method"])
        assert told["change_percent"] == (
            case["change_percent"] and pytest.approx(case["change_percent"], abs=1e-9)
        )
        if case["bands"] is not None:
            bands = [told["band_lower"], told["band_upper"]]
            assert bands == pytest.approx(case["bands"], abs=1e-9), case
        if "z_step" in case:
            assert f"{case['z_step']:+.4g} noise widths" in told["details"]


@pytest.mark.parametrize(
    ("current", "options"),
    [(1.1, {"method": "delta", "threshold": 0.1}), (1.1, {}), (0.9, {})],
)
def test_what_is_at_the_threshold_but_for_rounding_holds(current, options):
    for direction in ("maximize", "minimize"):
        assert judged(current, [1.0], direction=direction, **options).verdict == "unchanged"


def test_what_is_a_little_past_the_threshold_does_not():
    row = judged(1.1 + 1e-6, [1.0], "delta", direction="minimize", threshold=0.1)

    assert row.regressed


@pytest.mark.parametrize("current", [0.9, -0.9, 1e-12])
def test_from_0_any_movement_is_judged_by_its_sign(current):
    for direction in ("maximize", "minimize"):
        good = (current > 0) == (direction == "maximize")
        row = judged(current, [0.0], direction=direction)

        assert row.verdict == ("improved" if good else "regressed")
        assert (row.change_percent, row.band) == (None, None)


def test_the_bands_of_a_negative_baseline_are_sorted():
    assert judged(-100, [-100], threshold=5).band == (-105, -95)


def test_without_a_direction_nothing_gets_better_or_worse():
    for method, options in (
        ("percentage", {}),
        ("delta", {"threshold": 0.1}),
        ("absolute", {"threshold": 0.1}),
        ("adaptive", {}),
    ):
        assert judged(900, NOISY, method, direction="none", **options).verdict == "unchanged"


@given(
    st.lists(st.integers(-50, 50), min_size=1, max_size=8),
    st.integers(-90, 90),
    st.sampled_from([("percentage", {}), ("delta", {"threshold": 3}), ("adaptive", {})]),
)
def test_improved_is_the_mirror_image_of_regressed(history, current, how):
    method, options = how
    there = judged(current, history, method, direction="maximize", **options)
    back = judged(current, history, method, direction="minimize", **options)
    mirror = {"regressed": "improved", "improved": "regressed", "unchanged": "unchanged"}

    # A drift one way and a step the other are told as the worse of the two, either way.
    both_ways = there.verdict == back.verdict == "regressed"
    assert both_ways or back.verdict == mirror[there.verdict]


def test_a_floor_and_a_ceiling_need_no_history():
    assert judged(0.79, [], "absolute", threshold=0.8).regressed
    assert judged(0.81, [], "absolute", threshold=0.8).verdict == "unchanged"
    assert judged(0.81, [], "absolute", threshold=0.8, direction="minimize").regressed


def test_a_metric_that_was_below_its_floor_and_no_longer_is_has_improved():
    assert judged(0.9, [0.7], "absolute", threshold=0.8).verdict == "improved"


def test_a_baseline_of_several_runs_is_their_mean():
    assert judged(0.9, [1.0, 0.8]).baseline_value == pytest.approx(0.9)


def test_a_step_within_the_percentage_gate_is_not_reported():
    assert judged(106, NOISY, "adaptive", direction="minimize").verdict == "unchanged"
    assert judged(106, NOISY, "adaptive", direction="minimize", percent_gate=None).regressed


def test_a_slow_drift_is_found_though_no_step_is():
    history = [100, 103, 106, 109, 112, 115]

    row = judged(118, history, "adaptive", direction="minimize")

    assert row.regressed
    assert "drift of +18 over the window" in row.details
    assert judged(118, history, "adaptive", direction="maximize").verdict == "improved"


def test_a_constant_history_has_a_little_noise():
    row = judged(10.0, [10.0] * 6, "adaptive")

    assert row.verdict == "unchanged"
    assert row.band == pytest.approx((10 - 3.5e-5, 10 + 3.5e-5))
    assert row.percent_band == (9.0, 11.0)
    assert judged(5.0, [10.0] * 6, "adaptive").regressed


def test_too_little_history_falls_back_to_a_percentage_and_says_so():
    row = judged(111, [100, 101, 99], "adaptive", direction="minimize")

    assert (row.method, row.young_baseline, row.threshold) == ("percentage", True, 10.0)
    assert row.details.startswith("adaptive needs 4 runs of history and has 3: by percentage, +11")
    assert row.to_dict()["young_baseline"] is True


@pytest.mark.parametrize("current", [None, math.nan, math.inf])
@pytest.mark.parametrize(
    ("method", "options"),
    [("percentage", {}), ("delta", {"threshold": 1}), ("adaptive", {}), ("paired", {})],
)
def test_a_metric_that_vanished_is_missing_and_blocks(current, method, options):
    row = judged(current, [1.0], method, **options)

    assert (row.verdict, row.current_value, row.regressed) == ("missing", None, False)
    assert blocks(row)


def test_the_details_say_how_many_scores_a_value_is_without():
    measured = Measured(variable="m", current=1.0, history=[0.5], scored=1, failed=39)

    [row] = detect(measured, [RegressionCheck()])

    assert row.details == "+100 % against 10 %; 39 of 40 scores failed"


def test_a_limit_on_a_metric_that_has_no_value_is_not_met():
    assert judged(None, [], "absolute", threshold=1).verdict == "missing"


def test_without_history_there_is_nothing_to_compare():
    row = judged(1.0, [math.nan, None])

    assert (row.verdict, row.baseline_value) == ("not_comparable", None)
    assert row.details == "there is no accepted history"
    assert judged(None, []).details == "the metric never had a value"


def paired(before, after, *, direction="maximize", **options):
    check = RegressionCheck(method="paired", **options)
    pairs = compare(before, after, direction=direction)
    measured = Measured(
        variable="m", current=pairs.candidate_mean, direction=direction, pairs=pairs
    )
    return detect(measured, [check])[0]


def test_pairs_are_judged_by_their_interval():
    before = [k / 40 for k in range(40)]
    worse = [score - 0.02 - (k % 3) / 100 for k, score in enumerate(before)]

    row = paired(before, worse)

    assert row.regressed
    assert "over 40 pairs (paired_t, 95% interval -0.03" in row.details
    assert paired(worse, before).verdict == "improved"
    assert paired(before, worse, direction="minimize").verdict == "improved"


def test_a_difference_within_the_margin_is_no_regression():
    before = [k / 40 for k in range(40)]
    worse = [score - 0.02 - (k % 3) / 100 for k, score in enumerate(before)]

    assert paired(before, worse, threshold=0.05).verdict == "unchanged"


def test_pairs_that_all_fall_equally_regress_though_no_interval_exists():
    row = paired([0.5] * 30, [0.25] * 30)

    assert row.regressed
    assert "all differences are equal" in row.details


def test_pairs_without_a_candidate_are_missing():
    assert paired([0.5, 0.6], [None, None]).verdict == "missing"
    assert paired([0.5, None], [None, 0.2]).verdict == "not_comparable"


def test_a_corrected_p_judges_in_place_of_the_interval():
    pairs = compare([1] * 40, [0] * 8 + [1] * 32)
    check = RegressionCheck(method="paired")

    rows = [
        detect(Measured(variable="m", current=0.8, pairs=pairs, adjusted_p=p), [check])[0]
        for p in (None, 0.04, 0.08)
    ]

    assert [row.verdict for row in rows] == ["regressed", "regressed", "unchanged"]
    assert "adjusted p 0.08)" in rows[2].details


def test_scores_of_different_items_can_convict_and_not_acquit():
    right, wrong, check = [1] * 30, [0] * 30, RegressionCheck(method="paired")

    rows = [
        detect(Measured(variable="m", current=0.5, pairs=compare_unpaired(*sides)), [check])[0]
        for sides in ((right, wrong), (wrong, right), ([0, 1] * 15, [0, 1] * 15))
    ]

    assert [row.verdict for row in rows] == ["regressed", "improved", "not_comparable"]
    assert "of 30 and 30 scores, no items were paired (newcombe, 95% interval" in rows[2].details
    equal = compare_unpaired([0, 1] * 3000, [0, 1] * 3000, margin=0.1)
    [row] = detect(Measured(variable="m", current=0.5, pairs=equal), [check])
    assert row.verdict == "unchanged"


def test_without_pairs_the_paired_check_cannot_judge():
    assert judged(1.0, [1.0], "paired").details == "no items were paired"


def test_several_checks_give_several_rows_and_the_worst_is_the_metrics():
    checks = [
        RegressionCheck(),
        RegressionCheck(method="delta", threshold=0.01, severity="notify"),
        RegressionCheck(method="absolute", threshold=0.5, severity="info"),
    ]
    rows = detect(Measured(variable="m", current=0.95, history=[1.0]), checks)

    assert [row.verdict for row in rows] == ["unchanged", "regressed", "unchanged"]
    assert worst_verdict(rows) == "regressed"
    assert [blocks(row) for row in rows] == [False, False, False]


def test_no_verdict_comes_of_no_check():
    with pytest.raises(ValueError, match="no check is configured for 'm': nothing would be judged"):
        detect(Measured(variable="m", current=1.0), [])
    with pytest.raises(ValueError, match="a metric without a check has no verdict"):
        worst_verdict([])


def test_an_unknown_direction_is_an_error():
    with pytest.raises(ValueError, match="unknown direction 'up'"):
        judged(1.0, [1.0], direction="up")


def test_a_row_has_the_keys_of_the_contract_and_bands_only_where_they_apply():
    plain = judged(0.7, [], "absolute", threshold=0.8).to_dict()
    banded = judged(100, NOISY, "adaptive").to_dict()
    always = {
        *("variable", "method", "regressed", "verdict", "severity", "current_value"),
        *("baseline_value", "change_percent", "threshold", "direction", "details"),
    }
    bands = {"band_lower", "band_upper", "percent_band_lower", "percent_band_upper"}

    assert set(plain) == always
    assert set(banded) == always | bands


HUGE = 1e308


@pytest.mark.parametrize("method", ["percentage", "delta", "absolute", "adaptive"])
@pytest.mark.parametrize("history", [[HUGE] * 2, [-HUGE], [HUGE] * 6, [1.7 * HUGE] * 5])
@pytest.mark.parametrize("current", [HUGE, -HUGE, 0.5])
def test_values_near_the_largest_float_are_judged_and_can_be_written(current, history, method):
    row = judged(current, history, method, threshold=1.0)
    middle = row.baseline_value if method != "absolute" else 1.0

    assert json.dumps(row.to_dict(), allow_nan=False)
    assert (
        row.verdict
        == {
            -1: "regressed",
            0: "unchanged",
            1: "unchanged" if method == "absolute" and min(history) > 0 else "improved",
        }[(current > middle) - (current < middle)]
    )


@pytest.mark.parametrize("current", [HUGE, -HUGE, 0.5])
def test_a_history_whose_spread_overflows_is_read_all_the_same(current):
    row = judged(current, [HUGE, -HUGE] * 3, "adaptive")

    assert json.dumps(row.to_dict(), allow_nan=False)
    assert (row.baseline_value, row.verdict) == (0.0, "unchanged")


def test_a_percentage_of_a_large_value_is_no_infinity():
    assert judged(0.5 * HUGE, [HUGE]).change_percent == pytest.approx(-50)
    assert judged(HUGE, [-HUGE]).change_percent == pytest.approx(200)
