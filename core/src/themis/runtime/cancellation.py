"""Ending a run early: once, drain and keep what is done; twice, stop now."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["Cancellation", "handle_signals"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Cancellation:
    """What a run polls or awaits. Both events only ever go from unset to set.

    * `draining`: start nothing new; let the calls in flight end, and commit.
    * `stopping`: cancel the calls in flight too. It implies draining.

    Whichever it is, what is committed stays, and the run can be resumed.
    """

    __slots__ = ("draining", "stopping")

    def __init__(self) -> None:
        self.draining = asyncio.Event()
        self.stopping = asyncio.Event()

    def request(self) -> None:
        """Drain at the first call, stop at the second. From the loop's thread."""
        if self.draining.is_set():
            self.stop()
        else:
            self.drain()

    def drain(self) -> None:
        """Start nothing new."""
        self.draining.set()

    def stop(self) -> None:
        """End now."""
        self.draining.set()
        self.stopping.set()


@contextmanager
def handle_signals(
    cancellation: Cancellation, *, announce: Callable[[str], None] | None = None
) -> Iterator[None]:
    """While in the block, Ctrl-C and SIGTERM end the run in steps; to be entered inside the loop.

    The third signal raises KeyboardInterrupt wherever the program is, for code that hangs in the
    loop's own thread. Outside the main thread nothing is installed: signals are the host's there.

    Args:
        cancellation: What the signals request of.
        announce: Is told, in a sentence, what was understood.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = _Handler(cancellation, asyncio.get_running_loop(), announce or (lambda _: None))
    previous = {number: signal.signal(number, handler) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, before in previous.items():
            # None: it was not installed from Python, and cannot be put back from there
            signal.signal(number, signal.SIG_DFL if before is None else before)


class _Handler:
    """signal.signal rather than the loop's own: it also runs while a component blocks the loop."""

    __slots__ = ("_announce", "_cancellation", "_count", "_loop")

    def __init__(
        self,
        cancellation: Cancellation,
        loop: asyncio.AbstractEventLoop,
        announce: Callable[[str], None],
    ) -> None:
        self._cancellation = cancellation
        self._loop = loop
        self._announce = announce
        self._count = 0

    def __call__(self, number: int, frame: FrameType | None) -> Any:  # noqa: ARG002
        self._count += 1
        if self._count > 2:
            raise KeyboardInterrupt
        self._loop.call_soon_threadsafe(self._act, self._count)

    def _act(self, count: int) -> None:
        self._cancellation.request()
        self._announce(
            "finishing the calls in flight; press Ctrl-C again to stop now"
            if count == 1
            else "stopping now; what is done is kept, and the run can be resumed"
        )
