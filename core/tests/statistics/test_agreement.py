from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.statistics import (
    cohen_kappa,
    confusion_table,
    fleiss_kappa,
    krippendorff_alpha,
    rated_kappa,
)

RATINGS = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=2, max_size=30)


def table(pairs):
    return confusion_table(*zip(*pairs, strict=True), categories=[1, 2, 3, 4])


def near(value):
    return value if value is None else pytest.approx(value, abs=1e-9)


@given(RATINGS)
def test_kappa_is_chance_corrected_agreement(pairs):
    got = cohen_kappa(table(pairs))
    if got.value is None:
        return
    agreed = sum(left == right for left, right in pairs) / len(pairs)

    assert got.observed == pytest.approx(agreed)
    assert got.value == pytest.approx((agreed - got.expected) / (1 - got.expected))


@given(RATINGS, st.sampled_from(["none", "linear", "quadratic"]))
def test_exchanging_the_judges_changes_nothing(pairs, weights):
    there = cohen_kappa(table(pairs), weights=weights)
    back = cohen_kappa(table([(right, left) for left, right in pairs]), weights=weights)

    assert back.value == near(there.value)
    assert back.se == near(there.se)


def test_near_misses_count_for_something_when_weighted():
    """Worked by hand: 1/2 of the distance lost is a quarter when squared."""
    near = [[5, 5, 0], [0, 5, 5], [0, 0, 10]]
    values = [cohen_kappa(near, weights=w).value for w in ("none", "linear", "quadratic")]

    assert values == sorted(values)
    assert cohen_kappa(near, weights="linear").observed == pytest.approx((20 + 10 * 0.5) / 30)


def test_full_agreement_is_1_and_has_no_width():
    got = cohen_kappa([[5, 0], [0, 5]])

    assert (got.value, got.se, got.ci_lower) == (1.0, 0.0, None)
    assert got.reason == "the judges agree fully: the large-sample interval has no width"


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ([[4, 0], [0, 0]], "both judges used one category only"),
        ([[0, 0], [0, 0]], "no units were rated by both"),
    ],
)
def test_undefined_agreement_says_why(counts, reason):
    got = cohen_kappa(counts)

    assert (got.value, got.reason) == (None, reason)


