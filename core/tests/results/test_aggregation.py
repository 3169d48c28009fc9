from __future__ import annotations

import math
import statistics

import pytest

from themis.statistics import mean_estimate


def correct(cell) -> float:
    return float(cell.item_id != "i3" or cell.model == "alpha")


def test_a_row_has_the_group_keys_the_mean_and_the_count(result_of):
    rows = result_of(correct).aggregate(group_by=["model_id", "metric_id"])

    assert [(row["model_id"], row["metric_id"]) for row in rows] == [
        ("alpha", "accuracy"),
        ("beta", "accuracy"),
    ]
    assert [row["count"] for row in rows] == [3, 3]
    assert [row["mean"] for row in rows] == pytest.approx([1.0, 2 / 3])


@pytest.mark.parametrize(
    ("key", "groups"),
    [
        ("benchmark_id", ["bench"]),
        ("slice_id", ["easy", "hard"]),
        ("prompt_variant_id", ["cot", "direct"]),
        ("model_id", ["alpha", "beta"]),
        ("item_id", ["i1", "i2", "i3"]),
        ("metric_id", ["accuracy"]),
        ("score_name", ["answers"]),
        ("provider", ["demo"]),
        ("dataset_id", [None, "gsm"]),
        ("lang", [None, "en"]),
        ("status", ["ok"]),
    ],
)
def test_every_key_groups(result_of, key, groups):
    result = result_of(
        slices=("easy", "hard"),
        prompts=("direct", "cot"),
        dimensions={"easy": {"lang": "en"}},
        datasets={"hard": "gsm"},
    )

    rows = result.aggregate(group_by=[key])

    assert [row[key] for row in rows] == groups
    assert sum(row["count"] for row in rows) == 24


def test_rows_are_sorted_by_group_with_none_first(result_of):
    result = result_of(slices=("a", "b", "c"), dimensions={"a": {"d": "z"}, "c": {"d": "b"}})

    assert [row["d"] for row in result.aggregate(group_by="d")] == [None, "b", "z"]


def test_no_key_gives_one_row_over_everything(result_of):
    [row] = result_of(correct).aggregate(group_by=[])

    assert (row["mean"], row["count"], row["n_items"]) == (pytest.approx(5 / 6), 6, 3)


def test_an_unknown_key_is_an_error_that_lists_it_and_the_known_ones(result_of):
    result = result_of(dimensions={"main": {"lang": "en"}})

    with pytest.raises(ValueError, match=r"cannot group by 'colour'; the keys are: .*lang.*status"):
        result.aggregate(group_by=["model_id", "colour"])


def test_an_unknown_metric_is_an_error_that_lists_the_known_ones(result_of):
    with pytest.raises(ValueError, match="no metric 'bleu'; it has: accuracy"):
        result_of().aggregate(group_by="model_id", metric_id="bleu")


def test_an_unknown_way_to_count_failures_is_an_error(result_of):
    with pytest.raises(ValueError, match=r'on_error is "exclude" .* or "zero" .*; got \'skip\''):
        result_of().aggregate(group_by="model_id", on_error="skip")


def test_one_metric_can_be_chosen(result_of):
    result = result_of(
        lambda cell: float(cell.metric_id == "speed"),
        metrics=(("accuracy", "answers"), ("speed", "answers")),
    )

    assert [row["mean"] for row in result.aggregate(group_by=[], metric_id="speed")] == [1.0]
    assert [row["mean"] for row in result.aggregate(group_by="metric_id")] == [0.0, 1.0]


def test_two_metrics_with_one_id_are_told_apart_by_their_score_name(result_of):
    result = result_of(
        lambda cell: float(cell.score_name == "lenient"),
        metrics=(("accuracy", "strict"), ("accuracy", "lenient")),
    )

    rows = result.aggregate(group_by=["metric_id", "score_name"])

    assert [(row["score_name"], row["mean"]) for row in rows] == [("lenient", 1.0), ("strict", 0.0)]


def test_failed_candidates_are_counted_beside_the_mean(result_of, timed_out):
    result = result_of(lambda cell: timed_out if cell.item_id in {"i1", "i2"} else 1.0)

    row = result.aggregate(group_by="model_id")[0]

    assert (row["mean"], row["count"], row["errors"]) == (1.0, 1, 2)


def test_failed_metrics_are_counted_beside_the_mean(result_of, unscorable):
    result = result_of(lambda cell: unscorable if cell.item_id == "i1" else 1.0)

    row = result.aggregate(group_by="model_id")[0]

    assert (row["mean"], row["count"], row["errors"]) == (1.0, 2, 1)


def test_failures_can_count_as_zero(result_of, timed_out, unscorable):
    outcomes = {"i1": timed_out, "i2": unscorable, "i3": 1.0}
    result = result_of(lambda cell: outcomes[cell.item_id])

    row = result.aggregate(group_by="model_id", on_error="zero")[0]

    assert (row["mean"], row["count"], row["errors"]) == (pytest.approx(1 / 3), 3, 2)


