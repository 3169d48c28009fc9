from __future__ import annotations

import pytest

from themis.statistics import paired_t


def graded(cell) -> float:
    """Both improve from item to item; beta is ahead of alpha by a little more each time."""
    place = int(cell.item_id[1:])
    return place / 10 + (place % 3) / 20 * (cell.model == "beta") + (cell.prompt == "cot") / 7


def test_a_row_holds_one_paired_t_test(result_of):
    items = [f"i{k}" for k in range(8)]
    [row] = result_of(graded, items=items).paired_compare(metric_id="accuracy")
    alpha = [k / 10 for k in range(8)]
    expected = paired_t(alpha, [score + (k % 3) / 20 for k, score in enumerate(alpha)])

    assert (row["slice_id"], row["metric_id"]) == ("main", "accuracy")
    assert (row["baseline_model_id"], row["treatment_model_id"]) == ("alpha", "beta")
    assert (row["pair_count"], row["n_items"], row["method"]) == (8, 8, "paired_t")
    figures = ("baseline_mean", "treatment_mean", "delta_mean", "p_value", "ci_lower", "ci_upper")
    for name in figures:
        assert row[name] == pytest.approx(getattr(expected, name)), name
    assert (row["ci_level"], row["reason"]) == (0.95, None)


def test_pairs_are_made_by_item_and_never_by_position(result_of, timed_out):
    def outcome(cell):
        if (cell.model, cell.item_id) in {("alpha", "i1"), ("beta", "i3")}:
            return timed_out
        return {"i1": 1.0, "i2": 2.0, "i3": 3.0, "i4": 4.0}[cell.item_id]

    result = result_of(outcome, items=("i1", "i2", "i3", "i4"))
    [row] = result.paired_compare(metric_id="accuracy")

    assert (row["pair_count"], row["delta_mean"]) == (2, 0.0)
    assert (row["dropped_baseline"], row["dropped_treatment"]) == (1, 1)


def test_equal_item_ids_of_two_datasets_do_not_cross(result_of):
    def outcome(cell) -> float:
        return float(cell.slice_id == "hard") + 0.5 * (cell.model == "beta")

    result = result_of(outcome, slices=("easy", "hard"), datasets={"easy": "a", "hard": "b"})
    [row] = result.paired_compare(metric_id="accuracy", group_by="benchmark_id")

    assert (row["pair_count"], row["delta_mean"]) == (6, 0.5)


def test_prompts_and_parameters_make_pairs_of_their_own(result_of):
    result = result_of(graded, prompts=("direct", "cot"), temperatures=(0.0, 0.7))

    [row] = result.paired_compare(metric_id="accuracy")

    assert (row["pair_count"], row["n_items"]) == (12, 3)
    assert row["method"] == "paired_t_item_clusters"


def test_samples_of_an_item_are_averaged_first(result_of):
    def outcome(cell) -> float:
        return float(cell.sample == 0 or cell.model == "beta")

    [row] = result_of(outcome, num_samples=4).paired_compare(metric_id="accuracy")

    assert (row["pair_count"], row["baseline_mean"], row["delta_mean"]) == (3, 0.25, 0.75)


def test_an_improvement_that_is_the_same_for_every_item_is_not_insignificant(result_of):
    def outcome(cell) -> float:
        return 0.1 if cell.model == "alpha" else 0.2

    result = result_of(outcome, items=[f"i{k}" for k in range(50)])
    [row] = result.paired_compare(metric_id="accuracy")

    assert row["p_value"] == pytest.approx(2.0**-49)
    assert (row["method"], row["ci_lower"]) == ("sign_flip_exact", None)


def test_a_failed_item_can_count_as_zero(result_of, timed_out):
    def outcome(cell):
        return timed_out if (cell.model, cell.item_id) == ("beta", "i1") else 1.0

    [row] = result_of(outcome).paired_compare(metric_id="accuracy", on_error="zero")

    assert (row["pair_count"], row["dropped_treatment"]) == (3, 0)
    assert row["treatment_mean"] == pytest.approx(2 / 3)


