from __future__ import annotations

import pytest

from themis.results.run_comparison import unpaired_items

ITEMS = [f"i{k}" for k in range(40)]


def scored(shift: float):
    return lambda cell: int(cell.item_id[1:]) / 40 + shift * (1 + int(cell.item_id[1:]) % 3)


def test_two_runs_are_compared_on_the_items_that_both_have(result_of):
    before = result_of(scored(0.0), name="a", items=ITEMS[:35], models=("m",))
    after = result_of(scored(0.01), name="b", items=ITEMS[5:], models=("m",))

    [row] = after.compare_with(before)

    assert (row["pair_count"], row["dropped_baseline"], row["dropped_candidate"]) == (30, 5, 5)
    assert (row["metric_id"], row["verdict"], row["method"]) == ("accuracy", "improved", "paired_t")
    assert row["delta_mean"] == pytest.approx(0.02)


def test_runs_of_one_model_each_are_compared_model_against_model(result_of):
    before = result_of(scored(0.0), name="a", items=ITEMS, models=("old",))
    after = result_of(scored(-0.01), name="b", items=ITEMS, models=("new",))

    [row] = after.compare_with(before)

    assert (row["pair_count"], row["verdict"]) == (40, "regressed")


def test_what_only_one_run_has_one_of_is_not_paired(result_of):
    before = result_of(scored(0.0), name="a", items=ITEMS, models=("old",))
    after = result_of(scored(0.0), name="b", items=ITEMS, models=("old", "new"))

    [row] = after.compare_with(before)

    assert (row["pair_count"], row["dropped_baseline"]) == (40, 40)


def test_a_metric_that_the_candidate_lost_is_missing(result_of, timed_out):
    before = result_of(name="a", metrics=(("accuracy", "s"), ("speed", "s")))
    after = result_of(name="b", metrics=(("accuracy", "s"),))

    verdicts = {row["metric_id"]: row["verdict"] for row in after.compare_with(before)}

    assert verdicts["speed"] == "missing"


def test_groups_make_rows_of_their_own_in_one_family(result_of):
    runs = [
        result_of(scored(shift), name=name, items=ITEMS, slices=("x", "y"))
        for name, shift in (("a", 0.0), ("b", 0.01))
    ]

    rows = runs[1].compare_with(runs[0], group_by="slice_id")

    assert [row["slice_id"] for row in rows] == ["x", "y"]
    assert {(row["family_size"], row["adjustment_method"]) for row in rows} == {(2, "holm")}


def test_the_items_that_only_one_run_has_are_named(result_of):
    before = result_of(name="a", items=("i1", "i2"))
    after = result_of(name="b", items=("i2", "i3"))

    found = unpaired_items(before.run_side(), after.run_side())

    assert (found.baseline, found.candidate) == (("i1",), ("i3",))


def test_an_item_that_was_edited_is_another_item(result_of):
    before = result_of(name="a", items=("i1",))
    after = result_of(name="b", items=("i1",), payload=lambda item_id: {"question": "edited"})

    [row] = after.compare_with(before)

    assert (row["pair_count"], row["dropped_baseline"], row["dropped_candidate"]) == (0, 2, 2)
    assert unpaired_items(before.run_side(), after.run_side()).candidate == ("i1",)


@pytest.mark.parametrize(
    ("low", "high", "method"),
    [(scored(0.0), scored(0.3), "welch"), (lambda _: 0.0, lambda _: 1.0, "newcombe")],
)
def test_runs_that_share_no_item_are_compared_as_independent(result_of, low, high, method):
    before = result_of(low, name="a", items=ITEMS[:18], models=("m",))
    after = result_of(high, name="b", items=ITEMS[18:], models=("m",))

    [row] = after.compare_with(before)

    assert (row["method"], row["verdict"], row["pair_count"]) == (method, "improved", 0)
    assert (row["dropped_baseline"], row["dropped_candidate"]) == (22, 18)
    means = [run.aggregate(group_by="metric_id")[0]["mean"] for run in (before, after)]
    assert [row["baseline_mean"], row["candidate_mean"]] == pytest.approx(means)


def test_a_run_without_a_score_is_missing_though_no_item_is_shared(result_of, timed_out):
    before = result_of(name="a", items=ITEMS[:20])
    after = result_of(lambda _: timed_out, name="b", items=ITEMS[20:])

    assert [row["verdict"] for row in after.compare_with(before)] == ["missing"]
    assert [row["verdict"] for row in before.compare_with(after)] == ["not_comparable"]


def test_clusters_of_items_that_are_not_shared_are_counted(result_of):
    def passages(item_id: str) -> dict[str, int]:
        place = int(item_id[1:])
        return {"passage": place // 5 if place < 20 else 99}

    runs = [
        result_of(scored(0.0), name=name, items=items, models=("m",), payload=passages)
        for name, items in (("a", ITEMS[:20]), ("b", ITEMS[20:]))
    ]

    [row] = runs[1].compare_with(runs[0], cluster_by="passage")

    assert (row["n_items"], row["n_clusters"]) == (40, 5)
    assert row["reason"] == "fewer than two clusters on one side: no spread to judge by"


def test_samples_of_items_that_are_not_shared_are_one_unit(result_of):
    runs = [
        result_of(scored(0.0), name=name, items=items, prompts=("p", "q"), models=("m",))
        for name, items in (("a", ITEMS[:20]), ("b", ITEMS[20:]))
    ]

    [row] = runs[1].compare_with(runs[0])

    assert (row["method"], row["n_items"]) == ("welch_clusters", 40)


def test_an_unknown_key_lists_the_known_ones(result_of):
    result = result_of()

    with pytest.raises(ValueError, match="cannot group by 'colour'"):
        result.compare_with(result, group_by="colour")
