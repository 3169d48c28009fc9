from __future__ import annotations

import asyncio
import itertools
from collections import Counter

import pytest

from themis.errors import ErrorCode, InferenceError
from themis.runtime.limits import BreakerState
from themis.testing.virtual_clock import run_virtual


class Outage:
    """A provider that is down during [since, until); it counts its calls."""

    def __init__(self, since=0.0, until=float("inf"), error=None):
        self.since, self.until, self.error = since, until, error
        self.calls: list[float] = []

    async def infer(self):
        now = asyncio.get_running_loop().time()
        self.calls.append(now)
        await asyncio.sleep(0.01)
        if self.since <= now < self.until:
            raise self.error or InferenceError("connection refused")
        return "answer"


@pytest.fixture
def ask_all(make_limits, in_parallel):
    """Make 200 calls of a provider at once; gives the outcomes and the status at the end."""

    def run(provider, *, total=200, **policy):
        async def main():
            limits = make_limits(**policy)
            gate = limits.provider_gate("openai", "generate")
            outcomes = await in_parallel(lambda _: gate.call(provider.infer), total)
            return outcomes, limits.status()[0]

        return run_virtual(main())

    return run


def codes(outcomes):
    return Counter("ok" if outcome.ok else outcome.error.code.value for outcome in outcomes)


def test_a_dead_provider_costs_the_threshold_and_the_probes(ask_all):
    provider = Outage()

    outcomes, status = ask_all(provider)

    assert len(provider.calls) == 5 + 3
    assert codes(outcomes) == {"circuit_breaker": 195, "provider_unavailable": 5}
    assert status.breaker is BreakerState.GIVEN_UP


def test_the_outcome_of_a_call_not_made_says_why_and_what_to_do(ask_all):
    outcomes, _ = ask_all(Outage())

    refused = next(o for o in outcomes if o.error.code is ErrorCode.CIRCUIT_BREAKER)
    assert refused.attempts == 0
    assert refused.error.message == (
        "no call was made: provider 'openai' was given up (provider_unavailable: connection "
        "refused); when it works again, resume the run"
    )


def test_a_call_after_the_provider_was_given_up_is_refused_at_once(make_limits, in_parallel):
    provider = Outage()

    async def main():
        gate = make_limits().provider_gate("openai", "generate")
        await in_parallel(lambda _: gate.call(provider.infer), 20)
        before = len(provider.calls)
        late = await gate.call(provider.infer)
        return late, len(provider.calls) - before

    late, calls = run_virtual(main())

    assert (late.error.code, late.waited_seconds, calls) == (ErrorCode.CIRCUIT_BREAKER, 0, 0)


def test_probes_come_one_at_a_time_with_doubling_waits(ask_all):
    provider = Outage(since=1.0)

    ask_all(provider, total=10_000, max_retries=0)

    probes = [at for at in provider.calls if at > 1.1]
    assert [round(b - a) for a, b in itertools.pairwise(probes)] == [4, 8, 16, 32, 60]


def test_a_provider_that_comes_back_loses_no_item(ask_all):
    provider = Outage(since=0.05, until=20.0)

    outcomes, status = ask_all(provider, total=2000)

    assert codes(outcomes) == {"ok": 2000}
    assert status.breaker is BreakerState.CLOSED
    assert sum(0.05 <= at < 20.0 for at in provider.calls) <= 32 + 4 + 3


def test_the_breaker_opens_while_calls_are_in_flight(ask_all):
    provider = Outage(since=0.5)

    ask_all(provider, total=10_000, max_retries=0)

    assert sum(at >= 0.5 for at in provider.calls) <= 32 + 32 + 6


def test_refused_credentials_are_not_probed(ask_all):
    error = InferenceError("invalid api key", code=ErrorCode.PROVIDER_AUTH)
    provider = Outage(error=error)

    outcomes, _ = ask_all(provider)

    assert len(provider.calls) == 5
    assert codes(outcomes) == {"provider_auth": 5, "circuit_breaker": 195}


def test_a_retry_after_that_is_too_long_gives_the_provider_up(ask_all):
    error = InferenceError("quota", code=ErrorCode.PROVIDER_RATE_LIMIT, retry_after=86400)
    provider = Outage(since=0.05, error=error)

    outcomes, status = ask_all(provider, total=1000)

    assert len(provider.calls) < 1000
    assert codes(outcomes)["circuit_breaker"] > 500
    assert status.last_error == (
        "it asks to wait 86400 s, more than max_retry_after_seconds=600: quota"
    )


@pytest.mark.parametrize(
    "error",
    [
        InferenceError("content refused", code=ErrorCode.SCHEMA_MISMATCH),
        InferenceError("no such model", retryable=False),
        KeyError("choices"),
    ],
)
def test_failures_of_items_do_not_open_the_breaker(ask_all, error):
    provider = Outage(error=error)

    outcomes, status = ask_all(provider)

    assert len(provider.calls) == len(outcomes) == 200
    assert status.breaker is BreakerState.CLOSED


def test_a_success_between_failures_starts_the_count_again(make_limits):
    calls = []

    async def infer():
        calls.append(None)
        if len(calls) % 5:
            raise InferenceError("unlucky")

    async def main():
        limits = make_limits(max_retries=0)
        gate = limits.provider_gate("openai", "generate")
        for _ in range(100):
            await gate.call(infer)
        return limits.status()[0].breaker

    assert run_virtual(main()) is BreakerState.CLOSED
    assert len(calls) == 100


def test_a_cancelled_probe_hands_over_to_the_next_call(make_limits):
    async def main():
        gate = make_limits(max_retries=0, circuit_breaker_threshold=1).provider_gate(
            "p", "generate"
        )
        await gate.call(Outage().infer)
        probe = asyncio.ensure_future(gate.call(lambda: asyncio.sleep(100)))
        waiting = asyncio.ensure_future(gate.call(lambda: asyncio.sleep(0, "answer")))
        await asyncio.sleep(10)
        probe.cancel()
        return await waiting

    assert run_virtual(main()).value == "answer"


def test_a_slow_first_answer_delays_the_other_calls_a_second_at_most(make_limits, in_parallel):
    starts = []

    async def infer():
        starts.append(asyncio.get_running_loop().time())
        await asyncio.sleep(60)

    async def main():
        gate = make_limits().provider_gate("openai", "generate")
        await in_parallel(lambda _: gate.call(infer), 32)

    run_virtual(main())

    assert Counter(starts) == {0.0: 5, 1.0: 27}
