"""Where an experiment's run is kept: an open store, a place, or memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

from themis.errors import SpecValidationError
from themis.experiment.runtime_config import RuntimeConfig, StorageConfig
from themis.experiment.wording import read_as
from themis.plugin.registry import PluginRegistry
from themis.plugin.source import label
from themis.runtime.stores import open_project_store
from themis.specs import (
    PluginStorageSpec,
    PostgresBlobStorageSpec,
    ProjectSpec,
    SqliteBlobStorageSpec,
)
from themis.specs import StorageConfig as ProjectStorage
from themis.storage import InMemoryRunStore, RunStore, SqliteRunStore
from themis.storage.sqlite_store import DATABASE, store_folder
from themis.storage.submissions import Limits

__all__ = ["StorePlace", "as_storage", "is_store"]

_SPECS = (SqliteBlobStorageSpec, PostgresBlobStorageSpec, PluginStorageSpec)


def is_store(given: Any) -> bool:
    """Whether it is an open store."""
    return all(hasattr(given, name) for name in ("append", "reader", "find_run"))


def as_storage(given: Any) -> StorageConfig | None:
    """The storage that a path, a spec or a table names; None without one.

    Raises:
        SpecValidationError: it is none of these, or has a field that is wrong.
    """
    if given is None or isinstance(given, StorageConfig):
        return given
    if isinstance(given, (str, Path)):
        return StorageConfig(store="sqlite", parameters={"path": str(given)})
    if isinstance(given, _SPECS):
        settings = given.model_dump(exclude={"backend"})
        return StorageConfig(store=given.backend, parameters=settings)
    if isinstance(given, Mapping):
        return read_as(StorageConfig, given, at=("storage",))
    msg = (
        f"storage is a {type(given).__name__}; give the path of a folder, a storage spec, or an "
        "open RunStore"
    )
    raise SpecValidationError(msg)


@attrs.frozen(slots=True, kw_only=True)
class StorePlace:
    """How to get at a store: one that is open already, or one to be opened.

    A store that is opened for a run is closed after it; its result reads it through a connection
    that cannot write, so that another run can write it meanwhile.
    """

    given: RunStore | None
    storage: StorageConfig | None
    base_dir: Path
    runtime: RuntimeConfig

    @classmethod
    def of(
        cls, given: Any, storage: StorageConfig | None, *, base_dir: Path, runtime: RuntimeConfig
    ) -> StorePlace:
        """The place that a caller's `store` names, or else the experiment's own."""
        if not is_store(given):
            chosen = storage if given is None else as_storage(given)
            return cls(given=None, storage=chosen, base_dir=base_dir, runtime=runtime)
        return cls(given=given, storage=None, base_dir=base_dir, runtime=runtime)

    @property
    def owned(self) -> bool:
        """Whether the store is opened here, and so closed here."""
        return self.given is None

    @property
    def passing(self) -> bool:
        """Whether the store is gone once it is closed."""
        return self.given is None and (self.storage is None or self.storage.store == "memory")

    def described(self) -> StorageConfig:
        """Which store it is, as runs record it."""
        if self.given is None:
            return StorageConfig(store="memory") if self.passing else self._chosen
        if isinstance(self.given, SqliteRunStore):
            return StorageConfig(store="sqlite", parameters={"path": str(self.given.root)})
        if type(self.given) is InMemoryRunStore and self.given.place == "memory":
            return StorageConfig(store="memory")
        if self.storage is not None:
            return self.storage
        return StorageConfig(store=label(self.given), parameters={"place": self.given.place})

    def spec(self) -> ProjectStorage:
        """The same as a project names it."""
        found = self.described()
        if found.store == "sqlite":
            path = found.parameters.get("path", ".themis")
            return SqliteBlobStorageSpec(root_dir=str(self.base_dir / Path(path).expanduser()))
        settings = {"backend": found.store, **found.parameters}
        return ProjectSpec.model_validate({"storage": settings}).storage

    def open(self) -> RunStore:
        """The store, open for writing.

        Raises:
            PluginError: no plugin provides the backend, or its settings are wrong.
            StorageError: it cannot be opened.
        """
        if self.given is not None:
            return self.given
        limits = Limits(retry_after=self.runtime.store_retry_delays())
        if self.passing:
            return InMemoryRunStore(limits=limits)
        folder = self._folder()
        return SqliteRunStore(folder, limits=limits) if folder else self._backend()

    def reading(self, store: RunStore) -> RunStore:
        """The store for a result to read, once the run is over: closed for writing if owned."""
        if not self.owned or self.passing:
            return store
        store.close()
        folder = self._folder()
        return SqliteRunStore(folder, read_only=True) if folder else self._backend(read_only=True)

    @contextmanager
    def glance(self) -> Iterator[RunStore]:
        """The store for reading, as it is; an empty one where there is none yet."""
        store = self.given or self._present()
        try:
            yield store
        finally:
            if self.owned:
                store.close()

    def _present(self) -> RunStore:
        if self.passing:
            return InMemoryRunStore()
        folder = self._folder()
        if folder is None:
            return self._backend(read_only=True)
        if not (folder / DATABASE).exists():
            return InMemoryRunStore()
        return SqliteRunStore(folder, read_only=True)

    @property
    def _chosen(self) -> StorageConfig:
        assert self.storage is not None
        return self.storage

    def _folder(self) -> Path | None:
        if self._chosen.store != "sqlite":
            return None
        path = str(self._chosen.parameters.get("path", ".themis"))
        return store_folder(self.base_dir / Path(path).expanduser())

    def _backend(self, *, read_only: bool = False) -> RunStore:
        project = ProjectSpec(storage=self.spec())
        return open_project_store(project, self.base_dir, PluginRegistry(), read_only=read_only)
