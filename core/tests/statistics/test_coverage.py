"""How often the default intervals hold the truth, and the default tests cry wolf.

0/1 scores are enumerated, so nothing is left to chance; continuous ones are simulated with a seed.
"""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from scipy.special import gammaln

from themis.statistics import (
    compare,
    compare_unpaired,
    confidence_sequence,
    mcnemar,
    mean_estimate,
    newcombe,
    wilson_interval,
)

pytestmark = pytest.mark.slow

SHARES = np.round(np.arange(0.05, 0.951, 0.05), 2)
SIZES = [30, 100, 300]
ROUNDS = 8000
NOMINAL = pytest.approx(0.9525, abs=0.0125)  # 94 to 96.5 %


def binomial(n: int, share: float) -> np.ndarray:
    k = np.arange(n + 1)
    ways = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return np.exp(ways + k * math.log(share) + (n - k) * math.log1p(-share))


@pytest.mark.parametrize("n", SIZES)
def test_the_interval_of_0_and_1_scores_covers(n):
    lower, upper = np.array([wilson_interval(k, n) for k in range(n + 1)]).T
    covered = [
        binomial(n, share)[(lower <= share) & (share <= upper)].sum()
        for share in np.linspace(0.05, 0.95, 91)
    ]

    assert np.mean(covered) == NOMINAL


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("shape", ["normal", "beta"])
def test_the_interval_of_continuous_scores_covers(n, shape):
    rng = np.random.default_rng(n)
    draw, truth = {
        "normal": (lambda: rng.normal(0.5, 0.1, n), 0.5),
        "beta": (lambda: rng.beta(4, 2, n), 2 / 3),
    }[shape]
    found = [mean_estimate(draw()) for _ in range(ROUNDS)]

    assert np.mean([one.ci_lower <= truth <= one.ci_upper for one in found]) == NOMINAL


@pytest.mark.parametrize("n", [30, 100])
@pytest.mark.parametrize("correlation", [0.0, 0.5])
def test_pairs_of_0_and_1_scores_cover_and_keep_their_level(n, correlation):
    outcomes = [(w, lost) for w in range(n + 1) for lost in range(n + 1 - w)]
    tests = [mcnemar(w, lost, ones=0, n=n) for w, lost in outcomes]
    wins, losses = np.array(outcomes).T
    lower = np.array([test.ci_lower for test in tests])
    upper = np.array([test.ci_upper for test in tests])
    rejected = np.array([test.p_value is not None and test.p_value < 0.05 for test in tests])
    covered, alarms = [], []
    for win, loss in discordance(correlation):
        weights = trinomial(wins, losses, n=n, win=win, loss=loss)
        delta = win - loss
        covered.append(weights[(lower <= delta + 1e-12) & (delta - 1e-12 <= upper)].sum())
        if abs(delta) < 1e-9:
            alarms.append(weights[rejected].sum())

    assert np.mean(covered) == NOMINAL
    assert max(alarms) <= 0.055


def discordance(correlation: float):
    """The shares of wins and losses of two models, each right with a share of 5 to 95 %."""
    for before, after in product(SHARES[::2], repeat=2):
        spread = math.sqrt(before * (1 - before) * after * (1 - after))
        both = min(before * after + correlation * spread, min(before, after) - 0.005)
        if before + after - 2 * both < 1:
            yield after - both, before - both


def trinomial(wins, losses, *, n, win, loss):
    ties = n - wins - losses
    ways = gammaln(n + 1) - gammaln(wins + 1) - gammaln(losses + 1) - gammaln(ties + 1)
    logs = wins * math.log(win) + losses * math.log(loss) + ties * math.log1p(-win - loss)
    return np.exp(ways + logs)


@pytest.mark.parametrize("n", [30, 100])
def test_unshared_0_and_1_scores_cover_and_keep_their_level(n):
    found = [[newcombe((k, n), (j, n)) for j in range(n + 1)] for k in range(n + 1)]
    lower = np.array([[test.ci_lower for test in row] for row in found])
    upper = np.array([[test.ci_upper for test in row] for row in found])
    rejected = np.array([[test.p_value < 0.05 for test in row] for row in found])
    covered, alarms = [], []
    for before, after in product(SHARES, repeat=2):
        weights = np.outer(binomial(n, before), binomial(n, after))
        delta = after - before
        covered.append(weights[(lower <= delta) & (delta <= upper)].sum())
        if before == after:
            alarms.append(weights[rejected].sum())

    assert np.mean(covered) == NOMINAL
    assert np.mean(alarms) <= 0.055


@pytest.mark.parametrize("n", SIZES)
def test_pairs_of_continuous_scores_cover_and_keep_their_level(n):
    rng = np.random.default_rng(n + 1)
    found = []
    for _ in range(ROUNDS):
        item = rng.random(n)
        found.append(compare(item + rng.normal(0, 0.1, n), item + rng.normal(0, 0.2, n)))

    assert {one.method for one in found} == {"paired_t"}
    assert np.mean([one.ci_lower <= 0 <= one.ci_upper for one in found]) == NOMINAL
    assert np.mean([one.p_value < 0.05 for one in found]) <= 0.055


@pytest.mark.parametrize("n", SIZES)
def test_unshared_continuous_scores_cover_and_keep_their_level(n):
    rng = np.random.default_rng(n + 2)
    found = [
        compare_unpaired(rng.normal(0.5, 0.1, n), rng.normal(0.5, 0.3, n // 2))
        for _ in range(ROUNDS)
    ]

    assert {one.method for one in found} == {"welch"}
    assert np.mean([one.ci_lower <= 0 <= one.ci_upper for one in found]) == NOMINAL
    assert np.mean([one.p_value < 0.05 for one in found]) <= 0.055


def test_few_pairs_keep_their_level_whatever_their_distribution():
    rng = np.random.default_rng(7)
    found = [compare(np.zeros(7), rng.standard_t(1.5, 7)) for _ in range(4000)]

    assert {one.method for one in found} == {"sign_flip_exact"}
    assert np.mean([one.p_value < 0.05 for one in found]) <= 0.055


def test_few_clusters_cover():
    rng = np.random.default_rng(8)
    clusters = np.repeat(np.arange(30), 4)
    found = [
        mean_estimate(np.repeat(rng.random(30), 4) + rng.normal(0, 0.1, 120), clusters=clusters)
        for _ in range(4000)
    ]

    assert np.mean([one.ci_lower <= 0.5 <= one.ci_upper for one in found]) == NOMINAL


@pytest.mark.parametrize("spread", [[-0.5, 0.5], [-1.0, 0.0, 0.0, 0.0, 1.0]])
def test_looking_after_every_item_does_not_raise_false_alarms(spread):
    rng = np.random.default_rng(9)
    runs = [confidence_sequence(rng.choice(spread, 400)) for _ in range(600)]

    assert np.mean([run.decided_at is not None for run in runs]) <= 0.055