def test_fleiss_kappa_is_the_published_one():
    """Fleiss (1971): the psychiatric diagnoses example in its usual ten-unit form."""
    counts = [
        [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
    ]  # fmt: skip

    assert fleiss_kappa(counts).value == pytest.approx(0.210, abs=5e-4)


def test_fleiss_kappa_needs_as_many_ratings_for_each_unit():
    with pytest.raises(ValueError, match="every unit needs the same number of ratings"):
        fleiss_kappa([[2, 0], [1, 2]])
    assert fleiss_kappa([[2, 0], [2, 0]]).reason == "the judges used one category only"
    assert fleiss_kappa([]).reason == "no units were rated"


@given(RATINGS, st.permutations([1, 2, 3, 4]))
def test_relabelling_nominal_categories_changes_nothing(pairs, names):
    renamed = [(names[left - 1], names[right - 1]) for left, right in pairs]

    for rows in (pairs, renamed):
        alpha = krippendorff_alpha([*zip(*rows, strict=True)])
        first = krippendorff_alpha([*zip(*pairs, strict=True)])
        assert alpha.value == near(first.value)


@given(RATINGS, st.integers(-3, 3))
def test_alpha_of_an_interval_scale_ignores_where_0_is(pairs, constant):
    moved = [(left + constant, right + constant) for left, right in pairs]
    there, back = (
        krippendorff_alpha([*zip(*rows, strict=True)], scale="interval") for rows in (pairs, moved)
    )

    assert back.value == near(there.value)


def test_a_unit_rated_once_says_nothing():
    once = krippendorff_alpha([[1, 2, 3, 1], [1, 2, 2, None]])

    assert once.n == 3
    assert once.value == krippendorff_alpha([[1, 2, 3], [1, 2, 2]]).value


@pytest.mark.parametrize(
    ("ratings", "reason"),
    [
        ([[1, None], [None, 2]], "no unit was rated twice"),
        ([[1, 1], [1, 1]], "all ratings are equal: chance cannot be told from skill"),
        ([], "no unit was rated twice"),
    ],
)
def test_undefined_alpha_says_why(ratings, reason):
    got = krippendorff_alpha(ratings)

    assert (got.value, got.reason) == (None, reason)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: krippendorff_alpha([[1]], scale="metric"), "unknown scale 'metric'; known: nomin"),
        (lambda: krippendorff_alpha([[1, 1e200], [1, 2]], scale="interval"), "1e.200 is too large"),
        (lambda: rated_kappa([1, math.inf], [1, 2]), "a rating of inf is too large: its distance"),
        (lambda: rated_kappa([1, -1], [1, 2], scale="ratio"), "starts at 0, and a rating is -1"),
        (lambda: krippendorff_alpha([[1], [1, 2]]), "rows differ in length"),
        (lambda: cohen_kappa([[1, 2]]), "a square table of counts is needed"),
        (lambda: cohen_kappa([[1]], weights="cubic"), "unknown kappa weights 'cubic'"),
        (lambda: confusion_table("ab", "a", categories=None), "2 and 1 ratings: both judges"),
    ],
)
def test_what_is_no_table_of_ratings_is_an_error(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_judge_who_always_says_the_same_leaves_no_spread():
    got = cohen_kappa(table([(1, 2), (2, 2), (4, 2)]), weights="quadratic")

    assert (got.value, got.se) == (pytest.approx(0.0, abs=1e-9), 0.0)
    assert got.reason == "the ratings leave no spread: the large-sample interval has no width"


GRADES = [1, 1, 9, 9, 10, 10, 9, 10]
OTHER = [1, 1, 9, 9, 10, 10, 10, 9]


def test_an_interval_scale_weighs_by_the_values_and_not_by_their_places():
    """By hand: mean((a - b)^2) over the mean of it across all pairs of ratings."""
    first, second = np.array(GRADES, dtype=float), np.array(OTHER, dtype=float)
    chance = ((first[:, None] - second[None, :]) ** 2).mean()

    got = rated_kappa(GRADES, OTHER, scale="interval")

    assert got.value == pytest.approx(1 - ((first - second) ** 2).mean() / chance)
    assert got.value == pytest.approx(
        krippendorff_alpha([GRADES, OTHER], scale="interval").value, abs=0.01
    )


def test_a_ratio_scale_weighs_by_the_difference_over_the_sum():
    first, second = np.array(GRADES, dtype=float), np.array(OTHER, dtype=float)

    def apart(left, right):
        return ((left - right) / (left + right)) ** 2

    chance = apart(first[:, None], second[None, :]).mean()
    got = rated_kappa(GRADES, OTHER, scale="ratio")

    assert got.value == pytest.approx(1 - apart(first, second).mean() / chance)


@given(RATINGS)
def test_kappa_of_ratings_is_that_of_their_table(pairs):
    first, second = zip(*pairs, strict=True)
    known = sorted({*first, *second})

    for scale, weights in (("nominal", "none"), ("ordinal", "quadratic")):
        got = rated_kappa(first, second, scale=scale)
        expected = cohen_kappa(confusion_table(first, second, categories=known), weights=weights)
        assert (got.value, got.se) == (near(expected.value), near(expected.se))


FOUR = [name for name in range(8) for _ in range(4)]


@pytest.mark.parametrize("scale", ["nominal", "interval"])
def test_samples_of_an_item_that_are_alike_make_agreement_no_surer(scale):
    first, second = [1, 1, 2, 2, 1, 3, 2, 1], [1, 2, 2, 2, 1, 3, 3, 1]
    often = np.repeat(first, 4).tolist(), np.repeat(second, 4).tolist()

    one = rated_kappa(first, second, scale=scale)
    four = rated_kappa(*often, scale=scale, clusters=FOUR)

    assert (four.n, four.n_items) == (32, 8)
    assert (four.value, four.se) == (near(one.value), near(one.se))


def test_samples_of_an_item_make_alpha_and_fleiss_kappa_no_surer():
    counts = [[3, 0], [2, 1], [0, 3], [3, 0], [1, 2], [0, 3], [3, 0], [2, 1]]
    fleiss = fleiss_kappa(counts)
    ratings = [[0] * zeros + [1] * ones for zeros, ones in counts]
    alpha = krippendorff_alpha([*zip(*ratings, strict=True)])

    often = fleiss_kappa([row for row in counts for _ in range(4)], clusters=FOUR)
    repeated = [row for row in ratings for _ in range(4)]
    surer = krippendorff_alpha([*zip(*repeated, strict=True)], clusters=FOUR)

    assert (often.n, often.n_items, often.se) == (32, 8, near(fleiss.se))
    assert (surer.n, surer.n_items) == (32, 8)
    assert surer.se >= 0.98 * alpha.se


def test_the_interval_of_alpha_never_passes_1():
    got = krippendorff_alpha([[1, 2, 3] * 7, [1, 2, 3] * 6 + [1, 2, 2]])

    assert got.value + 2 * got.se > 1 > got.ci_upper > got.value > got.ci_lower > 0


@pytest.mark.slow
@pytest.mark.parametrize("n", [30, 100])
def test_the_interval_of_alpha_covers(n):
    rng = np.random.default_rng(n)
    truth = 0.7**2  # agreement beyond chance of two who err independently
    covered = 0
    for _ in range(1000):
        right = rng.integers(0, 2, n)
        rows = [np.where(rng.random(n) < 0.85, right, 1 - right) for _ in range(2)]
        got = krippendorff_alpha(rows)
        covered += got.ci_lower <= truth <= got.ci_upper

    assert 0.925 <= covered / 1000 <= 0.98


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (krippendorff_alpha([[1, 2], [1, 2]]), "the judges agree fully: there is no disagreement"),
        (krippendorff_alpha([[1, 1, 1], [1, 1, 2]]), "without one of the items agreement is"),
        (fleiss_kappa([[1, 1], [1, 1]]), "it is at its least: the interval does not exist"),
        (
            krippendorff_alpha([[1, 2], [2, 2]], clusters="aa"),
            "one item: the spread between items is unknown",
        ),
    ],
)
def test_agreement_without_an_interval_says_why(found, reason):
    assert found.value is not None
    assert found.ci_lower is None
    assert found.reason.startswith(reason)
