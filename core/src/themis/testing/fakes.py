"""Small stand-ins for components, and builders of what components are given.

The fakes are ordinary components: they work in a registry, in a run, and called by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from themis.records import (
    CandidateRecord,
    ExtractionRecord,
    InferenceRecord,
    InferenceResult,
    JudgeResponse,
    Message,
    MetricScore,
    TokenUsage,
    TraceStep,
    TrialSpec,
)
from themis.records.canonical import content_hash

if TYPE_CHECKING:
    from themis.plugin import InferenceRuntime, JudgeRequest, MetricContext
    from themis.specs import DatasetQuerySpec, JudgeInferenceSpec, SliceSpec

__all__ = [
    "FakeDataset",
    "FakeEngine",
    "FakeExtractor",
    "FakeJudge",
    "FakeMetric",
    "ScriptedJudge",
    "StepLog",
    "make_candidate",
    "make_trial",
]


@attrs.define(slots=True)
class FakeEngine:
    """Answers with a text, or with what a function of trial and item returns.

    The first calls raise the entries of `failures` instead, one each (None: that call goes well).
    `seen` keeps every trial it was asked.
    """

    answer: str | Callable[[TrialSpec, Mapping[str, Any]], str] = "fake answer"
    failures: Sequence[Exception | None] = ()
    seen: list[TrialSpec] = attrs.field(factory=list, init=False)
    closed: bool = attrs.field(default=False, init=False)

    async def infer(
        self,
        trial: TrialSpec,
        context: Mapping[str, Any],
        runtime: InferenceRuntime,  # noqa: ARG002 (the protocol's)
    ) -> InferenceResult:
        """The answer, with a token count of one per word."""
        number = len(self.seen)
        self.seen.append(trial)
        failure = self.failures[number] if number < len(self.failures) else None
        if failure is not None:
            raise failure
        text = self.answer if isinstance(self.answer, str) else self.answer(trial, context)
        asked = sum(len(message.text.split()) for message in trial.prompt)
        usage = TokenUsage(prompt=asked, completion=len(text.split()))
        return InferenceResult(InferenceRecord(raw_text=text, token_usage=usage))

    async def close(self) -> None:
        """Note that the engine was closed."""
        self.closed = True


@attrs.define(slots=True)
class FakeExtractor:
    """Reads the whole output, stripped; an empty one is a failed extraction."""

    def extract(
        self,
        trial: TrialSpec,  # noqa: ARG002 (the protocol's)
        candidate: CandidateRecord,
        config: Any = None,  # noqa: ARG002 (the protocol's)
    ) -> ExtractionRecord:
        """The output's text."""
        text = (candidate.inference.raw_text or "").strip() if candidate.inference else ""
        if text:
            return ExtractionRecord(extractor_id="fake", success=True, parsed_answer=text)
        reason = "the output is empty"
        return ExtractionRecord(extractor_id="fake", success=False, failure_reason=reason)


@attrs.define(slots=True)
class FakeMetric:
    """1.0 where the answer equals the item's field `expected`, else 0.0."""

    metric_id: str = "fake"

    def score(
        self,
        trial: TrialSpec,  # noqa: ARG002 (the protocol's)
        candidate: CandidateRecord,
        context: MetricContext,
    ) -> MetricScore:
        """Compare the extracted answer, or the raw output where nothing was extracted."""
        extraction = candidate.best_extraction()
        answer = extraction.parsed_answer if extraction else _raw_text(candidate)
        value = 1.0 if str(answer) == str(context["expected"]) else 0.0
        return MetricScore(metric_id=self.metric_id, value=value)


@attrs.define(slots=True)
class FakeJudge:
    """Gives the same verdict to every request, and keeps the requests."""

    verdict: str = "yes"
    seen: list[JudgeRequest] = attrs.field(factory=list, init=False)

    def judge(self, request: JudgeRequest) -> str:
        """The verdict."""
        self.seen.append(request)
        return self.verdict


