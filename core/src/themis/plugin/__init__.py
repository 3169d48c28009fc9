"""What plugin authors import: hooks, declarations, protocols, records and errors.

Importing it costs the standard library, pluggy and attrs. The registry and discovery are loaded on
first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from themis.errors import (
    ErrorCode,
    InferenceError,
    ItemError,
    MetricError,
    PluginError,
    SpecValidationError,
    StorageError,
    ThemisError,
    WorkflowBuildError,
)
from themis.plugin.contexts import (
    EvalScoreContext,
    InferenceRuntime,
    JudgeRequest,
    JudgeServiceView,
    MetricContext,
    ToolHandler,
)
from themis.plugin.declarations import (
    BenchmarkDeclaration,
    CommandDeclaration,
    ComponentDeclaration,
    ComponentKind,
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
from themis.plugin.hookspecs import ENTRY_POINT_GROUP, hookimpl
from themis.plugin.protocols import (
    CandidateReducer,
    CandidateSelector,
    DatasetProvider,
    ExecutionBackend,
    Exporter,
    Extractor,
    InferenceEngine,
    JudgeModel,
    Metric,
    PartitionedRun,
    PipelineHook,
    StorageBackend,
)
from themis.plugin.workflows import (
    EvaluationWorkflow,
    JudgeCall,
    Judgment,
    LLMMetric,
    SelectionMetric,
    TraceMetric,
    WorkflowOutcome,
    WorkflowRunner,
)
from themis.records import (
    CandidateRecord,
    ContentPart,
    ConversationTrace,
    EngineCapabilities,
    ExtractionRecord,
    InferenceRecord,
    InferenceResult,
    JudgeResponse,
    Message,
    MetricScore,
    ScoreError,
    TokenUsage,
    TraceStep,
    TrialSpec,
    WorkflowTrace,
)

if TYPE_CHECKING:
    from themis.plugin.registry import PluginRegistry

__all__ = [
    "ENTRY_POINT_GROUP",
    "BenchmarkDeclaration",
    "CandidateRecord",
    "CandidateReducer",
    "CandidateSelector",
    "CommandDeclaration",
    "ComponentDeclaration",
    "ComponentKind",
    "ContentPart",
    "ConversationTrace",
    "DatasetProvider",
    "DatasetProviderDeclaration",
    "EngineCapabilities",
    "ErrorCode",
    "EvalScoreContext",
    "EvaluationWorkflow",
    "ExecutionBackend",
    "ExecutionBackendDeclaration",
    "Exporter",
    "ExporterDeclaration",
    "ExtractionRecord",
    "Extractor",
    "ExtractorDeclaration",
    "InferenceEngine",
    "InferenceEngineDeclaration",
    "InferenceError",
    "InferenceRecord",
    "InferenceResult",
    "InferenceRuntime",
    "ItemError",
    "JudgeCall",
    "JudgeDeclaration",
    "JudgeModel",
    "JudgeRequest",
    "JudgeResponse",
    "JudgeServiceView",
    "Judgment",
    "LLMMetric",
    "Message",
    "Metric",
    "MetricContext",
    "MetricDeclaration",
    "MetricError",
    "MetricScore",
    "ObserverDeclaration",
    "PartitionedRun",
    "PipelineHook",
    "PluginError",
    "PluginInfo",
    "PluginRegistry",
    "ReducerDeclaration",
    "ScoreError",
    "SelectionMetric",
    "SelectorDeclaration",
    "SpecValidationError",
    "StorageBackend",
    "StorageBackendDeclaration",
    "StorageError",
    "ThemisError",
    "TokenUsage",
    "ToolHandler",
    "TraceMetric",
    "TraceStep",
    "TrialSpec",
    "WorkflowBuildError",
    "WorkflowOutcome",
    "WorkflowRunner",
    "WorkflowTrace",
    "hookimpl",
]


def __getattr__(name: str) -> Any:
    if name == "PluginRegistry":
        from themis.plugin.registry import PluginRegistry

        return PluginRegistry
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
