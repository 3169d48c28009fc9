"""What this distribution provides, as data."""

from __future__ import annotations

from themis.plugin import PluginInfo, StorageBackendDeclaration, hookimpl

__all__ = ["themis_plugin", "themis_storage_backends"]


@hookimpl
def themis_plugin() -> PluginInfo:
    """The core API this plugin was written for."""
    return PluginInfo(core_api=">=1.0,<2", summary="A store on PostgreSQL, for many writers.")


@hookimpl
def themis_storage_backends() -> list[StorageBackendDeclaration]:
    """The `postgres_blob` backend."""
    return [
        StorageBackendDeclaration(
            name="postgres_blob",
            implementation="themis_postgres.store:open_store",
            config="themis.specs.storage:PostgresBlobStorageSpec",
            version="1.0.0",
            summary="A PostgreSQL database and a folder of blobs that every worker reaches.",
        )
    ]
