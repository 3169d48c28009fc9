"""Opens the store that a project names: SQLite's, or a plugin's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from themis.specs import PluginStorageSpec, ProjectSpec, SqliteBlobStorageSpec
from themis.storage import open_store

if TYPE_CHECKING:
    from themis.plugin.registry import PluginRegistry
    from themis.storage import RunStore

__all__ = ["open_project_store"]


def open_project_store(project: ProjectSpec, folder: Path, registry: PluginRegistry) -> RunStore:
    """The store of a project, open for writing; relative folders start at `folder`.

    Raises:
        PluginError: no plugin provides the backend, or its settings are wrong.
        StorageError: it cannot be opened.
    """
    storage = project.storage
    if isinstance(storage, SqliteBlobStorageSpec):
        return open_store(storage.model_copy(update={"root_dir": str(folder / storage.root_dir)}))
    backend = registry.choose("storage_backend", storage.backend).component()
    settings: dict[str, Any] = (
        storage.settings
        if isinstance(storage, PluginStorageSpec)
        else storage.model_dump(exclude={"backend"})
    )
    config = backend.configure(settings)
    if "base_dir" not in settings and hasattr(config, "base_dir"):
        config = backend.configure({**settings, "base_dir": str(folder)})
    store: RunStore = backend.make(config)
    return store
