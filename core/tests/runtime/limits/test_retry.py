from __future__ import annotations

import math
import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.errors import ErrorCode, InferenceError, ThemisError
from themis.runtime.limits.retry import RetryPolicy, retry_after


def policy(**fields):
    defaults = {
        "max_retries": 10,
        "factor": 2.0,
        "base_seconds": 0.5,
        "cap_seconds": 30.0,
        "max_retry_after_seconds": 600.0,
        "codes": frozenset(),
        "rng": random.Random(3),
    }
    return RetryPolicy(**(defaults | fields))


UNAVAILABLE = InferenceError("down")


@given(attempts=st.integers(1, 10), seed=st.integers())
def test_a_backoff_lies_between_nothing_and_its_bound(attempts, seed):
    delay = policy(rng=random.Random(seed)).delay(UNAVAILABLE, attempts)

    assert 0 <= delay <= min(30.0, 0.5 * 2.0 ** (attempts - 1))


def test_backoffs_are_spread_over_their_whole_range():
    delays = [policy(rng=random.Random(seed)).delay(UNAVAILABLE, 3) for seed in range(2000)]

    assert min(delays) < 0.01
    assert max(delays) > 1.99
    assert sum(delays) / len(delays) == pytest.approx(1.0, abs=0.05)


def test_the_bound_grows_by_the_factor_up_to_the_cap():
    assert [policy().bound(attempts) for attempts in (1, 2, 3, 7, 8)] == [0.5, 1, 2, 30, 30]


def test_a_factor_too_large_for_a_float_gives_the_cap():
    assert policy(factor=1e300).bound(100) == 30.0


def test_there_are_as_many_retries_as_the_policy_says():
    assert policy(max_retries=2).delay(UNAVAILABLE, 2) is not None
    assert policy(max_retries=2).delay(UNAVAILABLE, 3) is None
    assert policy(max_retries=0).delay(UNAVAILABLE, 1) is None


def test_a_retry_after_leaves_the_waiting_to_the_provider_s_pause():
    assert policy().delay(InferenceError("busy", retry_after=20), 1) == 0.0


def test_a_retry_after_beyond_the_limit_is_not_waited_for():
    assert policy().delay(InferenceError("quota", retry_after=86400), 1) is None


@pytest.mark.parametrize("asked", ["5", " 5.0", 5, Decimal(5)])
def test_a_retry_after_is_read_as_the_header_says_it(asked):
    assert retry_after(InferenceError("busy", retry_after=asked)) == 5.0


@pytest.mark.parametrize("asked", ["x", "Wed, 21 Oct 2026 07:28:00 GMT", [5], math.nan, "nan"])
def test_a_retry_after_that_is_no_number_of_seconds_is_none_at_all(asked):
    assert retry_after(InferenceError("busy", retry_after=asked)) is None


def test_a_negative_retry_after_is_none_at_all():
    assert policy().delay(InferenceError("busy", retry_after=-5), 1) == 0.0


@pytest.mark.parametrize(
    ("error", "codes", "expected"),
    [
        (InferenceError("x", code=ErrorCode.PROVIDER_RATE_LIMIT), (), True),
        (InferenceError("x", code=ErrorCode.PROVIDER_AUTH), (), False),
        (InferenceError("x", code=ErrorCode.PROVIDER_AUTH, retryable=True), (), True),
        (InferenceError("x", retryable=False), (), False),
        (InferenceError("x", retryable=False), ("provider_unavailable",), True),
        (ThemisError("x", code=ErrorCode.ITEM_LOAD), (), False),
        (ThemisError("x", code=ErrorCode.ITEM_LOAD), ("item_load",), True),
    ],
)
def test_an_error_is_retried_if_it_says_so_or_the_policy_does(error, codes, expected):
    assert policy(codes=frozenset(codes)).is_retryable(error) is expected