def test_models_without_a_shared_item_have_nulls_and_a_reason(result_of, timed_out):
    result = result_of(lambda cell: timed_out if cell.model == "beta" else 1.0)

    [row] = result.paired_compare(metric_id="accuracy")

    assert (row["pair_count"], row["p_value"], row["delta_mean"]) == (0, None, None)
    assert (row["dropped_treatment"], row["reason"]) == (3, "no item has a score from both")


def test_models_that_failed_on_each_others_items_are_compared_as_independent(result_of, timed_out):
    def outcome(cell):
        early = int(cell.item_id[1:]) < 30
        return timed_out if early == (cell.model == "alpha") else float(cell.model == "beta")

    result = result_of(outcome, items=[f"i{k}" for k in range(60)])
    [row] = result.paired_compare(metric_id="accuracy")

    assert (row["method"], row["verdict"], row["errors"]) == ("newcombe", "improved", 60)
    assert (row["baseline_mean"], row["treatment_mean"], row["pair_count"]) == (0.0, 1.0, 0)
    assert (row["dropped_baseline"], row["dropped_treatment"]) == (30, 30)


def test_without_models_every_pair_is_compared(result_of):
    result = result_of(graded, models=("a", "b", "c"))

    rows = result.paired_compare(metric_id="accuracy")

    assert [(row["baseline_model_id"], row["treatment_model_id"]) for row in rows] == [
        ("a", "b"),
        ("a", "c"),
        ("b", "c"),
    ]


@pytest.mark.parametrize(
    ("chosen", "pairs"),
    [
        ({"baseline_model_id": "b"}, [("b", "a"), ("b", "c")]),
        ({"treatment_model_id": "b"}, [("a", "b"), ("c", "b")]),
        ({"baseline_model_id": "c", "treatment_model_id": "a"}, [("c", "a")]),
    ],
)
def test_a_model_can_be_put_on_either_side(result_of, chosen, pairs):
    rows = result_of(models=("a", "b", "c")).paired_compare(metric_id="accuracy", **chosen)

    assert [(row["baseline_model_id"], row["treatment_model_id"]) for row in rows] == pairs


def test_the_family_of_a_correction_is_every_row_returned(result_of):
    result = result_of(
        graded,
        models=("alpha", "beta", "same"),
        slices=("x", "y"),
        items=[f"i{k}" for k in range(6)],
    )

    rows = result.paired_compare(metric_id="accuracy", p_value_correction="holm")

    tested = [row for row in rows if row["p_value"] is not None]
    assert (len(rows), len(tested)) == (6, 4)
    assert {row["family_size"] for row in rows} == {6}
    assert {row["adjustment_method"] for row in rows} == {"holm"}
    assert tested[0]["adjusted_p_value"] == pytest.approx(6 * min(r["p_value"] for r in tested))


def test_equivalence_is_judged_within_the_family_too(result_of):
    result = result_of(slices=("x", "y"), items=[f"i{k}" for k in range(32)])

    verdicts = [
        [row["verdict"] for row in result.paired_compare(metric_id="accuracy", **options)]
        for options in ({"margin": 0.1}, {"margin": 0.1, "p_value_correction": "holm"})
    ]

    assert verdicts == [["equivalent"] * 2, ["inconclusive"] * 2]


def test_a_row_that_was_not_tested_stays_null_after_correction(result_of):
    [row] = result_of().paired_compare(metric_id="accuracy", p_value_correction="bh")

    assert (row["p_value"], row["adjusted_p_value"], row["family_size"]) == (None, None, 1)
    assert row["reason"] == "no item differs: nothing to test"


def test_without_a_correction_the_adjusted_p_is_the_p(result_of):
    [row] = result_of(graded).paired_compare(metric_id="accuracy")

    assert row["adjusted_p_value"] == row["p_value"] is not None
    assert row["adjustment_method"] == "none"


def test_groups_come_in_order_with_none_first(result_of):
    result = result_of(graded, slices=("a", "b"), dimensions={"a": {"lang": "en"}})

    rows = result.paired_compare(metric_id="accuracy", group_by="lang")

    assert [row["lang"] for row in rows] == [None, "en"]


