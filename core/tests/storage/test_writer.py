from __future__ import annotations

import asyncio
import sqlite3
import threading
from concurrent.futures import Future

import pytest
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy.exc import OperationalError

from themis import storage
from themis.errors import ErrorCode, StorageError
from themis.storage.events import Event
from themis.storage.sqlite_store import InMemoryRunStore
from themis.storage.submissions import Limits, Submission, SubmissionQueue, settle


def count_commits(store):
    commits = []
    sqlalchemy_event.listen(store.writing, "commit", commits.append)
    return commits


def refused(message):
    return OperationalError("COMMIT", {}, sqlite3.OperationalError(message))


def fail_commits(store, *, times, message="database is locked"):
    """Makes the next commits fail as SQLite would."""
    left = [times]

    def fail(_):
        if left[0]:
            left[0] -= 1
            raise refused(message)

    sqlalchemy_event.listen(store.writing, "commit", fail)


@pytest.fixture
def memory():
    with InMemoryRunStore() as store:
        yield store


def test_events_submitted_together_share_one_transaction(plan):
    with InMemoryRunStore(limits=Limits(interval=0.05)) as store:
        script = plan(store, trials=100)
        commits = count_commits(store)
        futures = [store.submit([script.generated(trial)]) for trial in range(100)]
        assert [future.result(10)[0] for future in futures] == list(range(3, 103))
        assert len(commits) <= 2


def test_a_full_group_is_committed_without_waiting(plan):
    with InMemoryRunStore(limits=Limits(interval=3600, group_count=10)) as store:
        script = plan(store, trials=10)
        store.submit([script.generated(trial) for trial in range(10)]).result(timeout=10)


def test_flush_returns_once_everything_is_durable(plan):
    with InMemoryRunStore(limits=Limits(interval=3600)) as store:
        script = plan(store)
        future = store.submit([script.generated(0)])
        store.flush()
        assert future.done()


def test_the_events_of_one_submission_are_stored_all_or_none(memory, plan):
    script = plan(memory)
    with pytest.raises(StorageError, match="trial 77 was never planned or recorded"):
        memory.append([script.generated(0), script.generated(77)])
    assert list(memory.iter_candidates(script.run)) == []


def test_a_submission_that_cannot_be_stored_does_not_take_others_with_it(plan):
    with InMemoryRunStore(limits=Limits(interval=0.1)) as store:
        script = plan(store)
        good = store.submit([script.generated(0)])
        bad = store.submit([script.generated(77)])
        also_good = store.submit([script.generated(1)])
        assert good.result(10) == (3,)
        assert also_good.result(10) == (4,)
        with pytest.raises(
            StorageError, match="none of them was stored, resume the run once"
        ) as raised:
            bad.result(10)
        assert raised.value.code is ErrorCode.STORAGE_WRITE


def test_a_database_that_is_busy_is_tried_again(memory, plan):
    script = plan(memory)
    fail_commits(memory, times=2)
    assert memory.append([script.generated(0)]) == (3,)


def test_a_disk_that_is_full_fails_the_group_and_not_the_next(memory, plan):
    script = plan(memory)
    fail_commits(memory, times=1, message="database or disk is full")
    with pytest.raises(StorageError, match=r"1 record\(s\) could not be written to memory: .*full"):
        memory.append([script.generated(0)])
    assert memory.append([script.generated(0)]) == (3,)
    assert [row.trial for row in memory.iter_candidates(script.run)] == [0]


def test_a_commit_that_failed_after_it_took_effect_is_not_repeated(memory, plan):
    script = plan(memory)
    left = [1]

    def commit_then_fail(connection):
        if left.pop() if left else 0:
            connection.connection.driver_connection.execute("COMMIT")
            raise refused("disk I/O error")

    sqlalchemy_event.listen(memory.writing, "commit", commit_then_fail)
    assert memory.append([script.generated(0)]) == (3,)
    assert memory.append([script.generated(1)]) == (4,)


