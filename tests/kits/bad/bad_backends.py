"""One good execution backend, and one for every check of BackendKit that fails exactly that."""

from __future__ import annotations

import asyncio
import contextlib

from pydantic import BaseModel, ConfigDict, Field

from themis.errors import ThemisError
from themis.plugin import ExecutionBackendDeclaration, PluginInfo, hookimpl


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    at_once: int = Field(default=4, description="How many partitions are under way at once.")


class LooseSettings(BaseModel):
    at_once: int = Field(default=4, description="How many partitions are under way at once.")


class Good:
    size = 100

    def __init__(self, config):
        self.at_once = config.at_once

    async def execute(self, run):
        waiting = list(self.partitions(run))
        async with asyncio.TaskGroup() as group:
            for _ in range(self.at_once):
                group.create_task(self.work(run, waiting))

    def partitions(self, run):
        return run.partitions(self.size)

    async def work(self, run, waiting):
        while waiting:
            await self.attempt(run, waiting.pop(0))

    async def attempt(self, run, partition):
        try:
            await run.execute(partition)
        except ThemisError:
            await run.execute(partition)


class EveryTrial(Good):
    def partitions(self, run):
        parts = super().partitions(run)
        return [*parts, *parts[:1]]


class Bounded(Good):
    async def execute(self, run):
        async with asyncio.TaskGroup() as group:
            for partition in self.partitions(run):
                group.create_task(self.attempt(run, partition))


class PartitionSize(Good):
    size = 1000


class Empty(Good):
    def partitions(self, run):
        return super().partitions(run) or [range(1)]


class WorkerDeath(Good):
    async def attempt(self, run, partition):
        try:
            await run.execute(partition)
        except ThemisError:
            await run.execute(range(partition.start, partition.start + 1))


class Failure(Good):
    async def attempt(self, run, partition):
        for _ in range(3):
            with contextlib.suppress(ThemisError):
                await run.execute(partition)
                return


class Cancellation(Good):
    async def execute(self, run):
        inner = asyncio.ensure_future(super().execute(run))
        await asyncio.shield(inner)


class NoState(Good):
    seen = 0

    async def execute(self, run):
        self.seen += 1
        if self.seen < 3:
            await super().execute(run)


class Results(Good):
    def partitions(self, run):
        parts = super().partitions(run)
        return parts[:-1] if run.trial_count == 450 else parts


class Config(Good):
    pass


CLASSES = {
    "good": Good,
    "every_trial": EveryTrial,
    "bounded": Bounded,
    "partition_size": PartitionSize,
    "empty": Empty,
    "worker_death": WorkerDeath,
    "failure": Failure,
    "cancellation": Cancellation,
    "no_state": NoState,
    "results": Results,
    "config": Config,
}


@hookimpl
def themis_plugin():
    return PluginInfo(summary="Broken execution backends.")


@hookimpl
def themis_execution_backends():
    return [
        ExecutionBackendDeclaration(
            name=name,
            implementation=f"bad_backends:{implementation.__name__}",
            config=f"bad_backends:{'Loose' if name == 'config' else ''}Settings",
            version="1.0",
        )
        for name, implementation in CLASSES.items()
    ]
