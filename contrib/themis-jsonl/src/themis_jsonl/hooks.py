"""What this distribution provides, as data."""

from __future__ import annotations

from themis.plugin import PluginInfo, StorageBackendDeclaration, hookimpl

__all__ = ["themis_plugin", "themis_storage_backends"]


@hookimpl
def themis_plugin() -> PluginInfo:
    """The core API this plugin was written for."""
    return PluginInfo(core_api=">=1.0,<2", summary="Runs as a folder of JSON lines.")


@hookimpl
def themis_storage_backends() -> list[StorageBackendDeclaration]:
    """The `jsonl` backend."""
    return [
        StorageBackendDeclaration(
            name="jsonl",
            implementation="themis_jsonl.store:open_store",
            config="themis_jsonl.config:JsonlConfig",
            version="1.0",
            summary="Append-only files of JSON lines, with an index that is made of them.",
        )
    ]
