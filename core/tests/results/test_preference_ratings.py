from __future__ import annotations

import math

import pytest

from themis.statistics import NoMaximumError


def preferred(cell) -> float:
    """Of ten items alpha wins seven and loses two, beta wins three and loses seven."""
    number = int(cell.item_id[1:])
    if cell.model == "alpha":
        return 0.5 if number == 9 else float(number < 7)
    return float(number < 3)


@pytest.fixture
def preferences(result_of):
    def build(outcome=preferred, **fields):
        return result_of(outcome, items=[f"i{number}" for number in range(10)], **fields)

    return build


def test_players_are_rated_by_the_items_they_won(preferences):
    rows = preferences().preference_ratings("accuracy", opponent="human")

    assert [row["player"] for row in rows] == ["alpha", "human", "beta"]
    records = [(row["wins"], row["losses"], row["ties"]) for row in rows]
    assert records == [(7, 2, 1), (9, 10, 1), (3, 7, 0)]
    alpha, human, beta = (row["strength"] for row in rows)
    assert alpha - human == pytest.approx(math.log(7.5 / 2.5), abs=1e-6)
    assert beta - human == pytest.approx(math.log(3 / 7), abs=1e-6)
    assert alpha + human + beta == pytest.approx(0, abs=1e-9)
    assert rows[0]["ci_lower"] < rows[0]["strength"] < rows[0]["ci_upper"]


def test_samples_of_an_item_are_one_game(preferences):
    once = preferences().preference_ratings("accuracy")
    often = preferences(name="often", num_samples=4).preference_ratings("accuracy")

    assert [row["se"] for row in often] == pytest.approx([row["se"] for row in once])


def test_a_model_that_never_lost_has_no_rating_but_with_alpha(preferences):
    result = preferences(lambda cell: 1.0 if cell.model == "alpha" else preferred(cell))

    with pytest.raises(NoMaximumError, match="alpha > 0"):
        result.preference_ratings("accuracy")
    best = result.preference_ratings("accuracy", alpha=0.5)[0]
    assert (best["player"], best["method"]) == ("alpha", "bradley_terry_regularised")


def test_scores_outside_0_to_1_are_no_preferences(preferences):
    with pytest.raises(ValueError, match="'accuracy' is no preference: its values reach from 3 to"):
        preferences(lambda _: 3.0).preference_ratings("accuracy")


def test_the_opponent_is_none_of_the_models(preferences):
    with pytest.raises(ValueError, match="'beta' is a model of the run; name the opponent"):
        preferences().preference_ratings("accuracy", opponent="beta")


def test_an_unknown_metric_lists_the_known_ones(preferences):
    with pytest.raises(ValueError, match="no metric 'liked'; it has: accuracy"):
        preferences().preference_ratings("liked")


def test_a_run_without_scores_has_no_ratings(preferences, unscorable):
    with pytest.raises(ValueError, match="'accuracy' has no score yet"):
        preferences(lambda _: unscorable).preference_ratings("accuracy")
