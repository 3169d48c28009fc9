from __future__ import annotations

import asyncio
import gc

import pytest

from themis.runtime.limits.deadline import GRACE_SECONDS, DeadlineExceeded, within
from themis.testing.virtual_clock import run_virtual


async def awaited(awaitable, seconds):
    return await within(awaitable, seconds)


async def stubborn():
    while True:
        try:
            await asyncio.sleep(1e9)
        except asyncio.CancelledError:
            continue


def test_a_value_in_time_is_given_back():
    assert run_virtual(awaited(asyncio.sleep(5, "value"), 10)) == "value"


def test_futures_can_be_awaited_too():
    async def main():
        future = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(1, future.set_result, "value")
        return await within(future, 10)

    assert run_virtual(main()) == "value"


def test_an_exception_passes_through():
    async def fail():
        await asyncio.sleep(1)
        raise KeyError("x")

    with pytest.raises(KeyError):
        run_virtual(awaited(fail(), 10))


def test_a_component_may_handle_the_exceptions_of_what_it_awaits():
    async def fail():
        raise KeyError("x")

    async def handle():
        try:
            await asyncio.ensure_future(fail())
        except KeyError:
            return "handled"

    assert run_virtual(awaited(handle(), 10)) == "handled"


def test_the_deadline_cancels_the_component_and_lets_it_tidy_up():
    tidied = []

    async def component():
        try:
            await asyncio.sleep(1e9)
        finally:
            await asyncio.sleep(1)
            tidied.append(asyncio.get_running_loop().time())

    async def main():
        with pytest.raises(DeadlineExceeded):
            await within(component(), 10)
        return asyncio.current_task().cancelling()

    assert run_virtual(main()) == 0
    assert tidied == [11]


def test_a_component_that_swallows_its_cancellation_is_left_behind():
    async def main():
        with pytest.raises(DeadlineExceeded):
            await within(stubborn(), 10)
        await asyncio.sleep(1)
        return asyncio.get_running_loop().time(), len(asyncio.all_tasks())

    assert run_virtual(main()) == (10 + GRACE_SECONDS + 1, 1)
    gc.collect()


def test_a_component_that_survives_even_its_closing_is_left_behind():
    async def immortal():
        while True:
            try:
                await asyncio.sleep(1e9)
            except BaseException:
                await asyncio.sleep(0)

    with pytest.raises(DeadlineExceeded):
        run_virtual(awaited(immortal(), 10))


def test_a_value_that_comes_after_the_deadline_is_too_late():
    async def late():
        try:
            await asyncio.sleep(1e9)
        except asyncio.CancelledError:
            return "late"

    with pytest.raises(DeadlineExceeded):
        run_virtual(awaited(late(), 10))


def test_a_cancelled_run_stays_cancelled():
    async def main():
        call = asyncio.ensure_future(awaited(asyncio.sleep(1e9), 100))
        await asyncio.sleep(1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == 1


def test_a_cancelled_run_does_not_wait_for_a_stubborn_component():
    async def main():
        call = asyncio.ensure_future(awaited(stubborn(), None))
        await asyncio.sleep(1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == 1 + GRACE_SECONDS


def test_a_timeout_of_the_component_s_own_is_its_own():
    async def component():
        async with asyncio.timeout(1):
            await asyncio.sleep(1e9)

    with pytest.raises(TimeoutError):
        run_virtual(awaited(component(), 10))
