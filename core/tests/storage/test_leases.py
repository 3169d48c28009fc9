from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from themis.errors import ErrorCode, StorageError
from themis.storage import LeaseLostError


@pytest.fixture
def clock(monkeypatch):
    """The store's clock, which stands still until it is set."""

    class Clock:
        now = 1_000_000

        def advance(self, seconds):
            self.now += round(seconds * 1000)

    clock = Clock()
    monkeypatch.setattr("themis.storage.dialects.now_ms", lambda: clock.now)
    return clock


def test_a_lease_is_held_until_it_ends(store, clock):
    lease = store.claim("part-1", holder="a", seconds=10)
    assert (lease.epoch, lease.expires_at) == (1, clock.now + 10_000)
    assert store.claim("part-1", holder="b", seconds=10) is None
    assert store.claim("part-2", holder="b", seconds=10).epoch == 1
    clock.advance(10)
    assert store.claim("part-1", holder="b", seconds=10).epoch == 2


def test_a_renewed_lease_lasts_longer(store, clock):
    lease = store.claim("part", holder="a", seconds=10)
    clock.advance(9)
    renewed = store.renew(lease, seconds=10)
    clock.advance(9)
    assert renewed.epoch == 1
    assert store.claim("part", holder="b", seconds=10) is None


def test_a_lease_that_has_ended_cannot_be_renewed(store, clock):
    lease = store.claim("part", holder="a", seconds=10)
    clock.advance(10)
    with pytest.raises(LeaseLostError, match=r"lease of a on part \(epoch 1\) has ended; nothing"):
        store.renew(lease, seconds=10)


def test_a_released_lease_is_free_and_its_epoch_is_not_given_again(store):
    lease = store.claim("part", holder="a", seconds=10)
    store.release(lease)
    assert store.claim("part", holder="b", seconds=10).epoch == 2
    store.release(lease)  # it is another's by now
    assert store.claim("part", holder="c", seconds=10) is None


def test_a_holder_that_starts_anew_fences_its_former_self_off(store, plan):
    script = plan(store)
    before = store.claim("part", holder="a", seconds=10)
    after = store.claim("part", holder="a", seconds=10)
    assert store.under(after).append([script.generated(0)])
    with pytest.raises(LeaseLostError, match=r"epoch 1.* is a's by now"):
        store.under(before).append([script.generated(1)])


def test_a_worker_that_was_stopped_past_its_lease_and_writes_is_refused(store, plan, clock):
    script = plan(store)
    worker = store.under(store.claim("part", holder="a", seconds=10))
    assert worker.append([script.generated(0)])
    clock.advance(10)
    with pytest.raises(LeaseLostError, match="has ended") as raised:
        worker.append([script.generated(1)])
    assert raised.value.code is ErrorCode.STORAGE_WRITE
    other = store.under(store.claim("part", holder="b", seconds=10))
    assert other.append([script.generated(1)])
    with pytest.raises(LeaseLostError, match=r"is b's by now \(epoch 2\)"):
        worker.submit([script.generated(2)]).result()
    assert [row.trial for row in store.iter_candidates(script.run)] == [0, 1]


def test_a_refused_worker_does_not_take_others_of_its_group_with_it(store, plan, clock):
    script = plan(store)
    late = store.under(store.claim("part-1", holder="a", seconds=10))
    good = store.under(store.claim("part-2", holder="b", seconds=60))
    clock.advance(10)
    asked = [late.submit([script.generated(0)]), good.submit([script.generated(1)])]
    free = store.submit([script.generated(2)])
    with pytest.raises(LeaseLostError):
        asked[0].result(10)
    assert asked[1].result(10)
    assert free.result(10)
    assert [row.trial for row in store.iter_candidates(script.run)] == [1, 2]


def test_closing_a_worker_leaves_the_store_open(store, plan):
    script = plan(store)
    with store.under(store.claim("part", holder="a", seconds=10)) as worker:
        worker.append([script.generated(0)])
    assert store.append([script.generated(1)])


def test_one_of_many_who_claim_at_once_has_the_lease(store):
    ready = threading.Barrier(8)

    def claim(number):
        ready.wait()
        return store.claim("part", holder=f"w{number}", seconds=10)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(claim, range(8)))
    assert sum(lease is not None for lease in found) == 1


def test_leases_are_claimed_while_others_write(store, plan):
    script = plan(store, trials=200)
    asked = [store.submit([script.generated(trial)]) for trial in range(200)]
    leases = [store.claim(f"part-{number}", holder="a", seconds=10) for number in range(20)]
    assert all(future.result(10) for future in asked)
    assert {lease.epoch for lease in leases} == {1}


def test_a_store_opened_for_reading_gives_no_leases(root):
    from themis import storage

    storage.sqlite_store(root).close()
    store = storage.sqlite_store(root, read_only=True)
    with store, pytest.raises(StorageError, match="was opened read-only"):
        store.claim("part", holder="a", seconds=1)
