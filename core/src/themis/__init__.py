"""Themis: evaluate language models with results you can trust and repeat.

Every public name is imported on first use, so that `import themis` stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from themis.plugin.registry import PluginRegistry
    from themis.reporting.config_report import generate_config_report
    from themis.results import BenchmarkResult
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

__version__ = "0.1.0"

_EXPORTS = {
    "BenchmarkResult": "themis.results",
    "BenchmarkSpec": "themis.specs",
    "DatasetQuerySpec": "themis.specs",
    "ExecutionPolicySpec": "themis.specs",
    "InferenceGridSpec": "themis.specs",
    "InferenceParamsSpec": "themis.specs",
    "ModelSpec": "themis.specs",
    "Orchestrator": "themis.runtime.orchestrator",
    "ParseSpec": "themis.specs",
    "PluginRegistry": "themis.plugin.registry",
    "PostgresBlobStorageSpec": "themis.specs",
    "ProjectSpec": "themis.specs",
    "PromptMessage": "themis.specs",
    "PromptVariantSpec": "themis.specs",
    "ScoreSpec": "themis.specs",
    "SliceSpec": "themis.specs",
    "SqliteBlobStorageSpec": "themis.specs",
    "StorageConfig": "themis.specs",
    "StorageSpec": "themis.specs",
    "generate_config_report": "themis.reporting.config_report",
}

__all__ = [
    "BenchmarkResult",
    "BenchmarkSpec",
    "DatasetQuerySpec",
    "ExecutionPolicySpec",
    "InferenceGridSpec",
    "InferenceParamsSpec",
    "ModelSpec",
    "Orchestrator",
    "ParseSpec",
    "PluginRegistry",
    "PostgresBlobStorageSpec",
    "ProjectSpec",
    "PromptMessage",
    "PromptVariantSpec",
    "ScoreSpec",
    "SliceSpec",
    "SqliteBlobStorageSpec",
    "StorageConfig",
    "StorageSpec",
    "__version__",
    "generate_config_report",
]


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        value = globals()[name] = getattr(import_module(_EXPORTS[name]), name)
        return value
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted(__all__)
