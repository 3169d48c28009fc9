"""Threads for blocking components: as many as are busy, and none that can hold up the exit."""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import attrs

__all__ = ["BlockingThreads"]


@attrs.frozen(slots=True)
class _Job:
    future: asyncio.Future[Any]
    call: Callable[[], Any]


class _Thread:
    """One daemon thread; it ends when it is given None."""

    __slots__ = ("jobs",)

    def __init__(self, name: str) -> None:
        self.jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def _work(self) -> None:
        while (job := self.jobs.get()) is not None:
            value, error = _result(job.call)
            with suppress(RuntimeError):  # the loop is closed: nobody waits for the result
                job.future.get_loop().call_soon_threadsafe(_deliver, job.future, value, error)
            del job, value, error


class BlockingThreads:
    """Runs blocking calls in daemon threads, one call a thread.

    The standard library's executor is no match: it joins its threads when the interpreter exits,
    so a hung call would hang the exit, and a hung thread keeps its place in the pool for good.
    """

    __slots__ = ("_idle",)

    def __init__(self) -> None:
        self._idle: list[_Thread] = []

    async def run(self, fn: Callable[..., Any], *args: Any) -> Any:
        """`fn(*args)` in a thread. When cancelled, the thread is left to finish and then ends."""
        thread = self._idle.pop() if self._idle else _Thread("themis-blocking")
        future = asyncio.get_running_loop().create_future()
        context = contextvars.copy_context()
        thread.jobs.put(_Job(future, lambda: context.run(fn, *args)))
        try:
            return await future
        finally:
            self._take_back(thread, finished=future.done() and not future.cancelled())

    def close(self) -> None:
        """End the idle threads."""
        for thread in self._idle:
            thread.jobs.put(None)
        self._idle.clear()

    def _take_back(self, thread: _Thread, *, finished: bool) -> None:
        if finished:
            self._idle.append(thread)
        else:
            thread.jobs.put(None)


def _result(call: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    try:
        return call(), None
    except StopIteration as error:  # a future refuses to carry it
        return None, RuntimeError(f"StopIteration: {error}")
    except BaseException as error:  # noqa: BLE001 (it belongs to the caller, whatever it is)
        return None, error


def _deliver(future: asyncio.Future[Any], value: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(error)
