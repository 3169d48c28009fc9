"""The hooks of the entry-point group `themis.plugins`: one per kind, each returning declarations.

A plugin is a module of functions marked `@hookimpl`, named like the hooks below::

    from themis.plugin import ExtractorDeclaration, PluginInfo, hookimpl

    @hookimpl
    def themis_plugin():
        return PluginInfo(core_api=">=1.0,<2", summary="Reads answers from YAML blocks.")

    @hookimpl
    def themis_extractors():
        return [
            ExtractorDeclaration(
                name="yaml_block", implementation="my_plugin.yaml_block:YamlBlock", version="1.0"
            )
        ]
"""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from themis.plugin.declarations import (
    BenchmarkDeclaration,
    CommandDeclaration,
    DatasetProviderDeclaration,
    ExecutionBackendDeclaration,
    ExporterDeclaration,
    ExtractorDeclaration,
    InferenceEngineDeclaration,
    JudgeDeclaration,
    MetricDeclaration,
    ObserverDeclaration,
    PluginInfo,
    ReducerDeclaration,
    SelectorDeclaration,
    StorageBackendDeclaration,
)

__all__ = ["ENTRY_POINT_GROUP", "PROJECT", "hookimpl", "hookspec"]

PROJECT = "themis"
ENTRY_POINT_GROUP = "themis.plugins"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def themis_plugin() -> PluginInfo:  # type: ignore[empty-body]
    """Which core API the plugin supports, and one line about it. Every plugin has this hook."""


@hookspec
def themis_inference_engines() -> Iterable[InferenceEngineDeclaration]:  # type: ignore[empty-body]
    """Inference engines."""


@hookspec
def themis_extractors() -> Iterable[ExtractorDeclaration]:  # type: ignore[empty-body]
    """Extractors."""


@hookspec
def themis_metrics() -> Iterable[MetricDeclaration]:  # type: ignore[empty-body]
    """Metrics."""


@hookspec
def themis_judges() -> Iterable[JudgeDeclaration]:  # type: ignore[empty-body]
    """Judges."""


@hookspec
def themis_selectors() -> Iterable[SelectorDeclaration]:  # type: ignore[empty-body]
    """Candidate selectors."""


@hookspec
def themis_reducers() -> Iterable[ReducerDeclaration]:  # type: ignore[empty-body]
    """Candidate reducers."""


@hookspec
def themis_storage_backends() -> Iterable[StorageBackendDeclaration]:  # type: ignore[empty-body]
    """Storage backends."""


@hookspec
def themis_execution_backends() -> Iterable[ExecutionBackendDeclaration]:  # type: ignore[empty-body]
    """Execution backends."""


@hookspec
def themis_dataset_providers() -> Iterable[DatasetProviderDeclaration]:  # type: ignore[empty-body]
    """Dataset providers."""


@hookspec
def themis_exporters() -> Iterable[ExporterDeclaration]:  # type: ignore[empty-body]
    """Exporters of results."""


@hookspec
def themis_benchmarks() -> Iterable[BenchmarkDeclaration]:  # type: ignore[empty-body]
    """Catalogue benchmarks."""


@hookspec
def themis_observers() -> Iterable[ObserverDeclaration]:  # type: ignore[empty-body]
    """Observers."""


@hookspec
def themis_commands() -> Iterable[CommandDeclaration]:  # type: ignore[empty-body]
    """Commands of the `themis` program."""
