from __future__ import annotations

import logging
import threading
import time

import attrs
import pytest

from themis.runtime.observers import TelemetryBus


@attrs.frozen
class Generated:
    candidate_id: str
    kind: str = "generated"


@pytest.fixture
def blocked():
    """An observer that waits until it is released; it tells when it has begun."""

    class Blocked:
        def __init__(self):
            self.begun, self.release = threading.Event(), threading.Event()

        def __call__(self, event):
            self.begun.set()
            self.release.wait(10)

    observer = Blocked()
    yield observer
    observer.release.set()


def test_an_observer_sees_the_events_in_order():
    bus, seen = TelemetryBus(), []
    bus.subscribe(seen.append)
    for number in range(1000):
        bus.publish({"kind": "generated", "number": number})
    (report,) = bus.close()

    assert [event["number"] for event in seen] == list(range(1000))
    assert (report.delivered, report.complete) == (1000, True)


def test_an_observer_sees_only_the_kinds_it_asked_for():
    bus, seen = TelemetryBus(), []
    bus.subscribe(seen.append, kinds={"generated"})
    bus.publish({"kind": "evaluated"})
    bus.publish(Generated("c1"))
    bus.close()

    assert seen == [Generated("c1")]


def test_a_publisher_can_ask_whether_anyone_listens():
    bus = TelemetryBus()
    assert not bus.wants("generated")
    bus.subscribe(print, kinds={"generated"})

    assert bus.wants("generated")
    assert not bus.wants("evaluated")
    bus.close()


def test_an_observer_that_ends_its_subscription_sees_no_more():
    bus, seen = TelemetryBus(), []
    unsubscribe = bus.subscribe(seen.append)
    bus.publish({"kind": "a"})
    unsubscribe()
    unsubscribe()
    bus.publish({"kind": "b"})
    (report,) = bus.close()

    assert seen == [{"kind": "a"}]
    assert report.delivered == 1


def test_async_observers_are_awaited():
    bus, seen = TelemetryBus(), []

    async def observe(event):
        seen.append(event)

    bus.subscribe(observe)
    bus.publish({"kind": "a"})
    bus.close()

    assert seen == [{"kind": "a"}]


def test_an_observer_s_exception_is_logged_once_and_counted(caplog):
    bus = TelemetryBus()

    def faulty(event):
        raise ValueError("no disk")

    bus.subscribe(faulty)
    for _ in range(3):
        bus.publish({"kind": "a"})
    with caplog.at_level(logging.WARNING, logger="themis"):
        (report,) = bus.close()

    assert (report.failed, report.last_error) == (3, "ValueError: no disk")
    assert [record.message for record in caplog.records] == [
        "an observer raised; it stays subscribed, and later errors are only counted",
        "an observer missed events",
    ]


def test_a_slow_observer_does_not_slow_the_publisher(blocked):
    bus = TelemetryBus(capacity=100)
    bus.subscribe(blocked)
    started = time.perf_counter()
    for _ in range(10_000):
        bus.publish({"kind": "a"})

    assert time.perf_counter() - started < 1
    blocked.release.set()
    bus.close()


def test_events_beyond_the_queue_s_capacity_are_dropped_and_counted(blocked):
    bus = TelemetryBus(capacity=10)
    bus.subscribe(blocked)
    bus.publish({"kind": "a"})
    blocked.begun.wait(5)
    for _ in range(15):
        bus.publish({"kind": "a"})
    blocked.release.set()
    (report,) = bus.close()

    assert (report.delivered, report.dropped) == (11, 5)


def test_closing_waits_no_longer_than_it_is_told(blocked):
    bus = TelemetryBus()
    bus.subscribe(blocked)
    for _ in range(4):
        bus.publish({"kind": "a"})
    blocked.begun.wait(5)
    started = time.perf_counter()
    (report,) = bus.close(timeout=0.05)

    assert time.perf_counter() - started < 1
    assert (report.pending, report.complete) == (4, False)


def test_publishing_to_nobody_is_nothing():
    bus = TelemetryBus()
    bus.publish({"kind": "a"})

    assert bus.close() == ()


def test_closing_leaves_no_thread():
    bus = TelemetryBus()
    bus.subscribe(print)
    bus.close()

    assert "themis-observer" not in {thread.name for thread in threading.enumerate()}
