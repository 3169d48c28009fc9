"""Hands lanes of work to many workers, reading the next chunk while the last is worked on."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Executor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from themis.runtime.source import WorkChunk
    from themis.runtime.whole_trial import WholeTrial
    from themis.runtime.work import Work

__all__ = ["LaneFeed"]


class LaneFeed:
    """An asynchronous iterator that any number of workers share.

    `on_chunk` sees each chunk on the loop's thread before its lanes are handed out. One chunk is
    read ahead, in `executor`.
    """

    def __init__(
        self,
        chunks: Iterator[WorkChunk],
        *,
        executor: Executor,
        on_chunk: Callable[[WorkChunk], Awaitable[None]],
    ) -> None:
        self._chunks = chunks
        self._executor = executor
        self._on_chunk = on_chunk
        self._lanes: deque[list[Work | WholeTrial]] = deque()
        self._lock = asyncio.Lock()
        self._ahead: asyncio.Future[WorkChunk | None] | None = None
        self._exhausted = False

    def __aiter__(self) -> LaneFeed:
        return self

    async def __anext__(self) -> list[Work | WholeTrial]:
        while not self._lanes:
            if self._exhausted:
                raise StopAsyncIteration
            async with self._lock:
                if not self._lanes and not self._exhausted:
                    await self._refill()
        return self._lanes.popleft()

    async def _refill(self) -> None:
        ahead = self._ahead or self._read()
        chunk = await ahead
        if chunk is None:
            self._exhausted = True
            return
        self._ahead = self._read()
        await self._on_chunk(chunk)
        self._lanes.extend(chunk.lanes)

    def _read(self) -> asyncio.Future[WorkChunk | None]:
        return asyncio.get_running_loop().run_in_executor(self._executor, next, self._chunks, None)

    async def close(self) -> None:
        """Wait for the read that is under way, if any."""
        if self._ahead is not None:
            await asyncio.wait([self._ahead])
            if not self._ahead.cancelled():  # a worker that is cancelled takes the read with it
                self._ahead.exception()
