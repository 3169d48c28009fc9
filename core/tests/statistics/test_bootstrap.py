from __future__ import annotations

import math
import re

import numpy as np
import pytest
from scipy import stats

from themis.statistics import bootstrap_interval, mean_estimate
from themis.testing.kits.timing import cpu_seconds


def test_bca_agrees_with_scipy():
    values = np.random.default_rng(1).exponential(size=40)
    expected = stats.bootstrap((values,), np.mean, n_resamples=60_000, random_state=2, method="BCa")

    got = bootstrap_interval(values)

    limits = expected.confidence_interval
    assert (got.ci_lower, got.ci_upper) == pytest.approx((limits.low, limits.high), abs=0.03)
    assert got.method == "bootstrap_bca"


def test_a_statistic_of_ones_own_is_resampled():
    values = np.random.default_rng(3).normal(5, 1, 60)

    got = bootstrap_interval(values, statistic=lambda row: float(np.median(row)), draws=2000)

    assert got.estimate == np.median(values)
    assert got.ci_lower < got.estimate < got.ci_upper
    assert (got.draws, got.bca_defined) == (2000, True)


def test_few_distinct_values_are_drawn_as_counts():
    deltas = [0.0] * 60 + [1.0] * 30 + [-1.0] * 10

    got = bootstrap_interval(deltas)
    plain = bootstrap_interval(np.array(deltas) + np.linspace(0, 1e-9, 100))

    assert got.method == "bootstrap_bca_multinomial"
    assert plain.method == "bootstrap_bca"
    assert got.ci_lower == pytest.approx(plain.ci_lower, abs=0.015)
    assert got.ci_upper == pytest.approx(plain.ci_upper, abs=0.015)


def test_100000_pairs_take_no_time():
    rng = np.random.default_rng(4)
    signs, values = rng.choice([-1.0, 0.0, 1.0], 100_000), rng.random(100_000)
    binary = continuous = None

    def both():
        nonlocal binary, continuous
        binary, continuous = bootstrap_interval(signs), bootstrap_interval(values)

    assert cpu_seconds(both, allowed=1.0) < 1.0
    assert (binary.method, continuous.method) == ("bootstrap_bca_multinomial", "t")
    assert continuous.reason.startswith("more than 2000 values: the t interval")


def test_the_same_seed_gives_the_same_interval():
    values = [0.1, 0.5, 0.2, 0.9, 0.7]

    assert bootstrap_interval(values, seed=5) == bootstrap_interval(values, seed=5)


def test_the_interval_of_a_mean_is_near_the_t_interval():
    values = np.random.default_rng(6).random(400)
    got, expected = bootstrap_interval(values), mean_estimate(values)

    assert (got.ci_lower, got.ci_upper) == pytest.approx(
        (expected.ci_lower, expected.ci_upper), abs=0.004
    )


def test_what_has_no_spread_says_why():
    assert bootstrap_interval([]).reason == "no values"
    assert bootstrap_interval([0.4]).reason == "one value: its spread is unknown"
    assert bootstrap_interval([0.1, 0.1]).reason.startswith("all values are equal")


@pytest.mark.parametrize("values", [[1.0, 2.0, 3.0], [1.0, 1.0], [1.0]])
def test_a_statistic_that_is_no_number_has_no_interval_and_says_why(values):
    got = bootstrap_interval(values, statistic=lambda _: math.nan)

    assert (got.estimate, got.se, got.ci_lower, got.ci_upper) == (None,) * 4
    assert got.reason == "the statistic of these values is not a finite number"


def test_a_statistic_that_some_resamples_do_not_have_has_no_interval():
    def ratio(array):
        return 1.0 / (array.max() - array.min()) if array.max() > array.min() else math.inf

    got = bootstrap_interval([1.0, 2.0, 4.0], statistic=ratio, draws=900)

    assert (got.estimate, got.ci_lower) == (pytest.approx(1 / 3), None)
    assert re.fullmatch(r"the statistic is undefined for \d+ of 900 resamples", got.reason)


def test_an_unknown_kind_names_the_known_ones():
    with pytest.raises(ValueError, match="unknown bootstrap interval 'basic'; known: bca, perc"):
        bootstrap_interval([0.1, 0.2], kind="basic")
