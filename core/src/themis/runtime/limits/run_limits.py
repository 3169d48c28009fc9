"""The limits of one run: the place where gates come from."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from themis.runtime.limits.admission import Admission
from themis.runtime.limits.caller import Caller
from themis.runtime.limits.gate import CallGate, ProviderGate
from themis.runtime.limits.provider import ProviderLoad, ProviderStatus
from themis.runtime.limits.retry import RetryPolicy
from themis.runtime.limits.slots import Slots
from themis.runtime.limits.threads import BlockingThreads

if TYPE_CHECKING:
    from themis.records.timeline import StageName
    from themis.runtime.options import RuntimeOptions
    from themis.specs import ExecutionPolicySpec

__all__ = ["RunLimits"]


class RunLimits:
    """Makes the gates of one run and keeps what they share. Used from one event loop.

    Example::

        limits = RunLimits(project.execution_policy, RuntimeOptions())
        gate = limits.provider_gate("openai", "generate")
        outcome = await gate.call(engine.infer, trial, item, runtime)
        limits.close()
    """

    def __init__(
        self,
        policy: ExecutionPolicySpec,
        options: RuntimeOptions,
        *,
        rng: random.Random | None = None,
    ) -> None:
        """`rng` draws the jitter of backoffs; it has no part in any result."""
        self._policy = policy
        self._options = options
        self._retry = RetryPolicy.of(policy, options, rng=rng)
        self._judge_retry = self._retry.for_judges(options)
        self._admission = Admission()
        self._threads = BlockingThreads()
        self._run = Slots(policy.max_in_flight_work_items)
        self._stages = {name: Slots(n) for name, n in options.stage_concurrency.items()}
        self._loads: dict[tuple[str, str | None], ProviderLoad] = {}
        self._provider_gates: dict[tuple[str, str | None, StageName], ProviderGate] = {}
        self._stage_gates: dict[StageName, CallGate] = {}

    def provider_gate(
        self, provider: str, stage: StageName, *, address: str | None = None
    ) -> ProviderGate:
        """The gate for calls to `provider` in `stage`; the same one each time.

        One provider at two addresses is two services: each has the provider's limits, and a
        breaker of its own.
        """
        key = (provider, address, stage)
        if key not in self._provider_gates:
            self._provider_gates[key] = self._make_provider_gate(provider, address, stage)
        return self._provider_gates[key]

    def stage_gate(self, stage: StageName) -> CallGate:
        """The gate for calls in `stage` that ask no provider; the same one each time."""
        if stage not in self._stage_gates:
            self._stage_gates[stage] = self._make_stage_gate(stage)
        return self._stage_gates[stage]

    async def in_thread(self, fn: Callable[[], Any]) -> Any:
        """Run what may block in a thread of its own, outside every limit."""
        return await self._threads.run(fn)

    def calls_wait(self) -> bool:
        """Whether calls wait for their turn."""
        return self._admission.waiting > 0

    def drain(self) -> None:
        """Let the calls in flight end and no other start: waiting ones raise CallNotStarted."""
        self._admission.drain()

    def status(self) -> tuple[ProviderStatus, ...]:
        """Each provider called so far."""
        now = asyncio.get_running_loop().time()
        return tuple(load.status(now) for load in self._loads.values())

    def notes(self) -> tuple[str, ...]:
        """What a progress view says of the providers that are not well."""
        notes = (status.note() for status in self.status())
        return tuple(note for note in notes if note is not None)

    def close(self) -> None:
        """End the timer and the idle threads; hung ones are daemons and hold up nothing."""
        self._admission.close()
        self._threads.close()

    def _make_provider_gate(
        self, provider: str, address: str | None, stage: StageName
    ) -> ProviderGate:
        made = ProviderLoad(provider, self._policy, self._options, address=address)
        load = self._loads.setdefault((provider, address), made)
        own = [self._stages[stage]] if stage in self._stages else []
        return ProviderGate(
            load,
            Caller(stage, self._threads),
            admission=self._admission,
            lane=self._admission.lane(self._run, *own, load),
            retry=self._judge_retry if stage == "judge" else self._retry,
            deadline=self._options.deadline(stage),
        )

    def _make_stage_gate(self, stage: StageName) -> CallGate:
        slots = self._stages.get(stage)
        return CallGate(
            Caller(stage, self._threads),
            self._admission,
            lane=None if slots is None else self._admission.lane(slots),
            deadline=self._options.deadline(stage),
        )
