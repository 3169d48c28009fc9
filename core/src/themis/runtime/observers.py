"""The telemetry bus: observers see what happens, and can neither change nor slow the run."""

from __future__ import annotations

import asyncio
import inspect
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from themis.runtime.logging import get_logger

__all__ = ["ObserverReport", "TelemetryBus"]

_CLOSE = object()


@attrs.frozen(slots=True, kw_only=True)
class ObserverReport:
    """What became of the events for one observer. `pending`: not handled when the bus closed."""

    observer: str
    delivered: int
    failed: int
    dropped: int
    pending: int
    last_error: str | None = None

    @property
    def complete(self) -> bool:
        """Whether the observer has seen, and handled, everything."""
        return not (self.failed or self.dropped or self.pending)


class TelemetryBus:
    """Hands events to observers, each with a bounded queue and a daemon thread of its own.

    An event is a mapping with a `kind` key or an object with a `kind` attribute; all observers get
    the same one and must not change it. A queue that is full drops the event and counts it.

    Example::

        bus = TelemetryBus()
        unsubscribe = bus.subscribe(print, kinds={"generated"})
        bus.publish({"kind": "generated", "candidate_id": "c1"})
        reports = bus.close()
    """

    __slots__ = ("_capacity", "_ended", "_observers")

    def __init__(self, *, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._observers: tuple[_Observer, ...] = ()
        self._ended: list[_Observer] = []

    def subscribe(
        self,
        callback: Callable[[Any], object],
        *,
        kinds: Iterable[str] | None = None,
        finish: Callable[[], object] | None = None,
    ) -> Callable[[], None]:
        """Call `callback(event)`, sync or async, for events of these kinds (all by default).

        `finish` is called last, on the same thread, when the subscription has ended and its queue
        is empty.

        Returns:
            A function that ends the subscription; events already queued are still delivered.
        """
        wanted = None if kinds is None else frozenset(kinds)
        observer = _Observer(callback, wanted, self._capacity, finish)
        self._observers = (*self._observers, observer)

        def unsubscribe() -> None:
            if observer in self._observers:
                self._observers = tuple(o for o in self._observers if o is not observer)
                self._end(observer)

        return unsubscribe

    def wants(self, kind: str) -> bool:
        """Whether anyone listens: an event nobody wants need not be built."""
        return any(observer.kinds is None or kind in observer.kinds for observer in self._observers)

    def publish(self, event: Any) -> None:
        """Queue an event; returns at once and raises nothing."""
        observers = self._observers
        if not observers:
            return
        kind = event.get("kind") if isinstance(event, Mapping) else getattr(event, "kind", None)
        for observer in observers:
            if observer.kinds is None or kind in observer.kinds:
                observer.offer(event)

    def close(self, *, timeout: float = 5.0) -> tuple[ObserverReport, ...]:
        """Wait up to `timeout` seconds, in all, for the queues to empty; then leave the rest.

        Every subscription ends. What an observer missed is logged as a warning.
        """
        closing, self._observers = self._observers, ()
        for observer in closing:
            self._end(observer)
        ended, self._ended = self._ended, []
        deadline = time.monotonic() + timeout
        reports = tuple(observer.report(deadline) for observer in ended)
        for report in reports:
            if not report.complete:
                get_logger().warning("an observer missed events", **attrs.asdict(report))
        return reports

    def _end(self, observer: _Observer) -> None:
        observer.begin_close()
        self._ended.append(observer)


class _Observer:
    """One subscription: its queue, its thread and its counts."""

    __slots__ = (
        "_callback", "_capacity", "_delivered", "_dropped", "_failed", "_finish", "_last_error",
        "_queue", "_thread", "kinds",
    )  # fmt: skip

    def __init__(
        self,
        callback: Callable[[Any], object],
        kinds: frozenset[str] | None,
        capacity: int,
        finish: Callable[[], object] | None,
    ) -> None:
        self.kinds = kinds
        self._callback = callback
        self._finish = finish
        self._capacity = capacity
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._delivered = self._failed = self._dropped = 0
        self._last_error: str | None = None
        self._thread = threading.Thread(target=self._watch, name="themis-observer", daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        """How reports and logs call it."""
        return getattr(self._callback, "__qualname__", type(self._callback).__name__)

    def offer(self, event: Any) -> None:
        """Queue an event, or count it as dropped."""
        if self._queue.qsize() >= self._capacity:
            self._dropped += 1
        else:
            self._queue.put(event)

    def begin_close(self) -> None:
        """Nothing more will come."""
        self._queue.put(_CLOSE)

    def report(self, deadline: float) -> ObserverReport:
        """Wait for the queue to empty until `deadline`, and report."""
        self._thread.join(max(0.0, deadline - time.monotonic()))
        # the mark that ends the queue makes up for the event in the callback's hands
        pending = self._queue.qsize() if self._thread.is_alive() else 0
        return ObserverReport(
            observer=self.name,
            delivered=self._delivered,
            failed=self._failed,
            dropped=self._dropped,
            pending=pending,
            last_error=self._last_error,
        )

    def _watch(self) -> None:
        with asyncio.Runner() as runner:
            while (event := self._queue.get()) is not _CLOSE:
                self._delivered += self._done(runner, self._callback, event)
            if self._finish is not None:
                self._done(runner, self._finish)

    def _done(self, runner: asyncio.Runner, call: Callable[..., object], *arguments: Any) -> bool:
        """Call, and await what it gives; False if it raised."""
        try:
            result = call(*arguments)
            if inspect.iscoroutine(result):
                runner.run(result)
        except BaseException as error:  # noqa: BLE001 (an observer cannot end anything)
            self._note(error)
            return False
        return True

    def _note(self, error: BaseException) -> None:
        self._failed += 1
        self._last_error = f"{type(error).__name__}: {error}"
        if self._failed == 1:
            get_logger().warning(
                "an observer raised; it stays subscribed, and later errors are only counted",
                observer=self.name,
                error=self._last_error,
            )
