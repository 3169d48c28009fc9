"""What a component is given beside its subject: read-only views, built by the runtime."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import attrs

from themis.errors import PluginError
from themis.records import (
    CandidateRecord,
    ConversationTrace,
    JudgeResponse,
    Message,
    MetricScore,
    ScoreError,
    TraceStep,
    TrialSpec,
)

if TYPE_CHECKING:
    from themis.specs import JudgeInferenceSpec

__all__ = [
    "CandidateReader",
    "EvalScoreContext",
    "InferenceRuntime",
    "JudgeRequest",
    "JudgeServiceView",
    "MetricContext",
    "ReduceContext",
    "SelectContext",
    "ToolHandler",
]

ToolHandler = Callable[..., Any]
"""Called with the tool call's arguments as keywords; sync or async; its result is sent back."""


async def _no_record(step: TraceStep) -> None:
    """Record nothing: the default outside a run."""


async def _no_tool(name: str, arguments: Mapping[str, Any], call_id: str) -> TraceStep:  # noqa: ARG001
    msg = f"no tool handler named {name!r}; pass one in RuntimeContext(tool_handlers={{...}})"
    return TraceStep(kind="tool_result", name=name, call_id=call_id, content=msg, error=msg)


@attrs.frozen(slots=True, kw_only=True)
class InferenceRuntime:
    """One call's surroundings.

    `seed` is the candidate's own. `earlier` holds every step of the turns before this one, tool
    calls and results included; `trial.prompt` is the messages of `earlier`, then this turn's own.
    `resume_from` holds the steps that an interrupted agent has already recorded in this turn.
    `record(step)` makes a step durable before it returns; `call_tool(name, arguments,
    call_id)` records the call, runs the handler and records and returns the result step.
    """

    candidate_id: str = ""
    sample_index: int = 0
    seed: int | None = None
    timeout_seconds: float | None = None
    secrets: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    earlier: ConversationTrace | None = None
    resume_from: ConversationTrace | None = None
    record: Callable[[TraceStep], Awaitable[None]] = attrs.field(default=_no_record, repr=False)
    call_tool: Callable[[str, Mapping[str, Any], str], Awaitable[TraceStep]] = attrs.field(
        default=_no_tool, repr=False
    )


@attrs.frozen(slots=True, kw_only=True)
class JudgeRequest:
    """What a judge component is asked: messages, a seed, and which metric asks, so configured."""

    prompt: tuple[Message, ...]
    seed: int | None = None
    metric_id: str = ""
    config: Mapping[str, Any] = attrs.field(factory=dict)


class JudgeServiceView(Protocol):
    """How a judge-backed metric asks: every call is seeded, retried, limited and recorded."""

    async def judge(
        self, judge: JudgeInferenceSpec | str, prompt: Sequence[Message] | str
    ) -> JudgeResponse:
        """Ask a model (JudgeInferenceSpec) or a registered judge (its reference)."""
        ...


class CandidateReader(Protocol):
    """Reads and scores single candidates with what a component's configuration names."""

    async def extract(self, candidate: CandidateRecord) -> CandidateRecord:
        """The candidate with what the named extractors found."""
        ...

    async def score(self, candidate: CandidateRecord) -> MetricScore | ScoreError:
        """The named metric's outcome."""
        ...


class MetricContext(Mapping[str, Any]):
    """The item's fields as a mapping, and what else a metric, selector or reducer is told.

    `judge_service` asks judges; `judges` are those that the component's configuration names. `seed`
    is the candidate's, `config` the reference's configuration as written, `metric_id` the metric's
    name in the plan, and `trial` the trial with the prompt that was sent. Where the configuration
    names extractors (ExtractorRefSpec) or a metric (MetricRefSpec), `extract` and `score` apply
    them to single candidates.
    """

    __slots__ = (
        "_item", "_reader", "config", "judge_service", "judges", "metric_id", "seed", "trial",
    )  # fmt: skip

    def __init__(
        self,
        item: Mapping[str, Any],
        *,
        judge_service: JudgeServiceView | None = None,
        seed: int | None = None,
        config: Mapping[str, Any] | None = None,
        judges: Sequence[JudgeInferenceSpec | str] = (),
        metric_id: str = "",
        trial: TrialSpec | None = None,
        reader: CandidateReader | None = None,
    ) -> None:
        self._item = item
        self._reader = reader
        self.judge_service = judge_service
        self.seed = seed
        self.config: Mapping[str, Any] = config or {}
        self.judges = tuple(judges)
        self.metric_id = metric_id
        self.trial = trial

    async def extract(self, candidate: CandidateRecord) -> CandidateRecord:
        """A candidate with what the extractors that the configuration names found in it."""
        return await self._reading().extract(candidate)

    async def score(self, candidate: CandidateRecord) -> MetricScore | ScoreError:
        """One candidate's score by the metric that the configuration names, after `extract`."""
        return await self._reading().score(candidate)

    def _reading(self) -> CandidateReader:
        if self._reader is None:
            msg = "this context reads no candidates: name extractors or a metric in the config"
            raise PluginError(msg)
        return self._reader

    def __getitem__(self, key: str) -> Any:
        return self._item[key]

    def get(self, key: str, default: Any = None) -> Any:
        """The item's field, or `default` where it has none."""
        return self._item.get(key, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._item)

    def __len__(self) -> int:
        return len(self._item)


EvalScoreContext = MetricContext
"""The context of a metric that builds an evaluation workflow: the same one."""

SelectContext = MetricContext
"""The context of a selector: the same one."""

ReduceContext = MetricContext
"""The context of a reducer: the same one."""
