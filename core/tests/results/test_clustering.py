"""Means over items that share a field: a passage with its questions."""

from __future__ import annotations

import pytest

from themis.statistics import mean_estimate

PASSAGES = {"i1": "p1", "i2": "p1", "i3": "p2", "i4": "p2", "i5": "p2", "i6": "p3"}


@pytest.fixture
def passages(result_of):
    def build(outcome, **fields):
        settings = {"items": list(PASSAGES), "payload": lambda item: {"passage": PASSAGES[item]}}
        return result_of(outcome, **{**settings, **fields})

    return build


def graded(cell) -> float:
    return {"i1": 0.2, "i2": 0.3, "i3": 0.9, "i4": 0.7, "i5": 0.8, "i6": 0.4}[cell.item_id]


def test_the_standard_error_is_over_the_values_of_the_field(passages):
    row = passages(graded).aggregate(group_by="model_id", cluster_by="passage")[0]
    expected = mean_estimate(
        [0.2, 0.3, 0.9, 0.7, 0.8, 0.4], clusters=["p1", "p1", "p2", "p2", "p2", "p3"]
    )

    assert row["method"] == "t_clusters"
    assert (row["count"], row["n_items"], row["n_clusters"]) == (6, 6, 3)
    assert (row["mean"], row["se"]) == pytest.approx((expected.mean, expected.se))
    assert (row["ci_lower"], row["ci_upper"]) == pytest.approx(
        (expected.ci_lower, expected.ci_upper)
    )


def test_prompts_models_and_samples_stay_within_their_cluster(passages):
    result = passages(graded, prompts=("direct", "cot"), num_samples=2)
    [row] = result.aggregate(group_by="metric_id", cluster_by="passage")
    once = passages(graded, name="once").aggregate(group_by="model_id", cluster_by="passage")[0]

    assert (row["count"], row["n_items"], row["n_clusters"]) == (48, 6, 3)
    assert (row["mean"], row["se"]) == pytest.approx((once["mean"], once["se"]))


def test_one_cluster_has_no_interval_and_a_reason(passages):
    result = passages(graded, payload=lambda _: {"passage": "p"})
    row = result.aggregate(group_by="model_id", cluster_by="passage")[0]

    assert (row["mean"], row["n_clusters"]) == (pytest.approx(0.55), 1)
    assert (row["se"], row["ci_lower"], row["method"]) == (None, None, "none")
    assert row["reason"] == "one cluster: the spread between clusters is unknown"


def test_clusters_that_are_wholly_right_or_wrong_are_proportions(passages):
    result = passages(
        lambda cell: float(cell.item_id in {"i1", "i2"}),
        items=["i1", "i2", "i3", "i4"],
    )
    row = result.aggregate(group_by="model_id", cluster_by="passage")[0]

    assert (row["mean"], row["method"], row["n_clusters"]) == (0.5, "wilson_clusters", 2)


def test_clusters_with_one_mean_say_that_there_is_no_spread(passages):
    row = passages(lambda _: 0.5).aggregate(group_by="model_id", cluster_by="passage")[0]

    assert row["ci_lower"] is None
    assert row["reason"] == "all clusters have the same mean: no spread to infer from"


def test_a_small_spread_around_a_large_value_is_not_lost(passages):
    row = passages(lambda cell: 1.7e9 + graded(cell)).aggregate(
        group_by="model_id", cluster_by="passage"
    )[0]
    small = passages(graded, name="small").aggregate(group_by="model_id", cluster_by="passage")[0]

    assert row["se"] == pytest.approx(small["se"], rel=1e-5)


def test_failures_are_counted_and_items_without_a_score_are_no_evidence(passages, timed_out):
    result = passages(lambda cell: timed_out if cell.item_id == "i6" else graded(cell))
    row = result.aggregate(group_by="model_id", cluster_by="passage")[0]

    assert (row["errors"], row["n_items"], row["n_clusters"]) == (1, 5, 2)


def test_groups_by_what_differs_from_trial_to_trial_are_clustered_too(passages):
    rows = passages(graded).aggregate(group_by=["model_id", "status"], cluster_by="passage")

    assert [(row["status"], row["n_clusters"]) for row in rows] == [("ok", 3), ("ok", 3)]


def test_an_unknown_field_lists_those_an_item_has(passages):
    with pytest.raises(ValueError, match=r"no field 'chapter' to cluster by; it has: .*passage"):
        passages(graded).aggregate(group_by="model_id", cluster_by="chapter")


def test_a_leaderboard_puts_together_what_clusters_do_not_tell_apart(result_of):
    def outcome(cell) -> float:
        return float(cell.model == "alpha" or int(cell.item_id[1:]) >= 12)

    result = result_of(
        outcome,
        items=[f"i{number:02}" for number in range(24)],
        payload=lambda item: {"half": str(int(item[1:]) >= 12)},
    )

    assert [row["tier"] for row in result.leaderboard()] == [1, 2]
    clustered = result.leaderboard(cluster_by="half")
    assert [row["tier"] for row in clustered] == [1, 1]
    assert clustered[1]["method"] == "wilson_clusters"
