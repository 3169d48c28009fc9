from __future__ import annotations

import asyncio
import os
import signal
import threading

import pytest

from themis.runtime.cancellation import Cancellation, handle_signals


async def send(number):
    os.kill(os.getpid(), number)
    await asyncio.sleep(0.02)


def test_the_first_request_drains_and_the_second_stops():
    cancellation = Cancellation()
    cancellation.request()
    assert (cancellation.draining.is_set(), cancellation.stopping.is_set()) == (True, False)
    cancellation.request()
    assert cancellation.stopping.is_set()


def test_stopping_implies_draining():
    cancellation = Cancellation()
    cancellation.stop()

    assert cancellation.draining.is_set()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_drain_then_stop_and_say_so(number):
    said = []

    async def main():
        cancellation = Cancellation()
        with handle_signals(cancellation, announce=said.append):
            waiting = asyncio.ensure_future(cancellation.draining.wait())
            await send(number)
            await asyncio.wait_for(waiting, 1)
            assert not cancellation.stopping.is_set()
            await send(number)
            assert cancellation.stopping.is_set()

    asyncio.run(main())

    assert said == [
        "finishing the calls in flight; press Ctrl-C again to stop now",
        "stopping now; what is done is kept, and the run can be resumed",
    ]


def test_a_third_signal_interrupts_even_code_that_never_awaits():
    async def main():
        with handle_signals(Cancellation()):
            await send(signal.SIGINT)
            await send(signal.SIGINT)
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)

    asyncio.run(main())


def test_the_handlers_that_were_there_before_are_put_back():
    async def main():
        before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
        with handle_signals(Cancellation()):
            assert signal.getsignal(signal.SIGTERM) not in before
        return before == [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]

    assert asyncio.run(main())


def test_outside_the_main_thread_signals_are_left_alone():
    before = signal.getsignal(signal.SIGTERM)
    seen = []

    async def main():
        with handle_signals(Cancellation()):
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    thread.join()

    assert seen == [before]
