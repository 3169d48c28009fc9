"""Opens the store that a command reads: a folder, or what a project file names."""

from __future__ import annotations

import re
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

__all__ = [
    "DEFAULT_STORE",
    "StorePlace",
    "named_place",
    "open_place",
    "open_run_store",
    "store_option",
    "store_place",
]

DEFAULT_STORE = ".themis"

_DATABASE = re.compile(
    r"\s*(?:postgres(?:ql)?(?:\+\w+)?://|env:|(?:host|hostaddr|port|dbname|user|password|passfile"
    r"|service|sslmode|options|application_name|connect_timeout)\s*=)"
)
"""How the address of a database begins: a URL, a reference to one, or libpq's key=value pairs."""


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
        callback=_no_database,
        help="The store's folder; to read another kind of store, the project's file. [default: the "
        f"project's ({PROJECT_FILE} here), else {DEFAULT_STORE}]",
    )(command)


def _no_database(_: click.Context, __: click.Parameter, store: Path | None) -> Path | None:
    """Refuse a database's address, which would be a folder's name; it may hold a password."""
    if store is not None and _is_database(str(store).replace(":/", "://")):
        msg = "this is the address of a database; name it in a project's file, and give that file"
        raise click.BadParameter(msg)
    return store


def _is_database(name: str) -> bool:
    return _DATABASE.match(name) is not None and not Path(name).exists()


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
    with open_place(store_place(store), read_only=True) as opened:
        yield opened


def named_place(name: str, blobs: Path | None) -> StorePlace:
    """What an argument names: a folder, a project's file, or a database with a folder of blobs.

    Raises:
        UsageError: a database is named, and no folder.
        SpecValidationError: it is a file, and not one with a project.
    """
    from themis.specs import PostgresBlobStorageSpec, ProjectSpec

    if not _is_database(name):
        return store_place(Path(name))
    if blobs is None:
        msg = "a store that is given by its database has its blobs in a folder; give --blobs"
        raise click.UsageError(msg)
    storage = PostgresBlobStorageSpec(database_url=name, blob_root_dir=str(blobs))
    return StorePlace(ProjectSpec(storage=storage), Path.cwd())


def open_place(place: StorePlace, *, read_only: bool = False) -> RunStore:
    """The store at a place.

    Raises:
        StorageError: it cannot be opened.
        PluginError: no plugin provides the backend that the project names.
    """
    from themis.specs import SqliteBlobStorageSpec

    storage = place.project.storage
    if isinstance(storage, SqliteBlobStorageSpec):
        from themis.storage import open_store

        folder = place.folder / Path(storage.root_dir).expanduser()
        storage = storage.model_copy(update={"root_dir": str(folder)})
        return open_store(storage, read_only=read_only)
    from themis.plugin.registry import PluginRegistry
    from themis.runtime.stores import open_project_store

    registry = PluginRegistry(config=plugin_config(place.file))
    return open_project_store(place.project, place.folder, registry, read_only=read_only)
