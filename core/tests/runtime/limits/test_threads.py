from __future__ import annotations

import asyncio
import contextvars
import subprocess
import sys
import threading

import pytest

from themis.runtime.limits.threads import BlockingThreads


def our_threads():
    return [thread for thread in threading.enumerate() if thread.name == "themis-blocking"]


@pytest.fixture
def threads():
    pool = BlockingThreads()
    yield pool
    pool.close()
    for thread in our_threads():
        thread.join(1)


def test_a_blocking_call_runs_outside_the_loop_s_thread(threads):
    assert asyncio.run(threads.run(threading.get_ident)) != threading.get_ident()


def test_a_thread_is_used_again(threads):
    async def main():
        return {await threads.run(threading.get_ident) for _ in range(5)}

    assert len(asyncio.run(main())) == 1


def test_calls_at_once_have_a_thread_each(threads):
    barrier = threading.Barrier(8, timeout=5)

    async def main():
        await asyncio.gather(*(threads.run(barrier.wait) for _ in range(8)))

    asyncio.run(main())


def test_an_exception_reaches_the_caller(threads):
    with pytest.raises(ZeroDivisionError):
        asyncio.run(threads.run(lambda: 1 / 0))


def test_a_stop_iteration_reaches_the_caller_as_a_runtime_error(threads):
    with pytest.raises(RuntimeError, match="StopIteration"):
        asyncio.run(threads.run(next, iter(())))


def test_context_variables_are_seen(threads):
    variable = contextvars.ContextVar("variable", default="unset")

    async def main():
        variable.set("set")
        return await threads.run(variable.get)

    assert asyncio.run(main()) == "set"


def test_an_abandoned_thread_ends_with_its_call_and_is_not_used_again(threads):
    release = threading.Event()

    async def main():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await threads.run(release.wait)
        (hung,) = our_threads()
        await threads.run(int)
        release.set()
        hung.join(2)
        return hung.is_alive(), len(our_threads())

    assert asyncio.run(main()) == (False, 1)


def test_closing_ends_the_threads():
    pool = BlockingThreads()
    asyncio.run(pool.run(int))
    running = our_threads()
    pool.close()
    for thread in running:
        thread.join(2)

    assert running
    assert not our_threads()


def test_a_hung_thread_does_not_hold_up_the_end_of_the_program():
    program = """
import asyncio, time
from themis.runtime.limits.threads import BlockingThreads

async def main():
    try:
        async with asyncio.timeout(0.05):
            await BlockingThreads().run(time.sleep, 600)
    except TimeoutError:
        print("timed out")

asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True
    )

    assert done.stdout == "timed out\n"
