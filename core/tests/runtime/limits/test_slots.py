"""Laws of adaptive concurrency, shown on simulated providers in virtual time."""

from __future__ import annotations

import asyncio

import pytest

from themis.errors import ErrorCode, InferenceError
from themis.testing.virtual_clock import run_virtual


@pytest.fixture
def simulate(make_limits, in_parallel):
    """Run `total` calls at up to 100 in flight; gives seconds taken, outcomes and the status."""

    def run(provider, total, **options):
        async def main():
            limits = make_limits(max_retries=4, max_in_flight_work_items=100, options=options)
            gate = limits.provider_gate("openai", "generate")
            outcomes = await in_parallel(lambda _: gate.call(provider.infer), total)
            return asyncio.get_running_loop().time(), outcomes, limits.status()[0]

        return run_virtual(main())

    return run


@pytest.mark.parametrize("hidden", [10, 20, 50])
def test_a_hidden_limit_of_calls_in_flight_is_used_and_rarely_exceeded(
    simulate, simulated_provider, hidden
):
    provider = simulated_provider(concurrency=hidden)

    seconds, outcomes, status = simulate(provider, 5000)

    assert all(outcome.ok for outcome in outcomes)
    assert 5000 / seconds >= 0.95 * hidden
    assert len(provider.refusals) <= 0.06 * 5000
    assert hidden - 2 <= status.limit <= hidden + 1


@pytest.mark.parametrize("retry_after", [None, 1.0])
def test_a_hidden_limit_of_calls_a_second_is_used_and_rarely_exceeded(
    simulate, simulated_provider, retry_after
):
    provider = simulated_provider(rate=50, burst=50, retry_after=retry_after)

    seconds, outcomes, _ = simulate(provider, 5000)

    assert all(outcome.ok for outcome in outcomes)
    assert 5000 / seconds >= 0.95 * 50
    assert len(provider.refusals) <= 0.03 * 5000


def test_a_fixed_number_in_flight_wastes_most_of_what_the_adaptive_one_uses(
    simulate, simulated_provider
):
    provider = simulated_provider(concurrency=20, retry_after=1.0)

    simulate(provider, 500, adaptive=False)

    assert len(provider.refusals) > 500


@pytest.mark.parametrize("retry_after", [None, 1.0])
def test_a_provider_that_allows_no_burst_at_all_is_still_used(
    simulate, simulated_provider, retry_after
):
    provider = simulated_provider(rate=10, burst=1, retry_after=retry_after)

    seconds, outcomes, _ = simulate(provider, 2000)

    assert all(outcome.ok for outcome in outcomes)
    assert 2000 / seconds >= 0.4 * 10


def test_a_retry_after_is_honoured_by_all_calls_of_the_provider(simulate, simulated_provider):
    provider = simulated_provider(rate=5, burst=30, retry_after=7.0)

    simulate(provider, 300)

    known = [at + 0.02 for at in provider.refusals]
    assert known
    assert not [at for at in provider.starts if any(t < at < t + 6.999 for t in known)]


def test_a_long_retry_after_is_seldom_provoked_once_the_limit_is_known(
    simulate, simulated_provider
):
    provider = simulated_provider(concurrency=20, retry_after=60.0, latency=(30.0, 60.0))

    seconds, _, _ = simulate(provider, 5000)

    known_from = 1000
    pauses = [at for at in provider.refusals if at > known_from]
    assert 0 < 60 * len(pauses) <= 0.04 * (seconds - known_from)


def test_a_retry_after_does_not_hold_up_another_provider(make_limits, simulated_provider):
    busy = InferenceError("busy", code=ErrorCode.PROVIDER_RATE_LIMIT, retry_after=100)

    async def refuse():
        raise busy

    async def main():
        limits = make_limits(max_retries=0)
        await limits.provider_gate("a", "generate").call(refuse)
        return await limits.provider_gate("b", "generate").call(lambda: "answer")

    assert run_virtual(main()).waited_seconds == 0


def test_a_provider_that_never_refuses_keeps_its_whole_limit(simulate, simulated_provider):
    provider = simulated_provider(latency=(1.0, 1.0))

    seconds, _, status = simulate(provider, 1000)

    assert seconds <= 11
    assert (provider.most_in_flight, status.limit, status.note()) == (100, 100, None)


def test_a_limit_that_was_lowered_once_grows_back_when_the_provider_allows_it(
    simulate, simulated_provider
):
    provider = simulated_provider(concurrency=10)

    class Recovering:
        async def infer(self):
            if provider.answers > 500:
                provider.concurrency = None
            return await provider.infer()

    _, _, status = simulate(Recovering(), 8_000)

    assert status.limit >= 90


def test_a_provider_that_refused_everything_for_a_while_is_soon_used_again(
    simulate, simulated_provider
):
    provider = simulated_provider(latency=(10.0, 10.0))

    class Overloaded:
        async def infer(self):
            now = asyncio.get_running_loop().time()
            provider.concurrency = 0 if 30 <= now < 35 else None
            return await provider.infer()

    simulate(Overloaded(), 1000)

    in_use = {
        second: sum(start <= second < start + 10 for start in provider.starts)
        for second in (25, 40, 90)
    }
    assert in_use[25] == 100
    assert in_use[90] >= 40
