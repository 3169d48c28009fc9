from __future__ import annotations

import math

import numpy as np
import pytest

from themis.statistics import NoMaximumError, bradley_terry


def test_two_players_have_the_log_odds_of_their_games():
    got = bradley_terry([("a", "b")] * 6 + [("b", "a")] * 2)

    assert got.strengths["a"] - got.strengths["b"] == pytest.approx(math.log(3), abs=1e-6)
    assert got.win_probability("a", "b") == pytest.approx(0.75, abs=1e-6)


def test_the_standard_error_of_two_players_is_that_of_a_log_odds():
    got = bradley_terry([("a", "b")] * 6 + [("b", "a")] * 2)
    variance = sum(
        sign * other * got.covariance[row][column]
        for row, sign in enumerate((1, -1))
        for column, other in enumerate((1, -1))
    )

    assert math.sqrt(variance) == pytest.approx(math.sqrt(1 / 6 + 1 / 2), rel=1e-5)


def test_strengths_are_recovered_from_many_games():
    rng = np.random.default_rng(1)
    truth = {"a": 0.8, "b": 0.1, "c": -0.9}
    games = []
    for first, second in (("a", "b"), ("b", "c"), ("a", "c")):
        wins = rng.random(4000) < 1 / (1 + math.exp(truth[second] - truth[first]))
        games += [(first, second) if win else (second, first) for win in wins]

    got = bradley_terry(games)

    for name, strength in truth.items():
        assert got.strengths[name] == pytest.approx(strength, abs=4 * got.standard_errors[name])


def test_renaming_and_reordering_change_nothing():
    games = [("a", "b"), ("b", "c"), ("c", "a"), ("a", "c")]
    names = {"a": "x", "b": "y", "c": "z"}

    there = bradley_terry(games)
    back = bradley_terry([(names[w], names[lost]) for w, lost in reversed(games)])

    for old, new in names.items():
        assert back.strengths[new] == pytest.approx(there.strengths[old], abs=1e-6)


def test_a_tie_is_half_a_win_of_each():
    got = bradley_terry([("a", "b"), ("b", "a")], ties=[("a", "b")] * 3)

    assert got.strengths["a"] == pytest.approx(0.0, abs=1e-9)
    assert got.games == 5


def test_parts_that_never_met_are_named():
    with pytest.raises(NoMaximumError) as raised:
        bradley_terry([("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")])

    assert raised.value.parts == (("a", "b"), ("c", "d"))
    assert "Play games between them, compare within a part, or give alpha > 0" in str(raised.value)


def test_a_player_that_never_lost_is_a_part_of_its_own():
    with pytest.raises(NoMaximumError, match="both ways: a; b, c"):
        bradley_terry([("a", "b"), ("b", "c"), ("c", "b")])


@pytest.mark.parametrize("games", [[], [("a", "a")]])
def test_what_is_no_tournament_is_refused(games):
    with pytest.raises(ValueError, match="two players or more, no game against oneself"):
        bradley_terry(games)
