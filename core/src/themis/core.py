"""The experiment API's types: a namespace, no logic.

Where one concept has a name in each of the two APIs, both names are of one class: a Generator is an
InferenceEngine, a Parser an Extractor, a Score a MetricScore.
"""

from themis.builtins.engines.function import CallContext as GenerateContext
from themis.errors import WorkflowBuildError
from themis.experiment.configs import CandidatePolicy, EvaluationConfig, GenerationConfig
from themis.experiment.dataset import Case, Dataset, DatasetSource
from themis.experiment.experiment import Experiment
from themis.experiment.functions import ParseContext
from themis.experiment.prompt import PromptSpec
from themis.experiment.runtime_config import RuntimeConfig, StorageConfig
from themis.planning.snapshot import (
    ComponentRefs,
    DatasetRef,
    RunIdentity,
    RunProvenance,
    RunSnapshot,
)
from themis.plugin import (
    AfterGenerate,
    AfterJudge,
    AfterParse,
    AfterReduce,
    AfterScore,
    BeforeGenerate,
    BeforeJudge,
    BeforeParse,
    BeforeReduce,
    BeforeScore,
    CandidateReducer,
    CandidateSelector,
    EvalScoreContext,
    EvaluationWorkflow,
    JudgeModel,
    LifecycleSubscriber,
    LLMMetric,
    OnEvent,
    ReduceContext,
    SelectContext,
    SelectionMetric,
    TraceMetric,
    TracingProvider,
    WorkflowRunner,
)
from themis.plugin import Extractor as Parser
from themis.plugin import InferenceEngine as Generator
from themis.plugin import Metric as PureMetric
from themis.plugin import MetricContext as ScoreContext
from themis.records import (
    ConversationTrace,
    Message,
    ReducedCandidate,
    ScoreError,
    TraceStep,
    WorkflowTrace,
)
from themis.records import ExtractionRecord as ParsedOutput
from themis.records import InferenceResult as GenerationResult
from themis.records import MetricScore as Score
from themis.records import TrialSpec as GenerationWorkItem
from themis.records.run_events import (
    EvaluationCompletedEvent,
    EvaluationFailedEvent,
    GenerationCompletedEvent,
    GenerationFailedEvent,
    ParseCompletedEvent,
    ParseFailedEvent,
    ReductionCompletedEvent,
    ReductionFailedEvent,
    RunEvent,
    RunFailedEvent,
    ScoreCompletedEvent,
    ScoreFailedEvent,
    event_from_dict,
)
from themis.results import CaseResult, ExecutionState, MetricResult, RunResult, RunStatus
from themis.results import EvaluationExecution as TraceView
from themis.results import RecordTimelineView as TimelineView
from themis.results.run_events import iter_run_events
from themis.runtime.progress import ProgressSnapshot
from themis.runtime.workflows import DefaultWorkflowRunner
from themis.specs import Spec as FrozenModel
from themis.specs import Spec as HashableModel
from themis.storage import RunRow as StoredRun
from themis.storage import RunStore

__all__ = [
    "AfterGenerate",
    "AfterJudge",
    "AfterParse",
    "AfterReduce",
    "AfterScore",
    "BeforeGenerate",
    "BeforeJudge",
    "BeforeParse",
    "BeforeReduce",
    "BeforeScore",
    "CandidatePolicy",
    "CandidateReducer",
    "CandidateSelector",
    "Case",
    "CaseResult",
    "ComponentRefs",
    "ConversationTrace",
    "Dataset",
    "DatasetRef",
    "DatasetSource",
    "DefaultWorkflowRunner",
    "EvalScoreContext",
    "EvaluationCompletedEvent",
    "EvaluationConfig",
    "EvaluationFailedEvent",
    "EvaluationWorkflow",
    "ExecutionState",
    "Experiment",
    "FrozenModel",
    "GenerateContext",
    "GenerationCompletedEvent",
    "GenerationConfig",
    "GenerationFailedEvent",
    "GenerationResult",
    "GenerationWorkItem",
    "Generator",
    "HashableModel",
    "JudgeModel",
    "LLMMetric",
    "LifecycleSubscriber",
    "Message",
    "MetricResult",
    "OnEvent",
    "ParseCompletedEvent",
    "ParseContext",
    "ParseFailedEvent",
    "ParsedOutput",
    "Parser",
    "ProgressSnapshot",
    "PromptSpec",
    "PureMetric",
    "ReduceContext",
    "ReducedCandidate",
    "ReductionCompletedEvent",
    "ReductionFailedEvent",
    "RunEvent",
    "RunFailedEvent",
    "RunIdentity",
    "RunProvenance",
    "RunResult",
    "RunSnapshot",
    "RunStatus",
    "RunStore",
    "RuntimeConfig",
    "Score",
    "ScoreCompletedEvent",
    "ScoreContext",
    "ScoreError",
    "ScoreFailedEvent",
    "SelectContext",
    "SelectionMetric",
    "StorageConfig",
    "StoredRun",
    "TimelineView",
    "TraceMetric",
    "TraceStep",
    "TraceView",
    "TracingProvider",
    "WorkflowBuildError",
    "WorkflowRunner",
    "WorkflowTrace",
    "event_from_dict",
    "iter_run_events",
]
