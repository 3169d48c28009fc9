from __future__ import annotations

import asyncio
import random

import pytest

from themis.errors import ErrorCode, InferenceError


class SimulatedProvider:
    """Answers after `latency` seconds, and refuses what exceeds its hidden limits.

    `concurrency` bounds the calls in flight, `rate` the calls a second (with a `burst`).
    """

    def __init__(
        self, *, concurrency=None, rate=None, burst=1.0, latency=(0.5, 1.5), retry_after=None
    ):
        self.concurrency = concurrency
        self.rate = rate
        self.burst = burst
        self.latency = latency
        self.retry_after = retry_after
        self.starts: list[float] = []
        self.refusals: list[float] = []
        self.in_flight = self.most_in_flight = self.answers = 0
        self._rng = random.Random(1)
        self._credit, self._credited_at = burst, 0.0

    async def infer(self):
        now = asyncio.get_running_loop().time()
        self.starts.append(now)
        if self._is_refused(now):
            self.refusals.append(now)
            await asyncio.sleep(0.02)
            raise InferenceError(
                "slow down", code=ErrorCode.PROVIDER_RATE_LIMIT, retry_after=self.retry_after
            )
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(self._rng.uniform(*self.latency))
        finally:
            self.in_flight -= 1
        self.answers += 1
        return "answer"

    def _is_refused(self, now):
        if self.concurrency is not None and self.in_flight >= self.concurrency:
            return True
        if self.rate is None:
            return False
        self._credit = min(self.burst, self._credit + (now - self._credited_at) * self.rate)
        self._credited_at = now
        if self._credit < 1:
            return True
        self._credit -= 1
        return False


@pytest.fixture
def simulated_provider():
    return SimulatedProvider


@pytest.fixture
def in_parallel():
    """Make `total` calls from `workers` workers; gives the outcomes in the order they ended."""

    async def run(call, total, *, workers=200):
        outcomes = []
        numbers = iter(range(total))

        async def work():
            while (number := next(numbers, None)) is not None:
                outcomes.append(await call(number))

        await asyncio.gather(*(work() for _ in range(workers)))
        return outcomes

    return run
