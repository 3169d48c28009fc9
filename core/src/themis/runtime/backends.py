"""The plugins' backends that a project names: where runs are kept, and where they are executed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from themis.specs import PluginBackendSpec, ProjectSpec, SqliteBlobStorageSpec

if TYPE_CHECKING:
    from themis.plugin.component import ResolvedComponent
    from themis.plugin.registry import PluginRegistry

__all__ = ["execution_component", "project_backends", "storage_component"]


def storage_component(project: ProjectSpec, registry: PluginRegistry) -> ResolvedComponent | None:
    """The storage backend of a project; None for the core's own.

    Raises:
        PluginError: no plugin provides it, or it is not what the registry's lock holds.
    """
    if isinstance(project.storage, SqliteBlobStorageSpec):
        return None
    return registry.choose("storage_backend", project.storage.backend).component()


def execution_component(project: ProjectSpec, registry: PluginRegistry) -> ResolvedComponent | None:
    """The execution backend of a project; None for the core's own.

    Raises:
        PluginError: no plugin provides it, or it is not what the registry's lock holds.
    """
    if not isinstance(project.execution_backend, PluginBackendSpec):
        return None
    return registry.choose("execution_backend", project.execution_backend.kind).component()


def project_backends(
    project: ProjectSpec, registry: PluginRegistry, *, storage: bool = True
) -> list[tuple[str, ResolvedComponent]]:
    """Each backend of a plugin, with the reference to it; `storage`: whether its store is used.

    Raises:
        PluginError: as above.
    """
    store = storage_component(project, registry) if storage else None
    execution = execution_component(project, registry)
    named = ((project.storage.backend, store), (project.execution_backend.kind, execution))
    return [(ref, component) for ref, component in named if component is not None]
