from __future__ import annotations

import asyncio
import random

from hypothesis import given
from hypothesis import strategies as st

from themis.errors import ErrorCode, InferenceError
from themis.runtime.limits import RunLimits
from themis.runtime.options import RuntimeOptions
from themis.specs import ExecutionPolicySpec
from themis.testing.virtual_clock import run_virtual


class Chaos:
    """A provider that is slow, fails, refuses and hangs at random."""

    def __init__(self, rng):
        self.rng = rng
        self.in_flight = self.most = 0

    async def infer(self):
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        try:
            await asyncio.sleep(self.rng.choice([0, 0.1, 1, 5, 1e6]))
        finally:
            self.in_flight -= 1
        match self.rng.randrange(8):
            case 0:
                raise InferenceError("down")
            case 1:
                raise InferenceError("slow down", code=ErrorCode.PROVIDER_RATE_LIMIT)
            case 2:
                raise InferenceError("wait", code=ErrorCode.PROVIDER_RATE_LIMIT, retry_after=3)


@given(seed=st.integers(0, 10_000))
def test_whatever_happens_every_call_ends_and_every_slot_comes_back(seed):
    rng = random.Random(seed)
    chaos = Chaos(rng)
    limits = RunLimits(
        ExecutionPolicySpec(max_in_flight_work_items=5, circuit_breaker_threshold=3),
        RuntimeOptions(
            deadline_seconds={"generate": 20},
            provider_rate_limits={"a": 40},
            stage_concurrency={"judge": 2},
        ),
        rng=rng,
    )

    async def main():
        gates = [limits.provider_gate(p, s) for p in "ab" for s in ("generate", "judge")]
        calls = [asyncio.ensure_future(rng.choice(gates).call(chaos.infer)) for _ in range(60)]
        for call in rng.sample(calls, 15):
            await asyncio.sleep(rng.choice([0, 0.1, 1]))
            call.cancel()
        if rng.random() < 0.3:
            limits.drain()
        await asyncio.gather(*calls, return_exceptions=True)
        limits.close()
        return [status.in_flight for status in limits.status()], len(asyncio.all_tasks())

    in_flight, tasks = run_virtual(main())

    assert set(in_flight) == {0}
    assert tasks == 1
    assert chaos.most <= 5
    assert limits._run.in_flight == limits._stages["judge"].in_flight == 0
    assert limits._admission.waiting == 0
