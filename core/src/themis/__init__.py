"""Themis: evaluate language models with results you can trust and repeat.

Every public name is imported on first use, so that `import themis` stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from themis.bundles import (
        export_evaluation_bundle,
        export_generation_bundle,
        export_parse_bundle,
        export_reduction_bundle,
        export_score_bundle,
        import_evaluation_bundle,
        import_generation_bundle,
        import_parse_bundle,
        import_reduction_bundle,
        import_score_bundle,
    )
    from themis.experiment.evaluate import evaluate, evaluate_async
    from themis.experiment.experiment import Experiment
    from themis.experiment.prompt import PromptSpec
    from themis.experiment.runtime_config import RuntimeConfig
    from themis.planning.estimate import RunEstimate
    from themis.planning.snapshot import RunSnapshot
    from themis.plugin.registry import PluginRegistry
    from themis.reporting.config_report import generate_config_report
    from themis.reporting.reporter import Reporter
    from themis.reporting.snapshot_report import snapshot_report
    from themis.results import (
        BenchmarkResult,
        RunResult,
        RunStatus,
        get_evaluation_execution,
        get_execution_state,
        get_run_snapshot,
        quickcheck,
    )
    from themis.runtime.orchestrator import Orchestrator
    from themis.specs import (
        BenchmarkSpec,
        DatasetQuerySpec,
        ExecutionPolicySpec,
        InferenceGridSpec,
        InferenceParamsSpec,
        ModelSpec,
        ParseSpec,
        PostgresBlobStorageSpec,
        ProjectSpec,
        PromptMessage,
        PromptVariantSpec,
        ScoreSpec,
        SliceSpec,
        SqliteBlobStorageSpec,
        StorageConfig,
        StorageSpec,
    )
    from themis.statistics import StatsEngine
    from themis.storage import InMemoryRunStore, RunStore, SqliteRunStore
    from themis.storage.sqlite_store import sqlite_store

__version__ = "0.1.0"

_EXPORTS = {
    "BenchmarkResult": "themis.results",
    "BenchmarkSpec": "themis.specs",
    "DatasetQuerySpec": "themis.specs",
    "ExecutionPolicySpec": "themis.specs",
    "Experiment": "themis.experiment.experiment",
    "InMemoryRunStore": "themis.storage",
    "InferenceGridSpec": "themis.specs",
    "InferenceParamsSpec": "themis.specs",
    "ModelSpec": "themis.specs",
    "Orchestrator": "themis.runtime.orchestrator",
    "ParseSpec": "themis.specs",
    "PluginRegistry": "themis.plugin.registry",
    "PostgresBlobStorageSpec": "themis.specs",
    "ProjectSpec": "themis.specs",
    "PromptMessage": "themis.specs",
    "PromptSpec": "themis.experiment.prompt",
    "PromptVariantSpec": "themis.specs",
    "Reporter": "themis.reporting.reporter",
    "RunEstimate": "themis.planning.estimate",
    "RunResult": "themis.results",
    "RunSnapshot": "themis.planning.snapshot",
    "RunStatus": "themis.results",
    "RunStore": "themis.storage",
    "RuntimeConfig": "themis.experiment.runtime_config",
    "ScoreSpec": "themis.specs",
    "SliceSpec": "themis.specs",
    "SqliteBlobStorageSpec": "themis.specs",
    "SqliteRunStore": "themis.storage",
    "StatsEngine": "themis.statistics",
    "StorageConfig": "themis.specs",
    "StorageSpec": "themis.specs",
    "evaluate": "themis.experiment.evaluate",
    "evaluate_async": "themis.experiment.evaluate",
    "export_evaluation_bundle": "themis.bundles",
    "export_generation_bundle": "themis.bundles",
    "export_parse_bundle": "themis.bundles",
    "export_reduction_bundle": "themis.bundles",
    "export_score_bundle": "themis.bundles",
    "generate_config_report": "themis.reporting.config_report",
    "get_evaluation_execution": "themis.results",
    "get_execution_state": "themis.results",
    "get_run_snapshot": "themis.results",
    "import_evaluation_bundle": "themis.bundles",
    "import_generation_bundle": "themis.bundles",
    "import_parse_bundle": "themis.bundles",
    "import_reduction_bundle": "themis.bundles",
    "import_score_bundle": "themis.bundles",
    "quickcheck": "themis.results",
    "snapshot_report": "themis.reporting.snapshot_report",
    "sqlite_store": "themis.storage.sqlite_store",
}

__all__ = [
    "BenchmarkResult",
    "BenchmarkSpec",
    "DatasetQuerySpec",
    "ExecutionPolicySpec",
    "Experiment",
    "InMemoryRunStore",
    "InferenceGridSpec",
    "InferenceParamsSpec",
    "ModelSpec",
    "Orchestrator",
    "ParseSpec",
    "PluginRegistry",
    "PostgresBlobStorageSpec",
    "ProjectSpec",
    "PromptMessage",
    "PromptSpec",
    "PromptVariantSpec",
    "Reporter",
    "RunEstimate",
    "RunResult",
    "RunSnapshot",
    "RunStatus",
    "RunStore",
    "RuntimeConfig",
    "ScoreSpec",
    "SliceSpec",
    "SqliteBlobStorageSpec",
    "SqliteRunStore",
    "StatsEngine",
    "StorageConfig",
    "StorageSpec",
    "__version__",
    "evaluate",
    "evaluate_async",
    "export_evaluation_bundle",
    "export_generation_bundle",
    "export_parse_bundle",
    "export_reduction_bundle",
    "export_score_bundle",
    "generate_config_report",
    "get_evaluation_execution",
    "get_execution_state",
    "get_run_snapshot",
    "import_evaluation_bundle",
    "import_generation_bundle",
    "import_parse_bundle",
    "import_reduction_bundle",
    "import_score_bundle",
    "quickcheck",
    "snapshot_report",
    "sqlite_store",
]


_NAMESPACES = frozenset({"adapters", "catalog", "core", "report_export", "specs", "statistics"})
"""Modules that are there by their name alone, once `themis` is imported."""


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        value = globals()[name] = getattr(import_module(_EXPORTS[name]), name)
        return value
    if name in _NAMESPACES:
        return import_module(f"{__name__}.{name}")
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted(__all__)
