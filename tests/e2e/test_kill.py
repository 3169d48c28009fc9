"""kill -9 in the middle of a run: what was durable is not asked again, and nothing is lost."""

from __future__ import annotations

import random
import time

import pytest

from themis.testing import FaultServer

from .conftest import simulated_answer

pytestmark = pytest.mark.slow

IN_FLIGHT = 16
CANDIDATES = 240
KILLS = 3


@pytest.fixture
def server():
    with FaultServer(answer=simulated_answer, latency=0.03) as server:
        yield server


@pytest.fixture
def desk_at(make_desk, server):
    """Desks with the same run of 240 candidates, at most 16 of them asked at once."""

    def make(name):
        desk = make_desk(name)
        desk.point_at(server.base_url)
        desk.draw(10, samples=2)
        desk.add(f"[project.execution_policy]\nmax_in_flight_work_items = {IN_FLIGHT}")
        return desk

    return make


@pytest.fixture
def uninterrupted(desk_at):
    ended = desk_at("uninterrupted").run()
    assert ended.code == 0, ended.err
    return ended.json


def seeds(calls):
    return [call.body["seed"] for call in calls]


def kill_after(process, server, calls, eventually):
    """Kill the process once the server has received so many more calls."""
    goal = server.count() + calls
    eventually(lambda: server.count() >= goal or process.process.poll() is not None)
    process.kill()


@pytest.mark.parametrize("again", ["start_resume", "start_run"])
def test_a_killed_run_goes_on_without_repeating_a_durable_call(
    again, desk_at, server, uninterrupted, eventually
):
    desk, draw = desk_at("killed"), random.Random(again)
    first = server.count()
    process = desk.start_run()
    for _ in range(KILLS):
        kill_after(process, server, draw.randint(1, 80), eventually)
        durable, before = desk.durable_seeds(), server.count()
        process = getattr(desk, again)()
        eventually(lambda before=before: server.count() > before)
        assert durable.isdisjoint(seeds(server.calls[before:]))
    ended = process.ended()
    assert ended.code == 0, ended.err
    assert ended.json == uninterrupted
    asked = seeds(server.calls[first:])
    assert len(set(asked)) == CANDIDATES
    assert len(asked) <= CANDIDATES + 2 * KILLS * IN_FLIGHT


def test_a_run_killed_at_any_moment_can_be_run_again(desk_at, server, uninterrupted):
    desk, draw = desk_at("killed"), random.Random(11)
    for _ in range(4):
        process = desk.start_run()
        time.sleep(draw.uniform(0.2, 2.0))
        process.kill()
    ended = desk.run()
    assert ended.code == 0, ended.err
    assert ended.json == uninterrupted