def test_an_event_that_is_no_json_is_refused_where_it_is_made():
    with pytest.raises(TypeError, match="set is no JSON value"):
        Event.of("run_status", {"status": {1}}, run=1)


def test_an_unknown_kind_of_event_is_refused(memory, plan):
    script = plan(memory)
    with pytest.raises(StorageError, match="has a kind this version does not know: gossip"):
        memory.append([Event.of("gossip", {}, run=script.run)])


def test_coroutines_await_durability(plan):
    async def main(store, script):
        futures = [await store.submit_async([script.generated(trial)]) for trial in range(4)]
        return [seq for (seq,) in await asyncio.gather(*futures)]

    with InMemoryRunStore() as store:
        script = plan(store)
        assert asyncio.run(main(store, script)) == [3, 4, 5, 6]


def test_coroutines_wait_for_room_without_blocking_the_loop(plan):
    async def main(store, script):
        submitted = [
            asyncio.ensure_future(store.submit_async([script.generated(trial)]))
            for trial in range(20)
        ]
        ticks = 0
        while not all(task.done() for task in submitted):
            await asyncio.sleep(0)
            ticks += 1
        for task in submitted:
            await task.result()
        return ticks

    with InMemoryRunStore(limits=Limits(interval=0.02, waiting_count=4)) as store:
        script = plan(store, trials=20)
        assert asyncio.run(main(store, script)) > 10
        assert len(list(store.iter_candidates(script.run))) == 20


def test_threads_block_while_there_is_no_room(plan):
    with InMemoryRunStore(limits=Limits(interval=3600, waiting_count=2)) as store:
        script = plan(store, trials=4)
        futures = []
        store.submit([script.generated(0), script.generated(1)])
        late = threading.Thread(target=lambda: futures.append(store.submit([script.generated(2)])))
        late.start()
        late.join(0.1)
        assert late.is_alive()
        store._writer._queue.hurry()
        late.join(10)
        assert not late.is_alive()
    assert futures[0].done()


def test_a_caller_who_no_longer_waits_changes_nothing(plan):
    async def main(store, script):
        future = await store.submit_async([script.generated(0)])
        future.cancel()
        (seq,) = await (await store.submit_async([script.generated(1)]))
        return seq

    with InMemoryRunStore() as store:
        script = plan(store)
        assert asyncio.run(main(store, script)) == 4


def test_one_call_per_event_loop_settles_a_whole_group():
    calls = []

    class CountingLoop(asyncio.SelectorEventLoop):
        def call_soon_threadsafe(self, *args, **options):
            calls.append(args)
            return super().call_soon_threadsafe(*args, **options)

    loop = CountingLoop()
    futures = [loop.create_future() for _ in range(100)]
    settle((future, (number,)) for number, future in enumerate(futures))
    results = loop.run_until_complete(asyncio.gather(*futures))
    loop.close()
    assert len(calls) == 1
    assert results[99] == (99,)


def test_settling_after_the_loop_has_closed_is_harmless():
    loop = asyncio.new_event_loop()
    future = loop.create_future()
    loop.close()
    settle([(future, ())])
    assert not future.done()


def test_a_closed_queue_hands_out_what_waits_and_then_ends():
    queue = SubmissionQueue(Limits(interval=3600))
    submission = Submission((), (), Future())
    queue.put(submission)
    queue.close("closed for the day")
    assert queue.take() == [submission]
    assert queue.take() is None
    with pytest.raises(StorageError, match="closed for the day"):
        queue.put(submission)


def test_a_failed_opening_lets_go_of_what_it_held(root, monkeypatch):
    monkeypatch.setattr("themis.storage.run_store.GroupCommit", None)
    with pytest.raises(TypeError):
        storage.sqlite_store(root)
    monkeypatch.undo()
    storage.sqlite_store(root).close()
