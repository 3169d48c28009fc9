"""How a run ends that an exception ends, or whoever cancels it: it is not left running."""

from __future__ import annotations

import asyncio

import pytest

from themis.errors import StorageError
from themis.specs import ModelSpec, PluginBackendSpec, ProjectSpec

from .conftest import rows, sums_benchmark

PROJECT = ProjectSpec(execution_backend=PluginBackendSpec(kind="failing"))


class Failing:
    """Executes the first partition, then fails in a task group."""

    version = "1.0"

    def __init__(self, error):
        self.error = error

    async def execute(self, run):
        first, *_ = run.partitions(size=4)
        await run.execute(first)
        if self.error is not None:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._fail())
        for part in run.partitions(size=4)[1:]:
            await run.execute(part)

    async def _fail(self):
        raise self.error


def test_an_exception_that_ends_a_run_is_raised_itself_and_the_run_is_interrupted(
    make, registry, store
):
    backend = Failing(ZeroDivisionError("no"))
    registry.register("execution_backend", "failing", backend)
    orchestrator = make(project=PROJECT, items=rows(10))
    with pytest.raises(ZeroDivisionError, match="no"):
        orchestrator.run_benchmark(sums_benchmark())
    [run] = store.runs()
    assert run.status == "interrupted"
    assert orchestrator.get_run_progress(run.run_id).status == "interrupted"
    assert len(list(store.iter_candidates(run.id))) == 4
    backend.error = None
    assert orchestrator.run_benchmark(sums_benchmark()).status == "completed"


def test_a_storage_error_is_raised_as_it_is(make, registry):
    registry.register("execution_backend", "failing", Failing(StorageError("the disk is full")))
    with pytest.raises(StorageError, match="the disk is full"):
        make(project=PROJECT).run_benchmark(sums_benchmark())


class Waiting:
    """Answers the first two items, and waits with the others; says when it does."""

    version = "1.0"

    def __init__(self):
        self.waits = asyncio.Event()

    async def infer(self, trial, context, runtime):
        if trial.item_id not in {"0", "1"}:
            self.waits.set()
            await asyncio.sleep(60)
        return str(context["answer"])

    def fingerprint(self):
        return "waiting"


@pytest.mark.parametrize("times", [1, 2])
def test_a_run_that_is_cancelled_is_interrupted_and_keeps_what_is_done(
    make, registry, store, times
):
    async def cancelled():
        engine = Waiting()
        registry.register_inference_engine("waiting", engine)
        spec = sums_benchmark(models=[ModelSpec(model_id="m", provider="waiting")])
        task = asyncio.create_task(make().prepare(spec).execution.run())
        await engine.waits.wait()
        await asyncio.sleep(0.1)
        for _ in range(times):
            task.cancel()
        await asyncio.wait([task], timeout=10)
        return task.cancelled()

    assert asyncio.run(cancelled())
    [run] = store.runs()
    assert run.status == "interrupted"
    assert [row.ok for row in store.iter_candidates(run.id)] == [True, True]
