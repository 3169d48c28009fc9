"""What a component is: structural protocols. Any object with the method will do.

Methods may be `def` or `async def`. Three optional attributes are used when present:
`component_id` (the name it reports), `version` (its behaviour's version, part of every key) and
`fingerprint()` (a string that changes when its behaviour does). Optional methods are named in each
protocol's text.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from themis.plugin.contexts import InferenceRuntime, JudgeRequest, MetricContext
from themis.records import (
    CandidateRecord,
    ExtractionRecord,
    InferenceRecord,
    InferenceResult,
    JudgeResponse,
    Message,
    MetricScore,
    ScoreError,
    TrialSpec,
)

if TYPE_CHECKING:
    from pathlib import Path

    from themis.results import BenchmarkResult
    from themis.specs import DatasetQuerySpec, SliceSpec

__all__ = [
    "CandidateReducer",
    "CandidateSelector",
    "DatasetProvider",
    "ExecutionBackend",
    "Exporter",
    "Extractor",
    "InferenceEngine",
    "JudgeModel",
    "Metric",
    "PartitionedRun",
    "PipelineHook",
    "StorageBackend",
]


@runtime_checkable
class InferenceEngine(Protocol):
    """Turns a rendered trial into an output. Raise `InferenceError` for a failed call.

    Optional: `close()` (sync or async) frees what the engine holds; it may be called twice.
    """

    def infer(
        self, trial: TrialSpec, context: Mapping[str, Any], runtime: InferenceRuntime
    ) -> (
        InferenceResult | InferenceRecord | str | Awaitable[InferenceResult | InferenceRecord | str]
    ):
        """Answer `trial.prompt`; `context` is the item."""
        ...


@runtime_checkable
class Extractor(Protocol):
    """Reads an answer out of a candidate. Total: text it cannot read is a failed extraction."""

    def extract(
        self, trial: TrialSpec, candidate: CandidateRecord, config: Any = None
    ) -> ExtractionRecord | Any | Awaitable[Any]:
        """An ExtractionRecord, or any value (a success), or None (a failure).

        `config` is the declaration's config model, validated; without one, the mapping as written.
        """
        ...


@runtime_checkable
class Metric(Protocol):
    """Scores a candidate: a number, a bool, a MetricScore or a ScoreError."""

    def score(
        self, trial: TrialSpec, candidate: CandidateRecord, context: MetricContext
    ) -> (
        MetricScore | ScoreError | float | bool | Awaitable[MetricScore | ScoreError | float | bool]
    ):
        """Score the parsed answer (`candidate.best_extraction()`), or the raw output.

        A metric whose declared `subject` is `candidates` gets a sequence of a trial's candidates.
        """
        ...


@runtime_checkable
class JudgeModel(Protocol):
    """Answers a judge's prompt."""

    def judge(self, request: JudgeRequest) -> JudgeResponse | str | Awaitable[JudgeResponse | str]:
        """The verdict's text, or a JudgeResponse."""
        ...


@runtime_checkable
class CandidateSelector(Protocol):
    """Chooses which candidates go on."""

    def select(
        self, candidates: Sequence[CandidateRecord], ctx: MetricContext
    ) -> Sequence[CandidateRecord] | Awaitable[Sequence[CandidateRecord]]:
        """Some of `candidates` (those that succeeded), at least one, in order."""
        ...


@runtime_checkable
class CandidateReducer(Protocol):
    """Turns N candidates into one."""

    def reduce(
        self, candidates: Sequence[CandidateRecord], ctx: MetricContext
    ) -> CandidateRecord | str | Awaitable[CandidateRecord | str]:
        """One candidate that stands for `candidates`: one of them, a new one, or its text.

        A `ReducedCandidate` also says in `details` how it came about.
        """
        ...


@runtime_checkable
class DatasetProvider(Protocol):
    """Gives a slice's items. It may apply the query; the planner applies it again all the same."""

    def scan(self, slice_spec: SliceSpec, query: DatasetQuerySpec) -> Iterable[Mapping[str, Any]]:
        """Items as mappings; a generator is streamed."""
        ...


@runtime_checkable
class Exporter(Protocol):
    """Writes a result in a format of its own: `themis report RUN --format NAME --output PATH`."""

    def export(self, result: BenchmarkResult, path: Path) -> Path:
        """Write `result` to `path`, over what is there, and give the path of what was written.

        Raises OSError or a ThemisError where it cannot be written.
        """
        ...


@runtime_checkable
class StorageBackend(Protocol):
    """Opens a store; the storage spec names it in `backend`, and has its settings.

    The implementation is called with the validated config model. A `base_dir` among its settings
    that the spec leaves out is the project's folder.
    """

    def __call__(self, config: Any, *, read_only: bool = False) -> Any:
        """The store: a `themis.storage.RunStore`, open for writing, or only for reading.

        Raises StorageError where it cannot be opened.
        """
        ...


class PartitionedRun(Protocol):
    """A run as an execution backend is given it: trials 0 to `trial_count`, in partitions."""

    @property
    def run_id(self) -> str:
        """The run."""
        ...

    @property
    def trial_count(self) -> int:
        """How many trials it has."""
        ...

    def partitions(self, size: int = 200) -> Sequence[range]:
        """All trials, cut into ranges of `size`."""
        ...

    async def execute(self, partition: range) -> None:
        """Do all that is missing of a partition; what was done is durable when it returns.

        It may be called again for the same partition: what is stored is not done twice.
        """
        ...


@runtime_checkable
class ExecutionBackend(Protocol):
    """Decides when, and how many at once, a run's partitions are executed.

    The project's `execution_backend.kind` names it, and has its settings.
    """

    async def execute(self, run: PartitionedRun) -> None:
        """Execute every partition, and return when all are done.

        A partition that fails is executed again or its error raised, never left out; when it is
        cancelled, nothing of the run goes on.
        """
        ...


@runtime_checkable
class PipelineHook(Protocol):
    """Six transforms around the stages; each returns the (possibly replaced) second argument."""

    def pre_inference(self, trial: TrialSpec, prompt: tuple[Message, ...]) -> tuple[Message, ...]:
        """Before the engine is called."""
        ...

    def post_inference(self, trial: TrialSpec, result: InferenceResult) -> InferenceResult:
        """After the engine answered."""
        ...

    def pre_extraction(self, trial: TrialSpec, candidate: CandidateRecord) -> CandidateRecord:
        """Before a parse's extractors run."""
        ...

    def post_extraction(self, trial: TrialSpec, candidate: CandidateRecord) -> CandidateRecord:
        """After a parse's extractors ran."""
        ...

    def pre_eval(self, trial: TrialSpec, candidate: CandidateRecord) -> CandidateRecord:
        """Before the metrics run."""
        ...

    def post_eval(self, trial: TrialSpec, candidate: CandidateRecord) -> CandidateRecord:
        """After the metrics ran; the candidate carries its evaluation."""
        ...