@attrs.define(slots=True)
class ScriptedJudge:
    """A judge service, as a metric's `context.judge_service`: it gives `response` to everyone.

    `asked` keeps who was asked and the messages.
    """

    response: JudgeResponse
    asked: list[tuple[Any, tuple[Message, ...]]] = attrs.field(factory=list, init=False)

    async def judge(
        self, judge: JudgeInferenceSpec | str, prompt: Sequence[Message] | str
    ) -> JudgeResponse:
        """The response."""
        messages = (Message("user", prompt),) if isinstance(prompt, str) else tuple(prompt)
        self.asked.append((judge, messages))
        return self.response


@attrs.define(slots=True)
class FakeDataset:
    """Provides the items it was made with, and ignores the query, as a provider may."""

    items: Sequence[Mapping[str, Any]] = ()

    def scan(
        self,
        slice_spec: SliceSpec,  # noqa: ARG002 (the protocol's)
        query: DatasetQuerySpec,  # noqa: ARG002 (the protocol's)
    ) -> Iterator[Mapping[str, Any]]:
        """Every item, in order."""
        yield from self.items


@attrs.define(slots=True)
class StepLog:
    """What a run gives an engine with tools: it keeps the steps and runs the handlers.

    Pass `log.record` and `log.call_tool` to an InferenceRuntime.
    """

    handlers: Mapping[str, Callable[..., Any]] = attrs.field(factory=dict)
    steps: list[TraceStep] = attrs.field(factory=list, init=False)

    async def record(self, step: TraceStep) -> None:
        """Keep a step."""
        self.steps.append(step)

    async def call_tool(self, name: str, arguments: Mapping[str, Any], call_id: str) -> TraceStep:
        """Keep the call, run its handler, keep and return the result."""
        call = TraceStep(kind="tool_call", name=name, call_id=call_id, arguments=arguments)
        await self.record(call)
        content = str(self.handlers[name](**arguments))
        result = TraceStep(kind="tool_result", name=name, call_id=call_id, content=content)
        await self.record(result)
        return result


def make_trial(
    prompt: str | Sequence[Message] = "What is 2 + 2?",
    *,
    model_id: str = "fake-model",
    provider: str = "fake",
    params: Mapping[str, Any] | None = None,
    item_id: str = "item-1",
    slice_id: str = "slice-1",
    prompt_variant_id: str = "prompt-1",
    **fields: Any,
) -> TrialSpec:
    """A trial as an engine is given it; `params` are fields of InferenceParamsSpec.

    `fields` are those of TrialSpec (`tools`, `mcp_servers`, `dimensions`, ...).
    """
    from themis.specs import InferenceParamsSpec, ModelSpec

    messages = (Message("user", prompt),) if isinstance(prompt, str) else tuple(prompt)
    identity = [model_id, item_id, slice_id, prompt_variant_id, [m.text for m in messages]]
    fields.setdefault("trial_hash", content_hash(identity, kind="fake trial"))
    fields.setdefault("benchmark_id", "benchmark-1")
    return TrialSpec(
        slice_id=slice_id,
        item_id=item_id,
        prompt_variant_id=prompt_variant_id,
        model=ModelSpec(model_id=model_id, provider=provider),
        params=InferenceParamsSpec(**(params or {})),
        prompt=messages,
        **fields,
    )


def make_candidate(raw_text: str | None = "fake answer", **fields: Any) -> CandidateRecord:
    """A candidate whose output is `raw_text`; None makes one without an output.

    `fields` are those of CandidateRecord; `parsed_answer` adds a successful extraction.
    """
    if "parsed_answer" in fields:
        answer = fields.pop("parsed_answer")
        record = ExtractionRecord(extractor_id="fake", success=True, parsed_answer=answer)
        fields = {"extractions": (record,), **fields}
    inference = None if raw_text is None else InferenceRecord(raw_text=raw_text)
    identity = content_hash([raw_text, fields.get("sample_index", 0)], kind="fake candidate")
    return CandidateRecord(**{"candidate_id": identity, "inference": inference, **fields})


def _raw_text(candidate: CandidateRecord) -> str | None:
    return candidate.inference.raw_text if candidate.inference else None
