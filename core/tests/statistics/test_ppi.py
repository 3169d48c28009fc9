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


@pytest.mark.slow
@pytest.mark.parametrize("n", [5, 10, 20, 30, 100])
def test_the_interval_of_right_and_wrong_covers_with_few_labels_too(n):
    rng, held = np.random.default_rng(n), []
    for share in np.linspace(0.05, 0.95, 19):
        for _ in range(100):
            truth = (rng.random(n + 300) < share) * 1.0
            judge = np.where(rng.random(n + 300) < 0.85, truth, 1 - truth)
            got = prediction_powered_mean(truth[:n], judge[:n], unlabelled=judge[n:])
            held.append(got.ci_lower <= share <= got.ci_upper)
            assert 0 <= got.ci_lower < got.ci_upper <= 1

    assert np.mean(held) >= 0.94


@pytest.mark.slow
@pytest.mark.parametrize("n", [5, 10, 30])
def test_a_weight_tuned_on_few_labels_costs_no_coverage(n):
    draws = (draw(seed, n=n, judged=500, noise=0.5) for seed in range(1500))
    found = [
        prediction_powered_mean(labels, judged, unlabelled=rest) for labels, judged, rest in draws
    ]

    assert np.mean([one.ci_lower <= 0.5 <= one.ci_upper for one in found]) >= 0.935


def test_without_other_items_the_labels_alone_are_the_answer():
    labels, judged = [1.0, 0.0, 1.0, 1.0], [1.0, 0.0, 0.0, 1.0]
    expected = mean_estimate(labels)

    got = prediction_powered_mean(labels, judged, unlabelled=[])

    assert (got.mean, got.ci_lower, got.ci_upper) == (
        expected.mean,
        expected.ci_lower,
        expected.ci_upper,
    )
    assert (got.method, got.weight) == ("labels_only_wilson", 0.0)
    two = prediction_powered_mean([0.2, 0.6], [0.1, 0.2], unlabelled=judged)
    assert (two.mean, two.method) == (0.4, "labels_only_t")


def test_few_graded_labels_have_a_caution():
    labels, judged, rest = draw(5, n=9)

    assert (
        "labels without long tails"
        in prediction_powered_mean(labels, judged, unlabelled=rest).reason
    )
    assert prediction_powered_mean(*draw(5)[:2], unlabelled=rest).reason is None


def test_what_cannot_be_estimated_says_why():
    got = prediction_powered_mean([1.0], [1.0], unlabelled=[1.0, 0.0])
    constant = prediction_powered_mean([0.7] * 3, [0.5] * 3, unlabelled=[0.5, 0.5])

    assert got.reason == "fewer than two labelled items: their spread is unknown"
    assert constant.reason == "nothing varies: no spread to infer from"


def test_each_label_needs_a_judges_score():
    with pytest.raises(ValueError, match="2 labels and 1 judged"):
        prediction_powered_mean([1.0, 0.0], [1.0], unlabelled=[0.0, 1.0])
