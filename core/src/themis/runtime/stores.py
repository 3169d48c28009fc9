"""Opens the store that a project names: SQLite's, or a plugin's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from themis.specs import (
    PluginStorageSpec,
    PostgresBlobStorageSpec,
    ProjectSpec,
    SqliteBlobStorageSpec,
)
from themis.storage import open_store

if TYPE_CHECKING:
    from themis.plugin.registry import PluginRegistry
    from themis.specs import StorageConfig
    from themis.storage import RunStore

__all__ = ["located", "open_project_store"]


def open_project_store(
    project: ProjectSpec, folder: Path, registry: PluginRegistry, *, read_only: bool = False
) -> RunStore:
    """The store of a project, open for writing unless `read_only`.

    Relative folders start at `folder`.

    Raises:
        PluginError: no plugin provides the backend, or its settings are wrong.
        StorageError: it cannot be opened.
    """
    storage = located(project.storage, folder)
    if isinstance(storage, SqliteBlobStorageSpec):
        return open_store(storage, read_only=read_only)
    backend = registry.choose("storage_backend", storage.backend).component()
    settings: dict[str, Any] = (
        storage.settings
        if isinstance(storage, PluginStorageSpec)
        else storage.model_dump(exclude={"backend"})
    )
    config = backend.configure(settings)
    if "base_dir" not in settings and hasattr(config, "base_dir"):
        config = backend.configure({**settings, "base_dir": str(folder)})
    store: RunStore = backend.load()(config, read_only=True) if read_only else backend.make(config)
    return store


def located(storage: StorageConfig, folder: Path) -> StorageConfig:
    """The storage spec with its folder made absolute: a relative one starts at `folder`."""
    if isinstance(storage, SqliteBlobStorageSpec):
        place = {"root_dir": storage.root_dir}
    elif isinstance(storage, PostgresBlobStorageSpec):
        place = {"blob_root_dir": storage.blob_root_dir}
    else:
        return storage
    absolute = {name: str(folder / Path(path).expanduser()) for name, path in place.items()}
    return storage.model_copy(update=absolute)
