"""Faults of statistics measured in other frameworks, which this one must not have."""

from __future__ import annotations

import resource

import numpy as np
import pytest

from themis.statistics import bootstrap_interval, compare, mean_estimate, pass_at_k
from themis.testing.kits.timing import cpu_seconds

ITEMS = [f"i{k}" for k in range(100)]


def test_an_improvement_of_every_item_alike_is_not_a_p_of_1(result_of):
    result = result_of(lambda cell: float(cell.model == "beta"), items=ITEMS)

    [row] = result.paired_compare(metric_id="accuracy")

    assert 0 < row["p_value"] < 1e-20
    assert row["verdict"] == "improved"
    assert compare([0.1] * 50, [0.2] * 50).p_value < 1e-14


def test_a_correction_is_over_all_slices_and_not_inside_each(result_of):
    result = result_of(
        lambda cell: float(int(cell.item_id[1:]) % (3 if cell.model == "beta" else 4) == 0),
        slices=("x", "y", "z"),
        items=ITEMS,
    )

    rows = result.paired_compare(
        metric_id="accuracy", group_by="slice_id", p_value_correction="holm"
    )

    assert {row["family_size"] for row in rows} == {3}
    assert rows[0]["adjusted_p_value"] == pytest.approx(min(1.0, 3 * rows[0]["p_value"]))


def test_paired_data_get_a_paired_test(result_of):
    def outcome(cell) -> float:
        place = int(cell.item_id[1:])
        return place / 100 + (0.01 + place % 3 / 100) * (cell.model == "beta")

    [row] = result_of(outcome, items=ITEMS).paired_compare(metric_id="accuracy")

    assert row["method"] == "paired_t"
    assert row["se"] < 0.002  # an unpaired test's would be 0.04


def test_prompts_and_parameters_are_not_averaged_into_one_pair(result_of):
    result = result_of(
        lambda cell: float(cell.model == "beta" and cell.prompt == "cot"),
        prompts=("direct", "cot"),
        temperatures=(0.0, 1.0),
        items=ITEMS[:10],
    )

    [row] = result.paired_compare(metric_id="accuracy")

    assert (row["pair_count"], row["n_items"]) == (40, 10)


def test_an_interval_of_20000_items_takes_neither_a_minute_nor_gigabytes():
    deltas = np.random.default_rng(1).random(20_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def intervals():
        bootstrap_interval(deltas)
        bootstrap_interval(np.sign(deltas - 0.5))
        compare(deltas, deltas + 0.01 * deltas[::-1])

    assert cpu_seconds(intervals, allowed=1.0) < 1.0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # KB


def test_what_is_unknown_is_null_and_not_0():
    assert mean_estimate([]).mean is None
    assert (mean_estimate([0.5]).se, mean_estimate([0.5]).ci_lower) == (None, None)
    assert pass_at_k(3, 1, 5) is None
    assert compare([0.1], [0.2]).p_value is None


def test_a_metric_that_was_lost_does_not_vanish(result_of):
    from themis.report_export import compare_results

    before = result_of(name="one", metrics=(("accuracy", "s"), ("speed", "s")))
    after = result_of(name="two", metrics=(("accuracy", "s"),))

    document = compare_results(before, after)

    assert {metric["variable"]: metric["verdict"] for metric in document["metrics"]} == {
        "accuracy": "unchanged",
        "speed": "missing",
    }
