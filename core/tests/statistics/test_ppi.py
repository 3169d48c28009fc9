from __future__ import annotations

import numpy as np
import pytest

from themis.statistics import mean_estimate, prediction_powered_mean


def draw(seed: int, *, n: int = 40, judged: int = 400, noise: float = 0.1):
    rng = np.random.default_rng(seed)
    truth = rng.random(n + judged)
    judge = truth + 0.2 + rng.normal(0, noise, n + judged)  # a judge that is too kind
    return truth[:n], judge[:n], judge[n:]


def test_a_good_judge_narrows_the_interval_and_its_bias_is_removed():
    labels, judged, rest = draw(1)

    got = prediction_powered_mean(labels, judged, unlabelled=rest)

    assert got.se < 0.6 * got.labels_only_se
    assert got.ci_lower < 0.5 < got.ci_upper
    assert got.weight > 0.7


def test_a_judge_that_knows_nothing_is_not_believed():
    labels, _, _ = draw(2)
    rng = np.random.default_rng(3)

    got = prediction_powered_mean(labels, rng.random(40), unlabelled=rng.random(400))

    assert got.weight < 0.3
    assert got.se < 1.1 * got.labels_only_se


def test_a_weight_of_0_is_the_labels_alone():
    labels, judged, rest = draw(4)
    expected = mean_estimate(labels)

    got = prediction_powered_mean(labels, judged, unlabelled=rest, weight=0.0)

    assert (got.mean, got.se) == pytest.approx((expected.mean, expected.se))
    assert (got.ci_lower, got.ci_upper) == pytest.approx((expected.ci_lower, expected.ci_upper))


@pytest.mark.slow
def test_the_interval_covers_however_biased_the_judge_is():
    found = [
        prediction_powered_mean(labels, judged, unlabelled=rest)
        for labels, judged, rest in map(draw, range(2000))
    ]

    assert 0.935 <= np.mean([one.ci_lower <= 0.5 <= one.ci_upper for one in found]) <= 0.965


def test_what_cannot_be_estimated_says_why():
    got = prediction_powered_mean([1.0], [1.0], unlabelled=[1.0, 0.0])
    constant = prediction_powered_mean([1.0, 1.0], [0.5, 0.5], unlabelled=[0.5, 0.5])

    assert got.reason == "fewer than two labelled or unlabelled items: their spread is unknown"
    assert constant.reason == "nothing varies: no spread to infer from"


def test_each_label_needs_a_judges_score():
    with pytest.raises(ValueError, match="2 labels and 1 judged"):
        prediction_powered_mean([1.0, 0.0], [1.0], unlabelled=[0.0, 1.0])
