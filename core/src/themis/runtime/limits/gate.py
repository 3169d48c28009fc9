"""The gates: all that lies between the pipeline's wish to call a component and its code."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from themis.runtime.limits.breaker import BreakerState
from themis.runtime.limits.caller import Call, Caller
from themis.runtime.limits.outcome import CallNotStarted, CallOutcome

if TYPE_CHECKING:
    from themis.errors import ThemisError
    from themis.runtime.limits.admission import Admission, Lane
    from themis.runtime.limits.provider import ProviderLoad
    from themis.runtime.limits.retry import RetryPolicy
    from themis.runtime.limits.slots import Permit

__all__ = ["CallGate", "ProviderGate"]


class CallGate:
    """Calls components that ask no provider (extractors, metrics, hooks): a deadline, no retries.

    Such a call may wait for a judge, so it holds none of the run's slots for provider calls.
    """

    __slots__ = ("_admission", "_caller", "_deadline", "_lane")

    def __init__(
        self, caller: Caller, admission: Admission, *, lane: Lane | None, deadline: float
    ) -> None:
        self._caller = caller
        self._admission = admission
        self._lane = lane
        self._deadline = deadline

    async def call(
        self,
        fn: Callable[..., Any],
        *args: Any,
        component: str,
        blocking: bool = False,
        deadline: float | None = None,
    ) -> CallOutcome:
        """Call `fn(*args)`, sync or async; in a thread if it is `blocking`.

        Args:
            fn: What to call.
            *args: Its arguments.
            component: The name for error messages.
            blocking: Whether it takes long without awaiting.
            deadline: Seconds; None is the stage's own, inf none. It binds what awaits or blocks
                in a thread; plain inline code cannot be interrupted.

        Raises:
            CallNotStarted: the run is draining.
        """
        seconds = self._deadline if deadline is None else deadline
        call = Call(fn, args, component=component, blocking=blocking, deadline=seconds)
        asked = time.perf_counter()
        permit = None if self._lane is None else await self._enter(self._lane)
        started_at, started = time.time(), time.perf_counter()
        try:
            value, error = await self._caller.attempt(call)
        finally:
            if self._lane is not None and permit is not None:
                self._admission.leave(self._lane, permit)
        return CallOutcome(
            value=value,
            error=error,
            started_at=started_at,
            seconds=time.perf_counter() - started,
            waited_seconds=started - asked,
        )

    async def _enter(self, lane: Lane) -> Permit:
        now = asyncio.get_running_loop().time()
        permit = self._admission.try_enter(lane, 0, now)
        permit = permit or await self._admission.enter(lane, 0, self._admission.ticket())
        if permit is None:
            raise CallNotStarted
        return permit


class ProviderGate:
    """Calls one provider for one stage: limits, windows, retries, breaker, deadline."""

    __slots__ = ("_admission", "_caller", "_deadline", "_lane", "_load", "_retry")

    def __init__(
        self,
        load: ProviderLoad,
        caller: Caller,
        *,
        admission: Admission,
        lane: Lane,
        retry: RetryPolicy,
        deadline: float,
    ) -> None:
        self._load = load
        self._caller = caller
        self._admission = admission
        self._lane = lane
        self._retry = retry
        self._deadline = deadline

    async def call(
        self,
        fn: Callable[..., Any],
        *args: Any,
        component: str = "",
        blocking: bool = False,
        deadline: float | None = None,
        tokens: int = 0,
        usage: Callable[[Any], int | None] | None = None,
    ) -> CallOutcome:
        """Call `fn(*args)`, sync or async, again while that can help; in a thread if `blocking`.

        No slot is held while waiting for a turn, a backoff or a Retry-After, nor after the return.

        Args:
            fn: What to call; it raises InferenceError for a failed call.
            *args: Its arguments.
            component: The name for error messages; the provider's by default.
            blocking: Whether it takes long without awaiting.
            deadline: Seconds for one attempt; None is the stage's own, inf none.
            tokens: Estimated tokens, reserved of the provider's tokens a minute.
            usage: Gives the tokens that a value did use, to replace the estimate.

        Raises:
            CallNotStarted: the run is draining, and the call has not ended.
        """
        call = Call(
            fn,
            args,
            component=component or f"provider {self._load.name!r}",
            blocking=blocking,
            deadline=self._deadline if deadline is None else deadline,
            tokens=tokens,
            usage=usage,
        )
        return await self._until_done(call)

    async def _until_done(self, call: Call) -> CallOutcome:
        clock = asyncio.get_running_loop().time
        asked, ticket, attempts, spent = clock(), self._admission.ticket(), 0, 0
        error: ThemisError | None = None
        while True:
            permit = self._admission.try_enter(self._lane, call.tokens, clock())
            permit = permit or await self._enter(call.tokens, ticket)
            if permit is None:
                return self._refused(error, attempts, clock() - asked)
            attempts += 1
            spent += not permit.probing  # a failed probe costs its item no retry
            started_at, started = time.time(), clock()
            value, error = await self._attempt(call, permit)
            delay = None if error is None else self._retry.delay(error, spent)
            if delay is None:
                return CallOutcome(
                    value=value,
                    error=error,
                    attempts=attempts,
                    started_at=started_at,
                    seconds=clock() - started,
                    waited_seconds=started - asked,
                )
            if delay:
                await self._admission.pause(delay)

    async def _enter(self, tokens: int, ticket: int) -> Permit | None:
        if self._load.breaker.state is BreakerState.GIVEN_UP:
            return None
        return await self._admission.enter(self._lane, tokens, ticket)

    async def _attempt(self, call: Call, permit: Permit) -> tuple[Any, ThemisError | None]:
        try:
            value, error = await self._caller.attempt(call)
            self._report(permit, error, call.usage(value) if call.usage and not error else None)
        except BaseException:
            self._load.breaker.forget(permit)
            raise
        finally:
            self._admission.leave(self._lane, permit)
        return value, error

    def _report(self, permit: Permit, error: ThemisError | None, used: int | None) -> None:
        now = asyncio.get_running_loop().time()
        if error is None:
            self._load.succeeded(permit, now, used)
            return
        self._load.failed(permit, now, error)
        if self._load.breaker.state is BreakerState.GIVEN_UP:
            self._admission.refuse(self._load)

    def _refused(self, error: ThemisError | None, attempts: int, waited: float) -> CallOutcome:
        if self._admission.draining:
            raise CallNotStarted
        return CallOutcome(
            error=error or self._load.refusal(),
            attempts=attempts,
            started_at=time.time(),
            waited_seconds=waited,
        )
