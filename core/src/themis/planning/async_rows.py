"""Rows of a provider whose `scan` is asynchronous, read one by one from synchronous code."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

__all__ = ["rows_of"]


def rows_of(scanned: Any) -> Iterable[Any]:
    """The rows of what `scan` returned: an iterable, an async iterable, or an awaitable of either.

    Raises:
        TypeError: when it is none of these.
    """
    if inspect.isawaitable(scanned) or hasattr(scanned, "__aiter__"):
        return _from_own_loop(scanned)
    if isinstance(scanned, Iterable):
        return scanned
    msg = f"scan() returned a {type(scanned).__name__}; it is to return an iterable of mappings"
    raise TypeError(msg)


def _from_own_loop(scanned: Any) -> Iterator[Any]:
    """Drive the rows in a loop of their own, in a thread: the caller may be inside a loop."""
    runner = asyncio.Runner()
    with ThreadPoolExecutor(1, thread_name_prefix="dataset") as thread:

        def wait(awaitable: Awaitable[Any]) -> Any:
            async def result() -> Any:
                return await awaitable

            return thread.submit(runner.run, result()).result()

        try:
            while inspect.isawaitable(scanned):
                scanned = wait(scanned)
            if hasattr(scanned, "__aiter__"):
                yield from _rows(scanned, wait)
            else:
                yield from rows_of(scanned)
        finally:
            thread.submit(runner.close).result()


def _rows(scanned: AsyncIterable[Any], wait: Callable[[Awaitable[Any]], Any]) -> Iterator[Any]:
    rows = aiter(scanned)
    while True:
        try:
            row = wait(anext(rows))
        except StopAsyncIteration:
            return
        yield row
