"""What users write: frozen, strict specs, each with a stable `canonical_hash`.

`themis.specs.files` (project and benchmark files) is imported on its own.
"""

from themis.records import EngineCapabilities, TrialSpec
from themis.specs.benchmark import BenchmarkSpec, SliceSpec
from themis.specs.dataset import (
    DatasetQuerySpec,
    DatasetSpec,
    DatasetTransformSpec,
    JinjaTransformSpec,
    PythonTransformSpec,
    RenameTransformSpec,
)
from themis.specs.evaluation import (
    ExtractorRefSpec,
    MetricRefSpec,
    ObserverRefSpec,
    ParseSpec,
    ReducerRefSpec,
    ReductionSpec,
    ScoreSpec,
    SelectorRefSpec,
)
from themis.specs.execution import (
    BatchBackendSpec,
    ExecutionBackendConfig,
    ExecutionPolicySpec,
    LocalBackendSpec,
    PluginBackendSpec,
    WorkerPoolBackendSpec,
)
from themis.specs.experiment import ExperimentSpec, compile_benchmark
from themis.specs.generation import GenerationSpec, McpServerSpec, ToolSpec
from themis.specs.inference import (
    InferenceGridSpec,
    InferenceParamsSpec,
    JudgeInferenceSpec,
    ModelSpec,
)
from themis.specs.project import ProjectSpec
from themis.specs.prompt import (
    ContentPartSpec,
    ImagePartSpec,
    PromptMessage,
    PromptTurnSpec,
    PromptVariantSpec,
    TextPartSpec,
)
from themis.specs.spec import Spec
from themis.specs.storage import (
    PluginStorageSpec,
    PostgresBlobStorageSpec,
    SqliteBlobStorageSpec,
    StorageConfig,
    StorageSpec,
)

__all__ = [
    "BatchBackendSpec",
    "BenchmarkSpec",
    "ContentPartSpec",
    "DatasetQuerySpec",
    "DatasetSpec",
    "DatasetTransformSpec",
    "EngineCapabilities",
    "ExecutionBackendConfig",
    "ExecutionPolicySpec",
    "ExperimentSpec",
    "ExtractorRefSpec",
    "GenerationSpec",
    "ImagePartSpec",
    "InferenceGridSpec",
    "InferenceParamsSpec",
    "JinjaTransformSpec",
    "JudgeInferenceSpec",
    "LocalBackendSpec",
    "McpServerSpec",
    "MetricRefSpec",
    "ModelSpec",
    "ObserverRefSpec",
    "ParseSpec",
    "PluginBackendSpec",
    "PluginStorageSpec",
    "PostgresBlobStorageSpec",
    "ProjectSpec",
    "PromptMessage",
    "PromptTurnSpec",
    "PromptVariantSpec",
    "PythonTransformSpec",
    "ReducerRefSpec",
    "ReductionSpec",
    "RenameTransformSpec",
    "ScoreSpec",
    "SelectorRefSpec",
    "SliceSpec",
    "Spec",
    "SqliteBlobStorageSpec",
    "StorageConfig",
    "StorageSpec",
    "TextPartSpec",
    "ToolSpec",
    "TrialSpec",
    "WorkerPoolBackendSpec",
    "compile_benchmark",
]
