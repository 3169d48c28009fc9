"""How often the default intervals hold the truth, and the default tests cry wolf.

0/1 scores are enumerated, so nothing is left to chance; continuous ones are simulated with a seed.
"""

from __future__ import annotations

import math
from functools import cache
from itertools import product

import numpy as np
import pytest
from scipy.special import gammaln

from themis.statistics import (
    compare,
    compare_unpaired,
    confidence_sequence,
    mcnemar_midp_p,
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


@cache
def paired_outcomes(n: int) -> tuple[np.ndarray, ...]:
    """Of every number of wins and losses: both, the interval, and whether there is an alarm."""
    rows = []
    for wins in range(n + 1):
        for losses in range(min(wins, n - wins) + 1):
            before = np.repeat([0.0, 1.0, 1.0], [wins, losses, n - wins - losses])
            after = np.repeat([1.0, 0.0, 1.0], [wins, losses, n - wins - losses])
            found = compare(before, after)
            alarm = found.p_value is not None and found.p_value < 0.05
            rows.append((wins, losses, found.ci_lower, found.ci_upper, alarm))
            if wins != losses:
                rows.append((losses, wins, -found.ci_upper, -found.ci_lower, alarm))
    return tuple(np.array(rows, dtype=float).T)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("correlation", [0.0, 0.5])
def test_pairs_of_0_and_1_scores_cover_and_keep_their_level(n, correlation):
    wins, losses, lower, upper, rejected = paired_outcomes(n)
    covered, alarms = [], []
    for win, loss in discordance(correlation):
        weights = trinomial(wins, losses, n=n, win=win, loss=loss)
        delta = win - loss
        covered.append(weights[(lower <= delta + 1e-12) & (delta - 1e-12 <= upper)].sum())
        if abs(delta) < 1e-9:
            alarms.append(weights @ rejected)

    assert np.mean(covered) == NOMINAL
    assert max(alarms) <= 0.055


def test_mid_p_passes_its_level_only_where_nearly_all_pairs_are_discordant():
    """7.7 % at worst: 16 pairs that all are; where up to 9 of 10 are it is at most 5.4 %."""
    chances = [
        sum(binomial(n, 0.5)[w] for w in range(n + 1) if mcnemar_midp_p(w, n - w) < 0.05)
        for n in range(101)
    ]
    few = [
        binomial(n, share) @ chances[: n + 1]
        for n in range(5, 101)
        for share in np.linspace(0.05, 0.9, 35)
    ]

    assert max(few) <= 0.055
    assert max(chances[5:]) == pytest.approx(0.0768, abs=1e-4)


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


@cache
def unshared_outcomes(n: int) -> tuple[np.ndarray, ...]:
    """The interval's ends, and whether there is an alarm, by the counts right of either side."""
    lower, upper, alarm = np.zeros((3, n + 1, n + 1))
    for k in range(n + 1):
        for j in range(k, n + 1 - k):
            found = newcombe((k, n), (j, n))
            for a, b, turned in ((k, j, False), (n - j, n - k, False), (j, k, True)):
                ends = found.ci_lower, found.ci_upper
                lower[a, b], upper[a, b] = (-ends[1], -ends[0]) if turned else ends
                alarm[a, b] = found.p_value < 0.05
            lower[n - k, n - j], upper[n - k, n - j] = lower[j, k], upper[j, k]
            alarm[n - k, n - j] = alarm[j, k]
    return lower, upper, alarm


@pytest.mark.parametrize("n", SIZES)
def test_unshared_0_and_1_scores_cover(n):
    lower, upper, _ = unshared_outcomes(n)
    covered = []
    for before, after in product(SHARES, repeat=2):
        weights = np.outer(binomial(n, before), binomial(n, after))
        delta = after - before
        covered.append(weights[(lower <= delta + 1e-12) & (delta - 1e-12 <= upper)].sum())

    assert np.mean(covered) == NOMINAL


@pytest.mark.parametrize(
    ("n", "most"), [(10, 0.055), (30, 0.055), (50, 0.057), (100, 0.0561), (300, 0.055)]
)
def test_unshared_0_and_1_scores_keep_their_level(n, most):
    """At any share right; 5.7 % at worst, of 50 items a side of which half are."""
    _, _, alarm = unshared_outcomes(n)
    alarms = [
        binomial(n, share) @ alarm @ binomial(n, share) for share in np.linspace(0.02, 0.98, 97)
    ]

    assert max(alarms) <= most
    assert np.mean(alarms) <= 0.05


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
