from __future__ import annotations

import pytest

SPEED = {"fast": 1.0, "middle": 5.0, "slow": 9.0}


def by_model(cell) -> float:
    return SPEED[cell.model]


def ranks(rows):
    return [(row["rank"], row["model_id"]) for row in rows]


def test_the_highest_mean_comes_first_by_default(result_of):
    rows = result_of(by_model, models=tuple(SPEED)).leaderboard()

    assert ranks(rows) == [(1, "slow"), (2, "middle"), (3, "fast")]
    assert {row["direction"] for row in rows} == {"maximize"}


def test_the_lowest_mean_comes_first_where_less_is_better(result_of):
    result = result_of(by_model, models=tuple(SPEED), directions={"accuracy": "minimize"})

    assert ranks(result.leaderboard()) == [(1, "fast"), (2, "middle"), (3, "slow")]


def test_a_metric_without_direction_ranks_nobody(result_of):
    result = result_of(by_model, models=tuple(SPEED), directions={"accuracy": "none"})

    assert {row["rank"] for row in result.leaderboard()} == {None}


def test_equal_means_share_a_rank(result_of):
    rows = result_of(lambda c: float(c.model != "c"), models=("a", "b", "c")).leaderboard()

    assert ranks(rows) == [(1, "a"), (1, "b"), (3, "c")]


def test_a_model_that_failed_throughout_comes_last_without_a_rank(result_of, timed_out):
    rows = result_of(lambda c: timed_out if c.model == "alpha" else 0.0).leaderboard()

    assert ranks(rows) == [(1, "beta"), (None, "alpha")]
    assert (rows[1]["mean"], rows[1]["errors"]) == (None, 3)


def test_rows_have_the_interval_and_the_number_of_items(result_of):
    row = result_of(lambda c: float(c.item_id != "i1")).leaderboard()[0]

    assert row["mean"] == pytest.approx(2 / 3)
    assert row["ci_lower"] < row["mean"] < row["ci_upper"]
    assert (row["n_items"], row["count"], row["errors"], row["method"]) == (3, 3, 0, "wilson")


def test_metrics_are_ranked_apart(result_of):
    result = result_of(
        lambda c: float((c.metric_id == "speed") == (c.model == "alpha")),
        metrics=(("accuracy", "s"), ("speed", "s")),
    )

    assert [(r["metric_id"], r["model_id"]) for r in result.leaderboard() if r["rank"] == 1] == [
        ("accuracy", "beta"),
        ("speed", "alpha"),
    ]
    assert {row["metric_id"] for row in result.leaderboard("speed")} == {"speed"}


def test_one_metric_under_two_score_names_is_two_leaderboards(result_of):
    result = result_of(metrics=(("accuracy", "strict"), ("accuracy", "lenient")))

    names = [(row["score_name"], row["rank"]) for row in result.leaderboard()]

    assert names == [("lenient", 1), ("lenient", 1), ("strict", 1), ("strict", 1)]


def close(cell) -> float:
    """`b` is a little better than `a`, `c` much worse than both."""
    place = int(cell.item_id[1:])
    return {"a": place % 2, "b": place % 2 or place == 0, "c": place % 10 == 1}[cell.model] * 1.0


def test_models_that_cannot_be_told_apart_share_a_tier(result_of):
    result = result_of(close, models=("a", "b", "c"), items=[f"i{k}" for k in range(60)])

    rows = result.leaderboard()

    assert [(row["model_id"], row["rank"], row["tier"]) for row in rows] == [
        ("b", 1, 1),
        ("a", 2, 1),
        ("c", 3, 2),
    ]
    assert [(row["best_rank"], row["worst_rank"]) for row in rows] == [(1, 2), (1, 2), (3, 3)]


def test_a_difference_that_contradicts_the_order_of_the_means_is_said(result_of, timed_out):
    def outcome(cell):
        """`a` fails on the hard half and is the worse on the rest, which is all it is scored on."""
        place = int(cell.item_id[1:])
        if cell.model == "a":
            return timed_out if place >= 30 else float(place >= 10)
        return float(0 < place < 30)

    result = result_of(outcome, models=("a", "b"), items=[f"i{k}" for k in range(60)])

    [compared] = result.paired_compare(metric_id=None)
    first, second = result.leaderboard()

    assert (compared["verdict"], first["model_id"], second["model_id"]) == ("improved", "a", "b")
    assert (first["contradicted_by"], second["contradicted_by"]) == (["b"], None)
    assert {(row["tier"], row["best_rank"], row["worst_rank"]) for row in (first, second)} == {
        (1, 1, 2)
    }


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_tiers_are_in_the_metrics_direction(result_of, direction):
    result = result_of(
        lambda cell: SPEED[cell.model] + int(cell.item_id[1:]) % 3,
        models=("fast", "slow"),
        items=[f"i{k}" for k in range(20)],
        directions={"accuracy": direction},
    )

    rows = result.leaderboard()

    assert [(row["rank"], row["tier"], row["contradicted_by"]) for row in rows] == [
        (1, 1, None),
        (2, 2, None),
    ]


def test_a_model_without_a_rank_has_no_tier(result_of, timed_out):
    rows = result_of(lambda c: timed_out if c.model == "alpha" else 0.0).leaderboard()

    assert [row["tier"] for row in rows] == [1, None]


def test_tiers_can_be_left_out(result_of):
    assert "tier" not in result_of().leaderboard(tiers=False)[0]
