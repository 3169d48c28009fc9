from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.runtime.limits.windows import RateWindow
from themis.testing.virtual_clock import run_virtual


def test_a_window_is_open_until_the_limit_is_taken():
    window = RateWindow(3)
    for now in (0.0, 1.0, 2.0):
        assert window.opens_at(now, 1) == now
        window.reserve(now, 1)

    assert window.opens_at(3.0, 1) == 60.0
    assert window.opens_at(3.0, 2) == 61.0


def test_what_is_taken_counts_for_a_minute():
    window = RateWindow(1)
    window.reserve(5.0, 1)

    assert window.opens_at(64.9, 1) == 65.0
    assert window.opens_at(65.0, 1) == 65.0


def test_a_call_larger_than_the_limit_waits_for_an_empty_window():
    window = RateWindow(100)
    window.reserve(0.0, 10)

    assert window.opens_at(1.0, 5000) == 60.0
    assert window.opens_at(60.0, 5000) == 60.0


def test_true_usage_replaces_the_estimate():
    window = RateWindow(100)
    entry = window.reserve(0.0, 100)
    window.settle(entry, 30)

    assert window.opens_at(1.0, 70) == 1.0
    assert window.opens_at(1.0, 71) == 60.0


def test_usage_known_after_the_window_has_passed_changes_nothing():
    window = RateWindow(100)
    entry = window.reserve(0.0, 100)
    assert window.opens_at(60.0, 100) == 60.0
    window.settle(entry, 5000)

    assert window.opens_at(60.0, 100) == 60.0


@given(
    limit=st.integers(1, 20),
    asks=st.lists(st.tuples(st.floats(0, 30), st.integers(1, 25)), min_size=1, max_size=60),
)
def test_no_window_of_a_minute_holds_more_than_the_limit(limit, asks):
    window, now, taken = RateWindow(limit), 0.0, []
    for gap, weight in asks:
        now = max(now + gap, window.opens_at(now + gap, weight))
        window.reserve(now, weight)
        taken.append((now, min(weight, limit)))

    for start, _ in taken:
        assert sum(weight for at, weight in taken if start <= at < start + 60) <= limit


@pytest.mark.parametrize("limit", [1, 60, 500])
def test_a_run_keeps_to_its_requests_a_minute_and_uses_them_all(
    make_limits, in_parallel, simulated_provider, limit
):
    provider = simulated_provider()

    async def main():
        limits = make_limits(options={"provider_rate_limits": {"openai": limit}})
        gate = limits.provider_gate("openai", "generate")
        await in_parallel(lambda _: gate.call(provider.infer), limit * 3)
        limits.close()

    run_virtual(main())

    starts = provider.starts
    assert all(later >= start + 60 for start, later in zip(starts, starts[limit:], strict=False))
    assert starts[-1] < 180


def test_a_run_keeps_to_its_tokens_a_minute_by_what_calls_really_used(make_limits, in_parallel):
    starts = []

    async def infer():
        starts.append(asyncio.get_running_loop().time())
        await asyncio.sleep(1)
        return {"tokens": 100}

    async def main():
        limits = make_limits(options={"provider_token_limits": {"openai": 1000}})
        gate = limits.provider_gate("openai", "generate")

        def call(_):
            return gate.call(infer, tokens=500, usage=lambda value: value["tokens"])

        await in_parallel(call, 30)

    run_virtual(main())

    per_minute = [sum(start <= at < start + 60 for at in starts) for start in starts]
    assert max(per_minute) <= 10
    assert starts[-1] < 300  # an estimate of 500 leaves room for 6 of 100 a minute
