"""An event loop whose time is made up: what takes minutes is tested in milliseconds.

Time stands still while anything can run, and jumps to the next timer when nothing can. So the
order of events is the same in every run::

    async def naps():
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time()

    assert run_virtual(naps()) == 3600
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["VirtualClockLoop", "run_virtual"]

T = TypeVar("T")


class _JumpingSelector(selectors.DefaultSelector):
    """Where the loop would sleep until a timer, its clock is moved on instead."""

    def __init__(self, stall_seconds: float) -> None:
        super().__init__()
        self.now = 0.0
        self._stall_seconds = stall_seconds

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            return self._wait_for_the_outside()
        events = super().select(0)
        if not events:
            self.now += max(0.0, timeout)
        return events

    def _wait_for_the_outside(self) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(self._stall_seconds)
        if not events:
            msg = (
                f"every task waits, no timer is set, and no thread or socket woke the loop in "
                f"{self._stall_seconds:g} s: the code under test is stuck"
            )
            raise RuntimeError(msg)
        return events


class VirtualClockLoop(asyncio.SelectorEventLoop):
    """An event loop that never sleeps. `time()` starts at 0.

    A thread's work takes real time and no virtual time: the loop waits for it only when no timer
    is set. A loop in which nothing can ever happen raises RuntimeError after `stall_seconds`.
    """

    def __init__(self, *, stall_seconds: float = 5.0) -> None:
        self._jumping = _JumpingSelector(stall_seconds)
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds of virtual time."""
        return self._jumping.now


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` as asyncio.run does, on a virtual clock."""
    with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
        return runner.run(main)