def test_a_group_in_which_everything_failed_has_no_mean_and_a_reason(result_of, timed_out):
    row = result_of(lambda cell: timed_out).aggregate(group_by="model_id")[0]

    assert (row["mean"], row["count"], row["errors"], row["n_items"]) == (None, 0, 3, 0)
    assert (row["ci_lower"], row["reason"]) == (None, "no scores")


def test_a_trial_some_of_whose_candidates_failed_is_partial(result_of, timed_out):
    outcomes = {("i1", 0): timed_out, ("i2", 0): timed_out, ("i2", 1): timed_out}
    result = result_of(
        lambda cell: outcomes.get((cell.item_id, cell.sample), 1.0), num_samples=2, models=("one",)
    )

    rows = result.aggregate(group_by="status")

    assert [(row["status"], row["count"], row["errors"]) for row in rows] == [
        ("error", 0, 2),
        ("ok", 2, 0),
        ("partial", 1, 1),
    ]


def test_a_run_without_scores_has_no_rows(result_of):
    assert result_of(lambda cell: None).aggregate(group_by="model_id") == []


@pytest.mark.parametrize(
    ("fields", "units"),
    [
        ({}, lambda cell: cell),
        ({"num_samples": 3}, lambda cell: cell[0]),
        ({"prompts": ("p", "q")}, lambda cell: cell[0]),
        ({"prompts": ("p", "q"), "num_samples": 2}, lambda cell: cell[0]),
        ({"slices": ("s", "t"), "datasets": {"s": "d1", "t": "d2"}}, lambda cell: cell),
        ({"slices": ("s", "t")}, lambda cell: cell[0]),
    ],
)
def test_the_standard_error_is_over_items(result_of, fields, units):
    values = {}

    def outcome(cell) -> float:
        place = (cell.item_id, cell.slice_id, cell.prompt, cell.sample)
        return values.setdefault(place, (7 * len(values) % 11) / 10)

    result = result_of(outcome, models=("one",), items=[f"i{k}" for k in range(6)], **fields)
    [row] = result.aggregate(group_by="model_id")
    expected = mean_estimate(list(values.values()), clusters=[units(place) for place in values])

    assert row["n_items"] == expected.n_items
    assert row["method"] == expected.method
    assert (row["mean"], row["se"]) == pytest.approx((expected.mean, expected.se))
    assert (row["ci_lower"], row["ci_upper"]) == pytest.approx(
        (expected.ci_lower, expected.ci_upper)
    )


def test_repeated_samples_do_not_narrow_the_interval(result_of):
    once = result_of(correct, name="once").aggregate(group_by="model_id")[1]
    often = result_of(correct, name="often", num_samples=8).aggregate(group_by="model_id")[1]

    assert often["count"] == 8 * once["count"]
    assert (often["se"], often["method"]) == (pytest.approx(once["se"]), once["method"])


def test_the_same_item_in_two_slices_is_one_unit(result_of):
    [row] = result_of(slices=("a", "b"), models=("one",)).aggregate(group_by="model_id")

    assert (row["count"], row["n_items"]) == (6, 3)


def test_a_small_spread_around_a_large_value_is_not_lost(result_of):
    times = {"i1": 1.7e9, "i2": 1.7e9 + 1, "i3": 1.7e9 + 2}

    row = result_of(lambda cell: times[cell.item_id]).aggregate(group_by="model_id")[0]

    assert row["mean"] == 1.7e9 + 1
    assert row["se"] == pytest.approx(statistics.stdev([0, 1, 2]) / math.sqrt(3))


def test_scores_whose_squares_overflow_have_no_interval_and_a_reason(result_of):
    huge = {"i1": 1e300, "i2": 2e300, "i3": 3e300}

    row = result_of(lambda cell: huge[cell.item_id]).aggregate(group_by="model_id")[0]

    assert (row["mean"], row["se"]) == (pytest.approx(2e300), None)
    assert row["reason"] == "the scores are too large: their squares overflow"


def test_a_small_spread_is_not_lost_when_items_are_row_keys(result_of):
    def outcome(cell) -> float:
        return 1.7e9 + (cell.sample if cell.item_id == "i2" else 10 * cell.sample)

    rows = result_of(outcome, num_samples=3, slices=("a", "b")).aggregate(group_by="item_id")

    assert [row["mean"] - 1.7e9 for row in rows] == [10, 1, 10]


def test_a_dimension_may_share_the_name_of_a_lesser_key(result_of):
    result = result_of(dimensions={"main": {"provider": "lab"}})

    assert [row["provider"] for row in result.aggregate(group_by="provider")] == ["lab"]


def test_the_statements_run_on_postgresql_too(result_of, run_store):
    from sqlalchemy.dialects import postgresql

    from themis.results.grouping import score_groups
    from themis.results.layout import load_layout
    from themis.results.score_sums import GroupQuery

    with run_store.reader() as connection:
        layout = load_layout(connection, result_of().run_id)
        query = GroupQuery(connection=connection, layout=layout, row_keys=("item_id", "status"))
        [group] = score_groups(layout, [], layout.metrics)
        text = str(query._statement(group).compile(dialect=postgresql.dialect()))

    assert "GROUP BY trials.item_hash, trials.item_id, CASE" in text
