"""Runs short synchronous components on the event loop's thread, with a deadline all the same.

A component that hangs inside the loop cannot be cancelled by asyncio. On the main thread of a
Unix process a signal interrupts it; elsewhere the call needs a thread to be left behind.
"""

from __future__ import annotations

import math
import signal
import threading
import time
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
    """Calls functions inline with a deadline; `armed` says whether they can be interrupted here.

    A thread looks at the clock and sends the main thread SIGALRM when a call is late, so that a
    call in time costs two assignments. That is done only where nobody else handles SIGALRM; the
    handler is put back by `close()`.
    """

    __slots__ = ("_closed", "_due", "_seconds", "armed")

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._due = math.inf
        self._closed = threading.Event()
        self.armed = (
            seconds is not None
            and hasattr(signal, "pthread_kill")
            and threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
        )
        if self.armed:
            signal.signal(signal.SIGALRM, self._expire)
            threading.Thread(target=self._watch, name="themis-deadline", daemon=True).start()

    @property
    def needs_thread(self) -> bool:
        """Whether a deadline is wanted that only a thread can keep."""
        return self._seconds is not None and not self.armed

    def call(self, function: Callable[..., T], *args: Any) -> T:
        """`function(*args)`; raises InlineTimeoutError past the deadline, or a little later."""
        if not self.armed or self._seconds is None:
            return function(*args)
        self._due = time.monotonic() + self._seconds
        try:
            try:
                return function(*args)
            finally:
                self._due = math.inf
        except InlineTimeoutError:  # it may have come just before the line above
            self._due = math.inf
            raise

    def close(self) -> None:
        """Put the signal's default handler back; may be called twice."""
        self._due = math.inf
        self._closed.set()
        if self.armed:
            self.armed = False
            signal.signal(signal.SIGALRM, signal.SIG_IGN)  # one that is on its way is nobody's
            signal.signal(signal.SIGALRM, signal.SIG_DFL)

    def _watch(self) -> None:
        pause = min(_AGAIN_SECONDS, (self._seconds or 1.0) / 4)
        main = threading.main_thread().ident
        while not self._closed.wait(pause):
            if time.monotonic() >= self._due and main is not None:
                signal.pthread_kill(main, signal.SIGALRM)

    def _expire(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Runs on the main thread: a call that has ended in the meantime is left alone."""
        now = time.monotonic()
        if now >= self._due:
            self._due = now + _AGAIN_SECONDS
            msg = "the component ran past its deadline"
            raise InlineTimeoutError(msg)
