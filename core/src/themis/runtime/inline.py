"""Runs short synchronous components on the event loop's thread, with a deadline all the same.

A component that hangs inside the loop cannot be cancelled by asyncio. On the main thread of a
Unix process an interval timer interrupts it; elsewhere the call needs a thread to be left behind.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

__all__ = ["InlineDeadline", "InlineTimeoutError"]

T = TypeVar("T")


class InlineTimeoutError(BaseException):
    """An inline component ran past its deadline; its own `except Exception` does not catch it."""


_AGAIN_SECONDS = 0.5
"""A component that catches even that is interrupted again."""


class InlineDeadline:
    """Calls functions inline with a deadline; `armed` says whether the timer can be used here.

    The timer is used only where nobody else handles SIGALRM, and the handler is put back by
    `close()`.
    """

    __slots__ = ("_calling", "_seconds", "armed")

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._calling = False
        self.armed = (
            seconds is not None
            and hasattr(signal, "setitimer")
            and threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
        )
        if self.armed:
            signal.signal(signal.SIGALRM, self._expire)

    @property
    def needs_thread(self) -> bool:
        """Whether a deadline is wanted that only a thread can keep."""
        return self._seconds is not None and not self.armed

    def call(self, function: Callable[..., T], *args: Any) -> T:
        """`function(*args)`; raises InlineTimeoutError past the deadline."""
        if not self.armed or self._seconds is None:
            return function(*args)
        self._calling = True
        try:
            signal.setitimer(signal.ITIMER_REAL, self._seconds, _AGAIN_SECONDS)
            try:
                return function(*args)
            finally:
                self._disarm()
        except InlineTimeoutError:  # it may have come in the midst of disarming
            self._disarm()
            raise

    def _disarm(self) -> None:
        self._calling = False
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _expire(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self._calling:
            msg = "the component ran past its deadline"
            raise InlineTimeoutError(msg)

    def close(self) -> None:
        """Put the signal's default handler back; may be called twice."""
        if self.armed:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            self.armed = False
