"""Opens the store that a command reads: a folder, or what a project file names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from themis.cli.project_file import PROJECT_FILE, default_project_file, plugin_config

if TYPE_CHECKING:
    from collections.abc import Callable

    from themis.specs import ProjectSpec
    from themis.storage import RunStore

__all__ = ["DEFAULT_STORE", "StorePlace", "open_run_store", "store_option", "store_place"]

DEFAULT_STORE = ".themis"


@attrs.frozen(slots=True)
class StorePlace:
    """The project whose storage is meant, where its paths start, and the file that it is from."""

    project: ProjectSpec
    folder: Path
    file: Path | None = None


def store_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--store DIR`: where the runs are."""
    return click.option(
        "--store",
        "store",
        type=click.Path(path_type=Path),
        envvar="THEMIS_STORE",
        default=None,
        help="The store's folder; to read another kind of store, the project's file. [default: the "
        f"project's ({PROJECT_FILE} here), else {DEFAULT_STORE}]",
    )(command)


def store_place(store: Path | None) -> StorePlace:
    """What `--store` names, or the default.

    Raises:
        SpecValidationError: it is a file, and not one with a project.
    """
    from themis.specs import ProjectSpec, SqliteBlobStorageSpec
    from themis.specs.files import SUFFIXES, load_project_file

    file = store if store is not None and store.suffix in SUFFIXES and store.is_file() else None
    if store is None:
        file = default_project_file()
    if file is not None:
        loaded = load_project_file(file)
        return StorePlace(loaded.project, loaded.base_dir, file)
    storage = SqliteBlobStorageSpec(root_dir=str(store or DEFAULT_STORE))
    return StorePlace(ProjectSpec(storage=storage), Path.cwd())


@contextmanager
def open_run_store(store: Path | None) -> Iterator[RunStore]:
    """Open an existing store for reading.

    Raises:
        StorageError: there is none.
        PluginError: no plugin provides the backend that the project names.
    """
    place = store_place(store)
    with _opened(place) as opened:
        yield opened


def _opened(place: StorePlace) -> RunStore:
    from themis.specs import SqliteBlobStorageSpec

    storage = place.project.storage
    if isinstance(storage, SqliteBlobStorageSpec):
        from themis.storage import sqlite_store

        folder = place.folder / Path(storage.root_dir).expanduser()
        return sqlite_store(folder, read_only=True)
    from themis.plugin.registry import PluginRegistry
    from themis.runtime.stores import open_project_store

    registry = PluginRegistry(config=plugin_config(place.file))
    return open_project_store(place.project, place.folder, registry, read_only=True)
