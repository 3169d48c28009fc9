"""A run cut into partitions, for the execution backend that a project names."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import attrs

from themis.errors import SpecValidationError
from themis.runtime.backends import execution_component
from themis.specs import PluginBackendSpec, ProjectSpec

if TYPE_CHECKING:
    from themis.plugin import ExecutionBackend
    from themis.plugin.registry import PluginRegistry

__all__ = ["RunPartitions", "execution_backend"]


@attrs.frozen(slots=True, kw_only=True)
class RunPartitions:
    """What an execution backend is given. `pipeline` does what is missing of some trials."""

    run_id: str
    trial_count: int
    pipeline: Callable[[range], Awaitable[None]]

    def partitions(self, size: int = 200) -> tuple[range, ...]:
        """All trials, cut into ranges of `size`.

        Raises:
            SpecValidationError: `size` is below 1.
        """
        if size < 1:
            msg = f"a partition of {size} trials does nothing; give 1 or more"
            raise SpecValidationError(msg)
        count = self.trial_count
        return tuple(range(start, min(start + size, count)) for start in range(0, count, size))

    async def execute(self, partition: range) -> None:
        """Do all that is missing of a partition; it is durable then."""
        await self.pipeline(partition)


def execution_backend(project: ProjectSpec, registry: PluginRegistry) -> ExecutionBackend | None:
    """The backend of a plugin that the project names; None where it names none.

    Raises:
        PluginError: no plugin provides it, or its settings are wrong.
    """
    spec = project.execution_backend
    backend = execution_component(project, registry)
    if backend is None or not isinstance(spec, PluginBackendSpec):
        return None
    made: ExecutionBackend = backend.make(spec.settings)
    return made
