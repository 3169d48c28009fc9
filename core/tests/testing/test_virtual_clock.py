from __future__ import annotations

import asyncio
import threading
import time

import pytest

from themis.testing.virtual_clock import VirtualClockLoop, run_virtual


def test_an_hour_passes_at_once():
    async def main():
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time()

    started = time.perf_counter()
    assert run_virtual(main()) == 3600
    assert time.perf_counter() - started < 1


def test_timers_fire_in_the_order_of_their_times():
    order = []

    async def nap(seconds):
        await asyncio.sleep(seconds)
        order.append(seconds)

    async def main():
        await asyncio.gather(*(nap(seconds) for seconds in (3, 1, 2)))

    run_virtual(main())

    assert order == [1, 2, 3]


def test_timeouts_work():
    async def main():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(10):
                await asyncio.sleep(1e6)
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == 10


def test_a_thread_s_result_is_waited_for_when_no_timer_is_set():
    async def main():
        done = asyncio.Event()
        loop = asyncio.get_running_loop()

        def work():
            time.sleep(0.05)
            loop.call_soon_threadsafe(done.set)

        threading.Thread(target=work).start()
        await done.wait()
        return loop.time()

    assert run_virtual(main()) == 0


def test_a_loop_in_which_nothing_can_happen_says_so():
    async def main():
        await asyncio.Event().wait()

    loop = VirtualClockLoop(stall_seconds=0.01)
    task = loop.create_task(main())
    with pytest.raises(RuntimeError, match="every task waits, no timer is set"):
        loop.run_until_complete(task)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        loop.run_until_complete(task)
    loop.close()
