"""Where a project's runs are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from themis.specs.frozen import freeze
from themis.specs.spec import Problem, Spec, Text

__all__ = [
    "PluginStorageSpec",
    "PostgresBlobStorageSpec",
    "SqliteBlobStorageSpec",
    "StorageConfig",
    "StorageSpec",
]

Compression = Literal["none", "zstd"]


class SqliteBlobStorageSpec(Spec):
    """A SQLite database and a folder of blobs."""

    backend: Literal["sqlite_blob"] = Field(default="sqlite_blob", description="The kind of store.")
    root_dir: Text = Field(
        default=".themis",
        description="The store's folder; relative to the project file, or else to where you are.",
    )
    store_item_payloads: bool = Field(
        default=True, description="Whether items are kept whole, not only their hashes."
    )
    compression: Compression = Field(
        default="zstd", description="How large payloads are compressed."
    )


class PostgresBlobStorageSpec(Spec):
    """A PostgreSQL database and a folder of blobs that every worker reaches."""

    backend: Literal["postgres_blob"] = Field(
        default="postgres_blob", description="The kind of store."
    )
    database_url: Text = Field(
        description="The database: postgresql://user@host/name, or env:NAME."
    )
    blob_root_dir: Text = Field(
        description="The folder of the blobs; relative to the project file, or else to where you "
        "are."
    )
    store_item_payloads: bool = Field(
        default=True, description="Whether items are kept whole, not only their hashes."
    )
    compression: Compression = Field(
        default="zstd", description="How large payloads are compressed."
    )


StorageSpec = SqliteBlobStorageSpec

_BUILT_IN = frozenset({"sqlite_blob", "postgres_blob"})


class PluginStorageSpec(Spec):
    """A store of a plugin; every further field is validated by the plugin's own model."""

    model_config = ConfigDict(extra="allow")

    backend: Text = Field(description="The name of the storage plugin's backend.")

    @model_validator(mode="before")
    @classmethod
    def _freeze_fields(cls, value: Any) -> Any:
        return freeze(value) if isinstance(value, Mapping) else value

    @property
    def settings(self) -> dict[str, Any]:
        """Every field but `backend`."""
        return dict(self.model_extra or {})

    def problems(self) -> Iterator[Problem]:
        """A built-in backend, which has a spec of its own."""
        if self.backend in _BUILT_IN:
            yield Problem(("backend",), f"{self.backend} is built in; use its own spec class")


def _backend_of(value: Any) -> str:
    if isinstance(value, Mapping):
        backend = value.get("backend", "sqlite_blob")
    else:
        backend = getattr(value, "backend", "sqlite_blob")
    return backend if isinstance(backend, str) and backend in _BUILT_IN else "plugin"


StorageConfig = Annotated[
    Annotated[SqliteBlobStorageSpec, Tag("sqlite_blob")]
    | Annotated[PostgresBlobStorageSpec, Tag("postgres_blob")]
    | Annotated[PluginStorageSpec, Tag("plugin")],
    Discriminator(_backend_of),
]
"""Any storage spec, told apart by `backend`; without one it is `sqlite_blob`."""
