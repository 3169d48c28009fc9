"""A few partitions of a run at a time, each tried again where its execution fails."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict, Field
from themis.plugin import PartitionedRun, ThemisError

__all__ = ["PartitionPool", "PartitionPoolConfig"]


class PartitionPoolConfig(BaseModel):
    """The further fields of a project's `execution_backend`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at_once: int = Field(4, ge=1, le=64, description="How many partitions are under way at once.")
    size: int = Field(100, ge=1, le=500, description="How many trials a partition has.")
    attempts: int = Field(3, ge=1, description="How often a partition is tried.")
    pause: float = Field(0.1, ge=0, description="Seconds before it is tried again.")


class PartitionPool:
    """Executes a run in this process: `at_once` workers take one partition after the other.

    What a partition has done is durable, so trying it again does only what is missing.
    """

    component_id = "{{ cookiecutter.__component }}"

    def __init__(self, config: PartitionPoolConfig) -> None:
        self._config = config

    async def execute(self, run: PartitionedRun) -> None:
        """Execute every partition of the run.

        Raises:
            ThemisError: a partition failed however often it was tried. No other goes on then, nor
                when this is cancelled.
        """
        waiting = iter(run.partitions(self._config.size))
        try:
            async with asyncio.TaskGroup() as workers:
                for _ in range(self._config.at_once):
                    workers.create_task(self._work(run, waiting))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None  # the others were only cut off by it

    async def _work(self, run: PartitionedRun, waiting: Iterator[range]) -> None:
        for partition in waiting:
            await self._attempt(run, partition)

    async def _attempt(self, run: PartitionedRun, partition: range) -> None:
        for _ in range(self._config.attempts - 1):
            try:
                return await run.execute(partition)
            except ThemisError:
                await asyncio.sleep(self._config.pause)
        return await run.execute(partition)
