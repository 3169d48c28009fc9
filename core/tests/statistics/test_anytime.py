from __future__ import annotations

import math

import numpy as np
import pytest

from themis.statistics import anytime_interval, bounded_anytime_interval, confidence_sequence


def test_sums_give_the_interval_that_the_scores_do_where_it_has_not_narrowed_before():
    values = np.random.default_rng(1).normal(0.3, 1, 10)

    whole = confidence_sequence(values)
    lower, upper = anytime_interval(values.mean(), values.std(), n=10, burn_in=10)

    assert lower == pytest.approx(whole.lower[-1])
    assert upper == pytest.approx(whole.upper[-1])


def test_nothing_is_claimed_of_few_values_or_of_values_without_a_spread():
    assert anytime_interval(0.5, 0.1, n=49.9) is None
    assert anytime_interval(0.5, 0.0, n=100) is None


@pytest.mark.parametrize("name", ["normal", "uniform", "laplace"])
def test_unbounded_scores_are_covered_at_every_look(name):
    rng, counts = np.random.default_rng(9), np.arange(1, 301)
    truth, missed = 0.5 if name == "uniform" else 0.0, 0
    for _ in range(100):
        values = getattr(rng, name)(size=300)
        means = np.cumsum(values) / counts
        spreads = np.sqrt(np.cumsum(values**2) / counts - means**2)
        looks = zip(means, spreads, counts, strict=True)
        found = [anytime_interval(mean, spread, n=n) for mean, spread, n in looks]
        missed += any(not low <= truth <= high for low, high in filter(None, found))

    assert missed / 100 <= 0.05


@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_passes_are_covered_at_every_look(share):
    rng = np.random.default_rng(6)
    missed = sum(_missed(rng.random(150) < share, share) for _ in range(100))

    assert missed / 100 <= 0.05


def test_scores_between_the_bounds_are_covered_at_every_look():
    rng = np.random.default_rng(7)
    missed = sum(_missed(rng.beta(0.1, 0.4, 150), 0.2) for _ in range(100))

    assert missed / 100 <= 0.05


def test_the_ends_are_where_the_martingale_reaches_its_bound():
    lower, upper = bounded_anytime_interval(0.3, n=50)

    for end in (lower, upper):
        log_martingale = (
            math.lgamma(15.5) + math.lgamma(35.5) - math.lgamma(51)
            - 2 * math.lgamma(0.5) - 15 * math.log(end) - 35 * math.log(1 - end)
        )  # fmt: skip
        assert log_martingale == pytest.approx(math.log(20))


def test_all_right_or_all_wrong_reaches_the_bound_and_no_further():
    assert bounded_anytime_interval(1.0, n=20)[1] == 1.0
    assert bounded_anytime_interval(0.0, n=20)[0] == 0.0
    assert bounded_anytime_interval(0.0, n=0) == (0.0, 1.0)
    assert 0.7 < bounded_anytime_interval(1.0, n=20)[0] < 1.0


def test_the_interval_follows_the_bounds():
    lower, upper = bounded_anytime_interval(0.3, n=50)

    assert bounded_anytime_interval(-2.0, n=50, low=-5, high=5) == pytest.approx(
        (10 * lower - 5, 10 * upper - 5)
    )


@pytest.mark.parametrize("mean", [-0.1, 1.1, math.nan])
def test_a_mean_outside_the_bounds_is_refused(mean):
    with pytest.raises(ValueError, match="must lie within them"):
        bounded_anytime_interval(mean, n=10)


def _missed(scores, truth):
    """Whether one of the looks, one after each score, leaves the true mean out."""
    looks = enumerate(np.cumsum(scores) / np.arange(1, len(scores) + 1), 1)
    intervals = (bounded_anytime_interval(float(mean), n=n) for n, mean in looks)
    return any(not lower <= truth <= upper for lower, upper in intervals)
