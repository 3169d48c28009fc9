from __future__ import annotations

import asyncio

import pytest

from themis.errors import StorageError
from themis.runtime.outbox import Outbox
from themis.storage import Event


class Shelf:
    """A store that keeps what it is sent, refuses events of `refused`, and may have no room."""

    def __init__(self, *, refused=()):
        self.sent = []
        self.stored = []
        self.room = asyncio.Event()
        self.room.set()
        self._refused = refused

    async def submit_async(self, events):
        await self.room.wait()
        numbers = [event.value()["n"] for event in events]
        self.sent.append(numbers)
        future = asyncio.get_running_loop().create_future()
        if set(numbers) & set(self._refused):
            future.set_exception(StorageError(f"refused {numbers}"))
        else:
            self.stored += numbers
            future.set_result(tuple(numbers))
        return future

    def flush(self):
        pass


def event(number):
    return Event.of("run_status", {"n": number}, run=1)


def sent(store, numbers, *, failures=None):
    """Put events for these numbers and drain; the numbers that were said to be durable."""

    async def run():
        durable = []
        failed = failures if failures is not None else []
        outbox = Outbox(store, on_failure=lambda: failed.append("failed"))
        for number in numbers:
            await outbox.put(event(number), lambda number=number: durable.append(number))
        await outbox.drain()
        return durable

    return asyncio.run(run())


def test_what_is_put_in_one_turn_of_the_loop_is_sent_together():
    store = Shelf()
    assert sent(store, [1, 2, 3]) == [1, 2, 3]
    assert store.sent == [[1, 2, 3]]


def test_many_events_do_not_wait_for_the_end_of_the_turn():
    store = Shelf()
    assert sent(store, range(150)) == list(range(150))
    assert [len(batch) for batch in store.sent] == [64, 64, 22]


def test_an_event_that_cannot_be_stored_takes_no_other_with_it():
    store, failures = Shelf(refused=[2]), []
    with pytest.raises(StorageError, match=r"refused \[2\]"):
        sent(store, [1, 2, 3], failures=failures)
    assert store.stored == [1, 3]
    assert failures == ["failed"]


def test_order_is_kept_and_the_sender_waits_while_there_is_no_room():
    async def run():
        store = Shelf()
        store.room.clear()
        outbox = Outbox(store, on_failure=lambda: None)
        putting = asyncio.create_task(put_all(outbox, 200))
        await asyncio.sleep(0.01)
        waited = not putting.done()
        store.room.set()
        await putting
        await outbox.drain()
        return waited, store.stored

    async def put_all(outbox, count):
        for number in range(count):
            await outbox.put(event(number))

    assert asyncio.run(run()) == (True, list(range(200)))


def test_an_appended_event_is_durable_and_its_failure_is_raised():
    async def run():
        outbox = Outbox(Shelf(refused=[2]), on_failure=lambda: None)
        await outbox.append(event(1))
        with pytest.raises(StorageError, match="refused"):
            await outbox.append(event(2))

    asyncio.run(run())


def test_a_store_that_is_closed_ends_the_run_and_is_told_when_draining():
    class Closed:
        async def submit_async(self, events):
            raise StorageError("the store is closed")

    failures = []
    with pytest.raises(StorageError, match="the store is closed"):
        sent(Closed(), [1], failures=failures)
    assert failures == ["failed"]
