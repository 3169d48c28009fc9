"""Ending a run early, two processes on one store, and watching a run from another shell."""

from __future__ import annotations

import signal
import time

import pytest

from themis.storage import sqlite_store
from themis.testing import FaultServer, Slow

from .conftest import simulated_answer

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"]),
]

CANDIDATES = 120
QUICK = 40


class Stuck:
    """After the first calls, answers take a minute, until they do no longer."""

    over = False

    def __call__(self, call):
        return None if self.over or call.index < QUICK else Slow(60.0)


def started(desk, server, eventually):
    """A run of which the server has received enough calls to be in the middle of it."""
    desk.point_at(server.base_url, models=["model-large"])
    desk.draw(20)
    desk.add("[project.execution_policy]\nmax_in_flight_work_items = 8")
    process = desk.start_run()
    eventually(lambda: server.count() > QUICK)
    return process


def status(desk):
    with sqlite_store(desk.store, read_only=True) as store:
        return store.runs()[0].status


def test_once_keeps_every_call_that_was_made_and_leaves_a_resumable_run(desk, number, eventually):
    with FaultServer(answer=simulated_answer, latency=0.1) as server:
        process = started(desk, server, eventually)
        process.signal(number)
        ended = process.ended()
        assert (ended.code, status(desk)) == (130, "interrupted"), ended.err
        assert "finishing the calls in flight" in ended.err
        assert f"themis resume {desk.run_id()[:12]}" in ended.err
        assert len(desk.candidates()) == server.count() < CANDIDATES
        assert desk.resume().code == 0
        assert server.count() == CANDIDATES


def test_twice_stops_at_once(desk, number, eventually):
    faults = Stuck()
    with FaultServer(answer=simulated_answer, faults=faults) as server:
        process = started(desk, server, eventually)
        process.signal(number)
        eventually(lambda: "finishing the calls in flight" in process.said())
        process.signal(number)
        asked = time.monotonic()
        ended = process.ended()
        assert time.monotonic() - asked < 5
        assert (ended.code, status(desk)) == (130, "interrupted"), ended.err
        assert len(desk.candidates()) == QUICK
        faults.over = True
        assert desk.resume().code == 0
        assert len(desk.candidates()) == CANDIDATES
