"""Runs whose partitions are executed by the backend of a plugin."""

from __future__ import annotations

import pytest

from themis.errors import PluginError, SpecValidationError
from themis.runtime.partitions import RunPartitions
from themis.specs import PluginBackendSpec, ProjectSpec, WorkerPoolBackendSpec

from .conftest import rows, sums_benchmark


class Backwards:
    """Executes one partition after another, the last first."""

    version = "1.0"

    def __init__(self, leave=0):
        self.leave = leave
        self.executed = []

    async def execute(self, run):
        for part in run.partitions(size=4)[::-1][self.leave :]:
            await run.execute(part)
            self.executed.append((part.start, part.stop))


PROJECT = ProjectSpec(execution_backend=PluginBackendSpec(kind="backwards"))


def test_a_backend_executes_the_partitions_in_its_own_order(make, registry, engine):
    backend = Backwards()
    registry.register("execution_backend", "backwards", backend)
    result = make(project=PROJECT, items=rows(10)).run_benchmark(sums_benchmark())
    assert backend.executed == [(8, 10), (4, 8), (0, 4)]
    assert result.status == "completed"
    assert sorted(int(item) for item, _, _ in engine.calls) == list(range(10))
    assert [int(item) for item, _, _ in engine.calls[:2]] in ([8, 9], [9, 8])


def test_what_a_backend_leaves_out_is_pending_and_done_by_the_next_run(make, registry, engine):
    backend = Backwards(leave=1)
    registry.register("execution_backend", "backwards", backend)
    result = make(project=PROJECT, items=rows(10)).run_benchmark(sums_benchmark())
    assert (result.status, len(engine.calls)) == ("pending", 8)
    backend.leave = 0
    result = make(project=PROJECT, items=rows(10)).run_benchmark(sums_benchmark())
    assert (result.status, len(engine.calls)) == ("completed", 10)


def test_a_submitted_run_is_executed_by_the_backend_here(make, registry):
    registry.register("execution_backend", "backwards", Backwards())
    handle = make(project=PROJECT).submit(sums_benchmark())
    assert (handle.backend, handle.status) == ("backwards", "completed")


def test_a_backend_that_nothing_provides_is_an_error_before_anything_runs(make, engine):
    with pytest.raises(PluginError, match="backwards"):
        make(project=PROJECT).run_benchmark(sums_benchmark())
    assert engine.calls == []


def test_a_worker_pool_is_somebody_elses(make):
    project = ProjectSpec(execution_backend=WorkerPoolBackendSpec())
    assert make(project=project).submit(sums_benchmark()).status == "planned"


def test_a_partition_of_nothing_is_an_error():
    run = RunPartitions(run_id="r", trial_count=3, pipeline=lambda trials: None)
    assert run.partitions(size=2) == (range(2), range(2, 3))
    with pytest.raises(SpecValidationError, match="a partition of 0 trials does nothing"):
        run.partitions(size=0)
