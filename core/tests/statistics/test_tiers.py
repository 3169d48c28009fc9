from __future__ import annotations

from themis.statistics import leaderboard_tiers


def told_apart(*pairs):
    return lambda better, worse: (better, worse) in pairs


def test_models_that_cannot_be_told_from_the_first_share_its_tier():
    got = leaderboard_tiers("abcd", apart=told_apart(*map(tuple, ("ac", "ad", "bd"))))

    assert [got[name].tier for name in "abcd"] == [1, 1, 2, 2]
    assert [(got[name].best_rank, got[name].worst_rank) for name in "abcd"] == [
        (1, 2),
        (1, 3),
        (2, 4),
        (3, 4),
    ]


def test_nothing_told_apart_is_one_tier():
    got = leaderboard_tiers("abc", apart=told_apart())

    assert {(one.tier, one.best_rank, one.worst_rank) for one in got.values()} == {(1, 1, 3)}


def test_no_models_have_no_tiers():
    assert leaderboard_tiers([], apart=told_apart()) == {}
