from __future__ import annotations

import pytest

from themis.statistics.regression import RegressionCheck, RegressionConfig


def test_the_defaults_are_10_percent_and_a_gate():
    [check] = RegressionConfig().checks

    assert (check.method, check.threshold, check.severity) == ("percentage", 10.0, "gate")
    assert RegressionCheck(method="adaptive").threshold == 3.5
    assert RegressionCheck(method="paired").threshold == 0.0


def test_a_configuration_is_read_from_plain_values():
    config = RegressionConfig.from_mapping(
        {
            "checks": [{"method": "adaptive", "percent_gate": None}],
            "metrics": {
                "latency": [
                    {"method": "delta", "max_delta": 0.5, "severity": "notify"},
                    {"method": "absolute", "limit": 20},
                ],
                "accuracy": {"method": "percentage", "threshold": 2},
            },
            "ci_level": 0.9,
        }
    )

    assert config.checks_of("other") == (RegressionCheck(method="adaptive", percent_gate=None),)
    assert [check.threshold for check in config.checks_of("latency")] == [0.5, 20]
    assert config.checks_of("accuracy") == (RegressionCheck(threshold=2),)
    assert config.ci_level == 0.9


def test_one_check_may_stand_for_all():
    [check] = RegressionConfig.from_mapping({"method": "delta", "max_delta": 0.1}).checks

    assert (check.method, check.threshold) == ("delta", 0.1)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"method": "percent"}, "unknown method 'percent'; known: percentage, .* 'percentage'?"),
        ({"severity": "block"}, "unknown severity 'block'; known: gate, notify, info"),
        ({"method": "delta"}, "a check by 'delta' needs a threshold: max_delta"),
        ({"method": "absolute"}, "a check by 'absolute' needs a threshold: the ceiling"),
        ({"threshold": -1}, "the threshold of 'percentage' is a percentage, 0 or more; got -1"),
        ({"threshold": float("nan")}, "the threshold of 'percentage' is a percentage"),
        ({"threshold": "10"}, "threshold is a number; got '10'"),
        ({"threshold": True}, "threshold is a number; got True"),
        ({"threshold": None}, "threshold is a number; got None"),
        ({"percent_gate": -1}, "percent_gate is a percentage, 0 or more, or None; got -1"),
        ({"percent_gate": 5}, "'percent_gate' is of 'adaptive', not of 'percentage'"),
        ({"max_delta": 0.1}, "'max_delta' is the threshold of 'delta', not of 'percentage'"),
        ({"treshold": 5}, "unknown key 'treshold'; known: method, .* Did you mean 'threshold'"),
        ({"checks": []}, "checks are a list of one or more"),
        ({"checks": ["delta"]}, "a check is a table of its method and threshold"),
        ({"metrics": []}, r"metrics is a table of a metric's checks each; got \[\]"),
        ({"metrics": None}, "metrics is a table of a metric's checks each; got None"),
        ({"correction": "sidak"}, "unknown p-value correction 'sidak'; known: none, holm, bh"),
        ({"ci_level": 95}, "a confidence level lies between 0 and 1 .* got 95"),
        ({"ci_level": "0.95"}, "ci_level is a number between 0 and 1; got '0.95'"),
        ({"checks": [{}], "metric": {}}, "unknown key 'metric'; .* Did you mean 'metrics'"),
    ],
)
def test_a_bad_configuration_is_an_error(given, message):
    with pytest.raises(ValueError, match=message):
        RegressionConfig.from_mapping(given)


def test_an_override_of_a_metric_that_there_is_not_is_an_error():
    config = RegressionConfig.from_mapping({"metrics": {"acuracy": {}}})

    with pytest.raises(ValueError, match=r"unknown key 'acuracy'; .* Did you mean 'accuracy'"):
        config.check_variables(["accuracy", "latency"])
