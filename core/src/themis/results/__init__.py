"""Results of runs: read from the store's projections, never run, never written.

`BenchmarkResult` is the way in; `list_runs` says which runs a store holds.
"""

from themis.results.artifacts import ArtifactBundle
from themis.results.benchmark_result import BenchmarkResult
from themis.results.counts import RunCounts
from themis.results.experiment_result import ExperimentResult
from themis.results.lookup import UnknownRecordError
from themis.results.runs import RunSummary, list_runs
from themis.results.timeline_view import RecordTimelineView, RelatedEvent

__all__ = [
    "ArtifactBundle",
    "BenchmarkResult",
    "ExperimentResult",
    "RecordTimelineView",
    "RelatedEvent",
    "RunCounts",
    "RunSummary",
    "UnknownRecordError",
    "list_runs",
]