def test_every_metric_is_compared_when_none_is_named(result_of):
    result = result_of(graded, metrics=(("accuracy", "s"), ("speed", "s")))

    rows = result.paired_compare(metric_id=None)

    assert [row["metric_id"] for row in rows] == ["accuracy", "speed"]


def test_one_metric_under_two_score_names_gives_two_rows(result_of):
    result = result_of(graded, metrics=(("accuracy", "strict"), ("accuracy", "lenient")))

    rows = result.paired_compare(metric_id="accuracy")

    assert [row["score_name"] for row in rows] == ["lenient", "strict"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"metric_id": "bleu"}, "no metric 'bleu'; it has: accuracy"),
        ({"baseline_model_id": "gpt"}, "no model 'gpt'; it has: alpha, beta"),
        ({"treatment_model_id": "gpt"}, "no model 'gpt'; it has: alpha, beta"),
        (
            {"baseline_model_id": "beta", "treatment_model_id": "beta"},
            "are both 'beta'; compare two",
        ),
        ({"p_value_correction": "fdr"}, "unknown p-value correction 'fdr'; known: none, holm, bh"),
        ({"group_by": "model_id"}, "cannot group by 'model_id'; the keys are: benchmark_id"),
        ({"group_by": "item_id"}, "cannot group by 'item_id'"),
        ({"on_error": "drop"}, "got 'drop'"),
    ],
)
def test_what_cannot_be_compared_is_an_error_that_lists_what_can(result_of, arguments, message):
    result = result_of()

    with pytest.raises(ValueError, match=message):
        result.paired_compare(**{"metric_id": "accuracy", **arguments})


@pytest.mark.parametrize("method", ["aggregate", "leaderboard", "paired_compare", "compare_with"])
def test_failures_are_not_the_best_score_of_what_is_minimized(result_of, method):
    result = result_of(metrics=(("cost", "s"), ("ok", "s")), directions={"cost": "minimize"})
    arguments = {
        "aggregate": {"group_by": "model_id"},
        "paired_compare": {"metric_id": None},
        "compare_with": {"baseline": result},
    }.get(method, {})

    with pytest.raises(ValueError, match="a failure the best score of cost, which is to be minimi"):
        getattr(result, method)(**arguments, on_error="zero")
    assert getattr(result, method)(**{**arguments, "metric_id": "ok"}, on_error="zero")


def right(cell) -> float:
    """Beta gets a fifth item right that alpha does not."""
    place = int(cell.item_id[1:])
    return float(place % 2 == 0 or (cell.model == "beta" and place % 5 == 0))


def test_a_row_of_right_and_wrong_answers_is_mcnemars(result_of):
    result = result_of(right, items=[f"i{k}" for k in range(100)])

    [row] = result.paired_compare(metric_id="accuracy")

    assert (row["method"], row["verdict"]) == ("mcnemar_midp", "improved")
    assert row["delta_mean"] == pytest.approx(0.1)
    assert 0 < row["ci_lower"] < 0.1 < row["ci_upper"]
    assert row["mde"] == pytest.approx(2.8016 * row["se"], rel=1e-4)
    assert (row["candidate_mean"], row["dropped_candidate"]) == (row["treatment_mean"], 0)


def test_the_verdict_follows_the_direction_of_the_metric(result_of):
    items = [f"i{k}" for k in range(100)]
    result = result_of(right, items=items, directions={"accuracy": "minimize"})

    [row] = result.paired_compare(metric_id="accuracy")

    assert (row["verdict"], row["direction"]) == ("regressed", "minimize")


