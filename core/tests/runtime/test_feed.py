"""The feed that workers share."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from themis.runtime.feed import LaneFeed
from themis.runtime.source import WorkChunk


async def _nothing(chunk):
    return None


def test_closing_hides_no_failure_when_a_waiting_worker_was_cancelled():
    going_on = threading.Event()

    def chunks():
        yield WorkChunk(lanes=[[]])
        going_on.wait(5)

    async def run(executor):
        feed = LaneFeed(chunks(), executor=executor, on_chunk=_nothing)
        await anext(feed)
        waiting = asyncio.create_task(anext(feed))
        await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        going_on.set()
        try:
            raise ValueError("a worker's own failure")
        finally:
            await feed.close()

    with ThreadPoolExecutor(1) as executor, pytest.raises(ValueError, match="own failure"):
        asyncio.run(run(executor))
