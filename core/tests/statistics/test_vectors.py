"""Every reference value of the file, each by the public function that gives it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from themis import statistics as ts

Check = Callable[[dict[str, Any], dict[str, Any], Callable[[Any], Any]], None]


def mean_se_binary(given, expected, near):
    got = ts.mean_estimate(given["scores"])
    assert (got.n, got.mean, got.se) == (10, near(expected["mean"]), near(expected["se"]))
    assert ts.t_interval(got.mean, got.se, df=expected["df"]) == near(tuple(expected["t_ci"]))
    assert ts.normal_interval(got.mean, got.se) == near(tuple(expected["z_ci"]))
    assert got.se != near(expected["wrong_ddof0_se"])


def mean_edge(given, expected, near):
    empty, single, constant = (ts.mean_estimate(case) for case in given["cases"])
    assert (empty.n, empty.mean, empty.se, empty.ci_lower) == (0, None, None, None)
    assert (single.n, single.mean, single.se, single.ci_lower) == (1, 0.5, None, None)
    assert (constant.mean, constant.se) == (1.0, 0.0)
    wilson = expected["constant_binary"]["wilson_ci"]
    assert [constant.ci_lower, constant.ci_upper] == near(wilson)


def clustered_se(given, expected, near):
    scores, clusters = given["scores"], given["cluster"]
    got, sums = (
        ts.mean_estimate(scores, clusters=clusters),
        ts.cluster_sums(scores, clusters=clusters),
    )
    assert (got.mean, got.n_items) == (near(expected["mean"]), expected["n_clusters"])
    assert got.se == near(expected["clustered_se_corrected"])
    assert ts.mean_estimate(scores).se == near(expected["naive_se"])
    assert sums.standard_error(corrected=False) == near(expected["clustered_se_cr0"])
    assert [got.ci_lower, got.ci_upper] == near(expected["t_ci_corrected"])
    assert ts.design_effect(scores, clusters) == near(expected["design_effect"])


def paired_t_sleep(given, expected, near):
    got, effects = ts.paired_t(**given), ts.paired_effects(**given)
    for name in (
        "pair_count",
        "baseline_mean",
        "treatment_mean",
        "delta_mean",
        "se",
        "df",
        "p_value",
    ):
        assert getattr(got, name) == near(expected[name]), name
    assert got.statistic == near(expected["t"])
    assert [got.ci_lower, got.ci_upper] == near(expected["ci"])
    for name in ("correlation", "unpaired_se", "cohen_dz", "wins", "losses", "ties"):
        assert getattr(effects, name) == near(expected[name]), name


def mcnemar_small(given, expected, near):
    wins, losses = given["treatment_only"], given["baseline_only"]
    assert ts.mcnemar_exact_p(wins, losses) == near(expected["p_exact"])
    assert ts.mcnemar_midp_p(wins, losses) == near(expected["p_midp"])
    n = wins + losses + given["both"] + given["neither"]
    assert ts.mcnemar(wins, losses, ones=given["both"], n=n).delta_mean == near(
        expected["delta_mean"]
    )


def mcnemar_zero(given, expected, near):
    assert ts.mcnemar_exact_p(0, 0) == expected["p_exact"]


def proportion_ci(given, expected, near):
    routes = {
        "wilson": ts.wilson_interval,
        "clopper_pearson": ts.clopper_pearson_interval,
        "jeffreys": ts.jeffreys_interval,
        "bayes_uniform": ts.uniform_prior_interval,
        "wald": ts.wald_interval,
    }
    for case in expected["cases"]:
        for name, interval in routes.items():
            assert interval(case["k"], case["n"]) == near(tuple(case[name])), (case["k"], name)


def permutation_darwin(given, expected, near):
    deltas = given["deltas"]
    got = ts.sign_flip_test(deltas)
    assert got.mean == near(expected["delta_mean"])
    assert got.exceed_greater == expected["exceed_one_sided"]
    assert (got.exceed_two_sided, got.total) == (expected["exceed_two_sided"], expected["total"])
    assert got.p_greater == near(expected["p_one_sided"])
    assert got.p_two_sided == near(expected["p_two_sided"])
    assert ts.paired_t([0.0] * len(deltas), deltas).p_value == near(expected["t_p"])
    assert ts.wilcoxon_p(deltas) == near(expected["wilcoxon_exact_p"])
    assert ts.sign_test_p(deltas) == near(expected["sign_test_p"])


def permutation_constant_shift(given, expected, near):
    got = ts.sign_flip_test(given["deltas"])
    assert got.mean == near(expected["delta_mean"])
    assert got.p_two_sided == pytest.approx(expected["p_two_sided_exact"], rel=1e-12)
    assert ts.sign_test_p(given["deltas"]) == pytest.approx(expected["sign_test_p"], rel=1e-12)
    assert got.method == "sign_flip_exact"


def bootstrap_darwin(given, expected, near):
    bca = ts.bootstrap_interval(given["deltas"], level=given["level"])
    percentile = ts.bootstrap_interval(given["deltas"], level=given["level"], kind="percentile")
    assert bca.se == pytest.approx(expected["ideal_bootstrap_se"], abs=1e-9)
    assert bca.acceleration == pytest.approx(expected["acceleration"], abs=1e-9)
    assert [bca.ci_lower, bca.ci_upper] == near(expected["bca"])
    assert [percentile.ci_lower, percentile.ci_upper] == near(expected["percentile"])


def bootstrap_degenerate(given, expected, near):
    constant, single, empty = (ts.bootstrap_interval(case) for case in given["cases"])
    assert [constant.ci_lower, constant.ci_upper] == near(expected["constant"]["ci"])
    assert constant.bca_defined is expected["constant"]["bca_defined"]
    assert (single.ci_lower, empty.ci_lower) == (None, None)


def padjust_bh95(given, expected, near):
    p = given["p"]
    assert ts.adjust(p, "holm") == near(expected["holm"])
    assert ts.adjust(p, "bh") == near(expected["bh"])
    assert ts.benjamini_yekutieli(p) == near(expected["by"])
    assert ts.bonferroni(p) == near(expected["bonferroni"])
    assert sum(q < 0.05 for q in ts.adjust(p, "bh")) == expected["rejected_bh_05"]
    assert sum(q < 0.05 for q in ts.adjust(p, "holm")) == expected["rejected_holm_05"]


def padjust_nulls(given, expected, near):
    for method in ("holm", "bh"):
        assert [*map(near, expected[method])] == ts.adjust(given["p"], method)


def pass_at_k(given, expected, near):
    for case in expected["cases"]:
        n, c, k = case["n"], case["c"], case["k"]
        assert ts.pass_at_k(n, c, k) == near(case["pass_at_k"])
        assert ts.pass_hat_k(n, c, k) == near(case["pass_hat_k"])
        assert 1 - (1 - c / n) ** k == near(case["biased_plugin"])
    assert ts.pass_at_k(3, 1, 4) is ts.pass_hat_k(3, 1, 4) is expected["k_greater_than_n"]


def repeats_se(given, expected, near):
    got = ts.repeat_spread(given["scores"])
    assert (got.mean, got.se) == (near(expected["mean"]), near(expected["se_question_means"]))
    assert got.within_variance == near(expected["within_var"])
    assert got.between_variance == near(expected["between_var"])
    assert got.se_if_k_infinite == near(expected["se_if_k_infinite"])
    assert got.se != near(expected["wrong_pooled_se"])


def cohen_kappa(given, expected, near):
    got = ts.cohen_kappa(given["table"])
    assert (got.value, got.se) == (near(expected["kappa"]), near(expected["std_kappa"]))
    assert [got.ci_lower, got.ci_upper] == near(expected["ci"])
    assert (got.observed, got.expected) == (near(expected["po"]), near(expected["pe"]))


def krippendorff_alpha(given, expected, near):
    for scale, value in expected.items():
        got = ts.krippendorff_alpha(given["raters_by_units"], scale=scale)
        assert got.value == near(value), scale


def bradley_terry_disconnected(given, expected, near):
    games, players = [tuple(game) for game in given["games"]], given["items"]
    with pytest.raises(ts.NoMaximumError, match=r"these parts both ways: A; B; C\."):
        ts.bradley_terry(games, players=players)
    regular = ts.bradley_terry(games, players=players, alpha=0.5)
    assert all(math.isfinite(value) for value in regular.strengths.values())


def power_two_prop(given, expected, near):
    got = ts.items_for_proportions(
        given["p1"], given["p2"], level=1 - given["alpha"], power=given["power"]
    )
    assert got == near(expected["n_per_arm"])


def tost_paired(given, expected, near):
    low, high = given["low"], given["upp"]
    got = ts.tost_paired(given["baseline"], given["treatment"], low=low, high=high)
    for name in ("p_value", "p_lower", "p_upper"):
        assert getattr(got, name) == near(expected[name]), name
    narrow = ts.paired_t(given["baseline"], given["treatment"], level=0.9)
    assert [narrow.ci_lower, narrow.ci_upper] == near(expected["ci90"])


def calibration(given, expected, near):
    confidence, correct = given["confidence"], given["correct"]
    error = ts.expected_calibration_error(confidence, correct, bins=given["bins"])
    assert ts.brier_score(confidence, correct) == near(expected["brier"])
    assert error == near(expected["ece"])


def series(given, expected, near):
    got = ts.event_series(given["rows"], given["labels"])
    for point, row in zip(got, expected["series"], strict=True):
        assert (point.time_event, point.n) == (row["time_event"], row["n"])
        assert (point.mean, point.std) == (near(row["mean"]), near(row["std"]))


CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        mean_se_binary,
        mean_edge,
        clustered_se,
        paired_t_sleep,
        mcnemar_small,
        mcnemar_zero,
        proportion_ci,
        permutation_darwin,
        permutation_constant_shift,
        bootstrap_darwin,
        bootstrap_degenerate,
        padjust_bh95,
        padjust_nulls,
        pass_at_k,
        repeats_se,
        cohen_kappa,
        krippendorff_alpha,
        bradley_terry_disconnected,
        power_two_prop,
        tost_paired,
        calibration,
        series,
    )
}


@pytest.mark.parametrize("vector_id", sorted(CHECKS))
def test_a_reference_value_is_reproduced(vectors, vector_id):
    vector = vectors[vector_id]

    def near(expected: Any) -> Any:
        if expected is None:
            return None
        return pytest.approx(expected, abs=vector["tolerance"], rel=0)

    CHECKS[vector_id](vector["inputs"], vector["expected"], near)


def test_every_reference_value_has_a_check(vectors):
    assert {*CHECKS, "regression_detectors"} == set(vectors)
