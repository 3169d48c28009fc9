"""What watches a run: lifecycle subscribers and tracing providers. They can change none of it.

A subscriber is any object with some of the eleven hooks, sync or async; each hook has a protocol of
its own, and `LifecycleSubscriber` has them all, doing nothing. Hooks are called on a thread of the
subscriber's own, some time after what they tell of; what they are given is theirs to keep.

A stage that a run skips because its artifact is stored calls no hook. A stage that is cut short (a
second Ctrl-C) may have a `before` without its `after`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args, runtime_checkable

import attrs

from themis.records import (
    CandidateRecord,
    ExtractionRecord,
    InferenceRecord,
    JudgeAuditEntry,
    Message,
    MetricScore,
    ScoreError,
    TrialSpec,
)

if TYPE_CHECKING:
    from themis.records.run_events import RunEvent
    from themis.specs import InferenceParamsSpec, ModelSpec

__all__ = [
    "LIFECYCLE_HOOKS",
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
    "LifecycleContext",
    "LifecycleHook",
    "LifecycleSubscriber",
    "OnEvent",
    "Span",
    "SpanKind",
    "TracingProvider",
]

LifecycleHook = Literal[
    "before_generate", "after_generate", "before_reduce", "after_reduce", "before_parse",
    "after_parse", "before_score", "after_score", "before_judge", "after_judge", "on_event",
]  # fmt: skip
LIFECYCLE_HOOKS: tuple[LifecycleHook, ...] = get_args(LifecycleHook)

SpanKind = Literal["run", "generate", "reduce", "parse", "score", "judge"]


@attrs.frozen(slots=True, kw_only=True)
class LifecycleContext:
    """Which work a hook or span is about.

    What is about a whole trial has the sample -1 (`themis.records.WHOLE_TRIAL`); a score of all its
    candidates has no `candidate_id`.
    `component` is the engine, the reducer, the parse's name, the metric's id or the judge. Hashes
    are hex. A span around a whole run has only `run_id` and `benchmark_id`.
    """

    run_id: str
    benchmark_id: str
    slice_id: str = ""
    item_id: str = ""
    model_id: str = ""
    provider: str = ""
    trial_hash: str = ""
    candidate_id: str = ""
    sample_index: int = 0
    seed: int | None = None
    component: str = ""


@runtime_checkable
class BeforeGenerate(Protocol):
    """Has `before_generate`."""

    def before_generate(self, trial: TrialSpec, context: LifecycleContext) -> Any:
        """The trial as it is sent; its prompt is empty where it could not be rendered."""
        return None


@runtime_checkable
class AfterGenerate(Protocol):
    """Has `after_generate`."""

    def after_generate(
        self, trial: TrialSpec, candidate: CandidateRecord, context: LifecycleContext
    ) -> Any:
        """The candidate, or its failure."""
        return None


@runtime_checkable
class BeforeReduce(Protocol):
    """Has `before_reduce`."""

    def before_reduce(
        self, trial: TrialSpec, candidates: Sequence[CandidateRecord], context: LifecycleContext
    ) -> Any:
        """A trial's candidates, before the selector and the reducer."""
        return None


@runtime_checkable
class AfterReduce(Protocol):
    """Has `after_reduce`."""

    def after_reduce(
        self, trial: TrialSpec, candidate: CandidateRecord, context: LifecycleContext
    ) -> Any:
        """The candidate that stands for them, or its failure."""
        return None


@runtime_checkable
class BeforeParse(Protocol):
    """Has `before_parse`."""

    def before_parse(
        self, trial: TrialSpec, candidate: CandidateRecord, context: LifecycleContext
    ) -> Any:
        """The candidate that is about to be read."""
        return None


@runtime_checkable
class AfterParse(Protocol):
    """Has `after_parse`."""

    def after_parse(
        self,
        trial: TrialSpec,
        extractions: Sequence[ExtractionRecord],
        context: LifecycleContext,
    ) -> Any:
        """What each extractor of the chain gave, up to the first success."""
        return None


@runtime_checkable
class BeforeScore(Protocol):
    """Has `before_score`."""

    def before_score(
        self,
        trial: TrialSpec,
        candidate: CandidateRecord | Sequence[CandidateRecord],
        context: LifecycleContext,
    ) -> Any:
        """What a metric is about to score, with what was parsed: a candidate, or all of a trial."""
        return None


@runtime_checkable
class AfterScore(Protocol):
    """Has `after_score`."""

    def after_score(
        self, trial: TrialSpec, score: MetricScore | ScoreError, context: LifecycleContext
    ) -> Any:
        """What the metric gave, before pipeline hooks had a say in it."""
        return None


@runtime_checkable
class BeforeJudge(Protocol):
    """Has `before_judge`."""

    def before_judge(self, prompt: Sequence[Message], context: LifecycleContext) -> Any:
        """One call of a judge: what it is about to be asked. The seed is the call's own."""
        return None


@runtime_checkable
class AfterJudge(Protocol):
    """Has `after_judge`."""

    def after_judge(self, entry: JudgeAuditEntry, context: LifecycleContext) -> Any:
        """The call with its answer, as it is recorded."""
        return None


@runtime_checkable
class OnEvent(Protocol):
    """Has `on_event`."""

    def on_event(self, event: RunEvent) -> Any:
        """A new status of the run, or what became of a stage of a case. It is durable."""
        return None


@runtime_checkable
class LifecycleSubscriber(
    BeforeGenerate, AfterGenerate, BeforeReduce, AfterReduce, BeforeParse, AfterParse,
    BeforeScore, AfterScore, BeforeJudge, AfterJudge, OnEvent, Protocol,
):  # fmt: skip
    """All eleven hooks. Inherited, each does nothing until it is written.

    Example::

        class Failures(LifecycleSubscriber):
            def after_generate(self, trial, candidate, context):
                if candidate.failure is not None:
                    print(context.item_id, candidate.failure.message)
    """


@attrs.frozen(slots=True, kw_only=True)
class Span:
    """A stretch of a run: the run itself, or one stage of one candidate, or one call of a judge.

    `start` and `end` are Unix seconds; a generation starts with its first call. The span of a run
    has no `end` when it is started, and its `status` is the run's. `error_code` is one of
    ErrorCode's values. `model`, `params`, `prompt` and `inference` are given where a model was
    called. `children` are the judge calls of a score or a reduction, ended before it.
    """

    kind: SpanKind
    context: LifecycleContext
    start: float
    end: float | None = None
    status: str = "ok"
    error_code: str | None = None
    error: str | None = None
    attempts: int = 1
    model: ModelSpec | None = None
    params: InferenceParamsSpec | None = None
    prompt: tuple[Message, ...] = ()
    inference: InferenceRecord | None = None
    score: float | None = None
    children: tuple[Span, ...] = ()


@runtime_checkable
class TracingProvider(Protocol):
    """Keeps spans. A run's span is started first and ended last; the others are its descendants.

    Both methods are called on one thread of the provider's own, after the fact: a span's own times
    say when things happened. A `flush()` is called, if there is one, when the run has ended.
    """

    def start_span(self, span: Span, parent: Any) -> Any:
        """Start a span, and give what stands for it: the `parent` of others, None for a run."""
        ...

    def end_span(self, handle: Any, span: Span) -> Any:
        """End what `start_span` gave; `span` has its end and how it ended."""
        ...
