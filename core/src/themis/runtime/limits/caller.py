"""One attempt at a call: inline, awaited or in a thread; in time, or not."""

from __future__ import annotations

import asyncio
import inspect
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from themis.runtime.limits.deadline import within
from themis.runtime.limits.faults import error_of
from themis.runtime.limits.outcome import CallNotStarted

if TYPE_CHECKING:
    from themis.errors import ThemisError
    from themis.records.timeline import StageName
    from themis.runtime.limits.threads import BlockingThreads

__all__ = ["Call", "Caller", "is_being_cancelled"]


class Call:
    """What is to be called and how, the name that messages give it, and what it may use."""

    __slots__ = ("args", "blocking", "component", "deadline", "fn", "tokens", "usage")

    def __init__(
        self,
        fn: Callable[..., Any],
        args: tuple[Any, ...],
        *,
        component: str,
        blocking: bool,
        deadline: float,
        tokens: int = 0,
        usage: Callable[[Any], int | None] | None = None,
    ) -> None:
        self.fn = fn
        self.args = args
        self.component = component
        self.blocking = blocking
        self.deadline = deadline if deadline < math.inf else None
        self.tokens = tokens
        self.usage = usage


class Caller:
    """Makes the calls of one stage. Whatever a component raises comes back as a value."""

    __slots__ = ("_stage", "_threads")

    def __init__(self, stage: StageName, threads: BlockingThreads) -> None:
        self._stage = stage
        self._threads = threads

    async def attempt(self, call: Call) -> tuple[Any, ThemisError | None]:
        """The call's value, or its error.

        Raises:
            asyncio.CancelledError: the run is being stopped. A component that raises it of its own
                accord (a client that closes does) has failed like any other.
            CallNotStarted: a call that the component waits for was not made: the run is draining.
        """
        try:
            return await self._value(call), None
        except asyncio.CancelledError as error:
            if is_being_cancelled():
                raise
            return None, self._error(error, call)
        except (KeyboardInterrupt, GeneratorExit, CallNotStarted):
            raise
        except BaseException as error:  # noqa: BLE001 (one item's failure is an outcome)
            return None, self._error(error, call)

    async def _value(self, call: Call) -> Any:
        if call.blocking:
            value = await within(self._threads.run(call.fn, *call.args), call.deadline)
        else:
            value = call.fn(*call.args)
        if inspect.isawaitable(value):
            value = await within(value, call.deadline)
        return value

    def _error(self, error: BaseException, call: Call) -> ThemisError:
        return error_of(error, component=call.component, stage=self._stage, deadline=call.deadline)


def is_being_cancelled() -> bool:
    """Whether the task is being cancelled; if not, its own code raised the CancelledError."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