def test_the_verdict_is_by_the_adjusted_p(result_of):
    def outcome(cell) -> float:
        return right(cell) if cell.metric_id == "m0" else float(int(cell.item_id[1:]) % 2)

    metrics = [(f"m{k}", "s") for k in range(2)]
    items = [f"i{k}" for k in range(60)]
    lucky = result_of(outcome, items=items, metrics=metrics, models=("alpha", "beta", "gamma"))

    plain = lucky.paired_compare(metric_id=None)
    corrected = lucky.paired_compare(metric_id=None, p_value_correction="holm")

    assert [row["verdict"] for row in plain if row["p_value"]] == ["improved", "regressed"]
    assert {row["family_size"] for row in corrected} == {6}
    assert all(
        (row["adjusted_p_value"] < 0.05) == (row["verdict"] != "inconclusive")
        for row in corrected
        if row["p_value"]
    )


def test_samples_whose_sum_overflows_are_compared_by_their_means(result_of):
    result = result_of(lambda c: 1e308 if c.item_id == "i1" else 0.5, num_samples=2)

    [row] = result.paired_compare(metric_id="accuracy")

    assert row["baseline_mean"] == pytest.approx(1e308 / 3)
    assert (row["p_value"], row["reason"]) == (None, "no item differs: nothing to test")
    assert [one["metric_id"] for one in result.leaderboard()] == ["accuracy"] * 2


def test_a_treatment_that_failed_throughout_is_missing(result_of, timed_out):
    result = result_of(lambda cell: timed_out if cell.model == "beta" else 1.0)

    [row] = result.paired_compare(metric_id="accuracy")

    assert (row["verdict"], row["errors"]) == ("missing", 3)


def test_a_baseline_that_failed_throughout_is_not_comparable(result_of, timed_out):
    result = result_of(lambda cell: timed_out if cell.model == "alpha" else 1.0)

    assert result.paired_compare(metric_id="accuracy")[0]["verdict"] == "not_comparable"


def test_equality_within_a_margin_can_be_shown(result_of):
    result = result_of(lambda c: 1.0, items=[f"i{k}" for k in range(300)])

    [row] = result.paired_compare(metric_id="accuracy", margin=0.02)

    assert (row["verdict"], row["margin"]) == ("equivalent", 0.02)
    assert row["equivalence_p"] < 0.05


def test_the_level_is_a_choice(result_of):
    result = result_of(graded, items=[f"i{k}" for k in range(12)])
    [narrow], [wide] = (
        result.paired_compare(metric_id="accuracy", ci_level=level) for level in (0.9, 0.99)
    )

    assert (narrow["ci_level"], wide["ci_level"]) == (0.9, 0.99)
    assert wide["ci_lower"] < narrow["ci_lower"]


def test_items_that_share_a_field_are_one_unit(result_of):
    result = result_of(
        graded,
        items=[f"i{k}" for k in range(8)],
        payload=lambda item_id: {"parity": int(item_id[1:]) % 2},
    )

    [row] = result.paired_compare(metric_id="accuracy", cluster_by="parity")

    assert (row["pair_count"], row["n_items"], row["n_clusters"]) == (8, 8, 2)
    assert row["method"] == "paired_t_clusters"


def test_one_cluster_of_many_items_says_so(result_of):
    result = result_of(
        graded, items=[f"i{k}" for k in range(8)], payload=lambda item_id: {"passage": "p0"}
    )

    [row] = result.paired_compare(metric_id="accuracy", cluster_by="passage")

    assert (row["n_items"], row["n_clusters"], row["p_value"]) == (8, 1, None)
    assert row["reason"] == "one cluster: the spread of differences between clusters is unknown"


def test_several_pairs_of_an_item_are_no_more_items_in_a_cluster(result_of):
    result = result_of(
        lambda cell: float(cell.model == "beta") + (cell.item_id == "i1") * (cell.prompt == "q"),
        items=[f"i{k}" for k in range(8)],
        prompts=("p", "q"),
        payload=lambda item_id: {"parity": int(item_id[1:]) % 2},
    )

    [row] = result.paired_compare(metric_id="accuracy", cluster_by="parity")

    assert (row["pair_count"], row["n_items"], row["n_clusters"]) == (16, 8, 2)


def test_rows_without_clusters_count_none(result_of):
    [row] = result_of(graded).paired_compare(metric_id="accuracy")

    assert "n_clusters" not in row
