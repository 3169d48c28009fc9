"""Results of runs: read from the store's projections, never run, never written.

`BenchmarkResult` and, of experiments, `RunResult` are the ways in; `list_runs` says which runs a
store holds.
"""

from themis.results.artifacts import ArtifactBundle
from themis.results.benchmark_result import BenchmarkResult
from themis.results.case_results import CaseResult
from themis.results.counts import RunCounts
from themis.results.evaluation_execution import (
    EvaluationExecution,
    SampleEvaluation,
    get_evaluation_execution,
)
from themis.results.execution_state import CaseState, ExecutionState, get_execution_state
from themis.results.experiment_result import ExperimentResult
from themis.results.human_labels import HumanLabel, read_labels
from themis.results.lookup import UnknownRecordError
from themis.results.quick_check import QuickCheck, quickcheck
from themis.results.run_result import MetricResult, RunResult
from themis.results.run_snapshot import get_run_snapshot
from themis.results.run_status import RunStatus
from themis.results.runs import RunSummary, list_runs
from themis.results.suspicions import Suspicion
from themis.results.timeline_view import RecordTimelineView, RelatedEvent

__all__ = [
    "ArtifactBundle",
    "BenchmarkResult",
    "CaseResult",
    "CaseState",
    "EvaluationExecution",
    "ExecutionState",
    "ExperimentResult",
    "HumanLabel",
    "MetricResult",
    "QuickCheck",
    "RecordTimelineView",
    "RelatedEvent",
    "RunCounts",
    "RunResult",
    "RunStatus",
    "RunSummary",
    "SampleEvaluation",
    "Suspicion",
    "UnknownRecordError",
    "get_evaluation_execution",
    "get_execution_state",
    "get_run_snapshot",
    "list_runs",
    "quickcheck",
    "read_labels",
]
