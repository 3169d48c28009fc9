from __future__ import annotations

import pytest

from themis.builtins.metrics.cost import Latency, TokenCount
from themis.errors import MetricError
from themis.records import TokenUsage


def test_latency_is_the_engines_in_milliseconds(trial, said):
    candidate = said("x", latency_ms=12.5, time_to_first_token_ms=3)
    assert Latency().score(trial, candidate, {}).value == 12.5
    assert Latency({"until": "first_token"}).score(trial, candidate, {}).value == 3.0


def test_a_latency_that_was_not_reported_is_an_error_and_no_zero(trial, said):
    with pytest.raises(MetricError) as caught:
        Latency().score(trial, said("x"), {})
    assert str(caught.value) == (
        "latency: candidate c0ffee has no latency_ms; its engine gave none"
    )


@pytest.mark.parametrize(
    ("count", "value"), [("prompt", 7), ("completion", 3), ("total", 10), ("cached", 2)]
)
def test_tokens_are_counted_by_kind(trial, said, count, value):
    candidate = said("x", token_usage=TokenUsage(prompt=7, completion=3, cached=2))
    assert TokenCount({"count": count}).score(trial, candidate, {}).value == value


@pytest.mark.parametrize("usage", [None, TokenUsage(prompt=7)])
def test_a_count_that_was_not_reported_is_an_error(trial, said, usage):
    candidate = said("x", token_usage=usage)
    for count in ("completion", "total"):
        with pytest.raises(MetricError, match=f"c0ffee has no {count} token count"):
            TokenCount({"count": count}).score(trial, candidate, {})


def test_a_candidate_without_output_cannot_be_measured(trial, said):
    with pytest.raises(MetricError, match="candidate c0ffee has no output to measure"):
        Latency().score(trial, said(), {})
