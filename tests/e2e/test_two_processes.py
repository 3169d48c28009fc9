"""Two processes on one store: one writes, any may watch."""

from __future__ import annotations

import time

import pytest

from themis.errors import StorageError
from themis.storage import sqlite_store
from themis.testing import FaultServer, Slow

from .conftest import simulated_answer

pytestmark = pytest.mark.slow


class Dawdling:
    """Each answer takes its time, until there is no more need to."""

    over = False

    def __call__(self, call):
        return None if self.over else Slow(0.5)


@pytest.fixture
def dawdling():
    return Dawdling()


@pytest.fixture
def writer(desk, dawdling, eventually):
    """A run that is under way, of 120 candidates, and takes a while."""
    with FaultServer(answer=simulated_answer, faults=dawdling) as server:
        desk.point_at(server.base_url, models=["model-large"])
        desk.draw(20)
        desk.add("[project.execution_policy]\nmax_in_flight_work_items = 4")
        process = desk.start_run()
        eventually(lambda: server.count() > 12)
        yield process
        if process.process.poll() is None:
            process.kill()


def test_a_second_writer_is_refused_within_about_a_second_and_told_by_whom(desk, writer):
    began = time.monotonic()
    with pytest.raises(StorageError, match=f"is being written by process {writer.process.pid} on"):
        sqlite_store(desk.store)
    assert 0.5 < time.monotonic() - began < 3
    second = desk.run()
    assert second.code == 2
    assert f"process {writer.process.pid} on" in second.err
    assert f"run {desk.benchmark}`" in second.err


def test_progress_shows_a_run_from_another_shell_while_it_runs(desk, dawdling, writer):
    seen = desk.themis("progress", desk.run_id()[:12], "--json").json
    assert seen["status"] == "running"
    assert 0 < seen["stages"]["generate"]["done"] < seen["stages"]["generate"]["total"] == 120
    dawdling.over = True
    assert writer.ended().code == 0
    seen = desk.themis("progress", desk.run_id(), "--json").json
    assert (seen["status"], seen["stages"]["score"]["done"]) == ("completed", 120)
