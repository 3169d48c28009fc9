"""A deadline that holds even against a component which swallows its cancellation."""

from __future__ import annotations

import asyncio
import types
from collections.abc import Awaitable, Callable, Generator
from typing import Any, TypeVar

__all__ = ["GRACE_SECONDS", "DeadlineExceeded", "within"]

T = TypeVar("T")

GRACE_SECONDS = 5.0
"""How long a cancelled component may take to tidy up before it is left behind."""


class DeadlineExceeded(Exception):  # noqa: N818 (it is an outcome, not a fault of ours)
    """The call did not end in time."""


class _Watch:
    """Cancels the task that awaits a component: at the deadline, and again when grace is over."""

    __slots__ = ("_loop", "_task", "_timer", "abandoned", "cancels", "expired")

    def __init__(self, seconds: float | None) -> None:
        self._loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None
        self._task: asyncio.Task[Any] = task
        self.expired = False
        self.abandoned = False
        self.cancels = 0
        self._timer = None if seconds is None else self._loop.call_later(seconds, self._expire)

    def begin_grace(self) -> None:
        """The component has been cancelled; it has a little time to end."""
        self._set(GRACE_SECONDS, self._abandon)

    def end(self) -> bool:
        """Stop watching; whether this watch alone had asked the task to be cancelled."""
        self._stop_timer()
        if not self.cancels:
            return False
        for _ in range(self.cancels):
            others = self._task.uncancel()
        return others == 0

    def _expire(self) -> None:
        self.expired = True
        self._cancel()

    def _abandon(self) -> None:
        self.abandoned = True
        self._cancel()

    def _cancel(self) -> None:
        self.cancels += 1
        self._task.cancel()

    def _set(self, seconds: float, callback: Callable[[], None]) -> None:
        self._stop_timer()
        self._timer = self._loop.call_later(seconds, callback)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


@types.coroutine
def within(awaitable: Awaitable[T], seconds: float | None) -> Generator[Any, Any, T]:
    """Await a component for at most `seconds`; raises DeadlineExceeded.

    The component is cancelled at the deadline, and when the run is cancelled. One that goes on all
    the same is dropped after `GRACE_SECONDS`: its steps are driven from here, without a task of its
    own (which would cost a call 8 us more, and could hang the end of the program).
    """
    steps = awaitable.__await__()
    try:
        waits_for = next(steps)
    except StopIteration as ended:  # it had nothing to wait for
        at_once: T = ended.value
        return at_once
    watch = _Watch(seconds)
    try:
        value = yield from _drive(steps, waits_for, watch)
    except BaseException:
        if watch.end() and watch.expired:
            raise DeadlineExceeded from None
        raise
    if watch.end():
        raise DeadlineExceeded
    return value


def _drive(steps: Generator[Any, Any, T], waits_for: Any, watch: _Watch) -> Generator[Any, Any, T]:
    resume: Callable[[Any], Any] = steps.send
    argument: Any = None
    while True:
        try:
            argument = yield waits_for
            resume = steps.send
        except asyncio.CancelledError as cancelled:
            if watch.abandoned:
                _drop(steps)
                raise
            watch.begin_grace()
            resume, argument = steps.throw, cancelled
        except BaseException as error:  # noqa: BLE001 (whatever the awaited future raised)
            resume, argument = steps.throw, error
        try:
            waits_for = resume(argument)
        except StopIteration as ended:
            value: T = ended.value
            return value


def _drop(steps: Generator[Any, Any, Any]) -> None:
    try:
        steps.close()
    except RuntimeError:
        return  # it ignores GeneratorExit too; nothing drives it any more
