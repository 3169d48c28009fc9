"""The judge service: how a metric asks a model, with its own seeds, retries and audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs

from themis.errors import ErrorCode, PluginError
from themis.planning.seeds import judge_seed
from themis.plugin import InferenceRuntime, JudgeRequest
from themis.records import (
    InferenceRecord,
    JudgeAuditEntry,
    JudgeResponse,
    Message,
    TrialSpec,
)
from themis.records.codec import to_plain
from themis.records.secrets import redact
from themis.runtime.outcomes import as_inference, shown
from themis.specs import JudgeInferenceSpec

if TYPE_CHECKING:
    from themis.planning.binding import BoundComponent
    from themis.planning.plan import MetricPlan, ReductionStep
    from themis.runtime.calls import ComponentCalls
    from themis.runtime.limits import CallOutcome

__all__ = ["JudgeCalls", "JudgeService"]


@attrs.frozen(slots=True, kw_only=True)
class JudgeService:
    """Shared by all metrics of a run: judges go through the same gates as generation."""

    calls: ComponentCalls
    global_seed: int

    def calls_for(self, metric: MetricPlan | ReductionStep, subject: bytes) -> JudgeCalls:
        """The view that one metric gets for one candidate; `subject` is its score's key."""
        return JudgeCalls(self, metric, subject)


class JudgeCalls:
    """`context.judge_service`: asks, and keeps an audit entry of every call."""

    def __init__(
        self, service: JudgeService, metric: MetricPlan | ReductionStep, subject: bytes
    ) -> None:
        self._service = service
        self._metric = metric
        self._subject = subject
        self._asked = 0
        self._answered: dict[int, JudgeAuditEntry] = {}

    @property
    def entries(self) -> tuple[JudgeAuditEntry, ...]:
        """One entry per call, in the order of asking."""
        return tuple(self._answered[position] for position in sorted(self._answered))

    async def judge(
        self, judge: JudgeInferenceSpec | str, prompt: Sequence[Message] | str
    ) -> JudgeResponse:
        """Ask one judge; a call that fails is a response with an `error`, never an exception."""
        name = _name_of(judge)
        bound = self._metric.judges.get(name)
        if bound is None:
            known = ", ".join(sorted(self._metric.judges)) or "none"
            msg = (
                f"metric {self._metric.metric_id!r} asked a judge that its configuration does not "
                f"name: {name!r}; configured: {known}"
            )
            raise PluginError(msg)
        messages = (Message("user", prompt),) if isinstance(prompt, str) else tuple(prompt)
        position, self._asked = self._asked, self._asked + 1
        seed = judge_seed(self._service.global_seed, self._subject, position)
        if not isinstance(judge, str) and judge.params.seed is not None:
            seed = judge.params.seed
        response, entry = await self._ask(judge, bound, messages, seed)
        self._answered[position] = entry
        return response

    async def _ask(
        self,
        judge: JudgeInferenceSpec | str,
        bound: BoundComponent,
        messages: tuple[Message, ...],
        seed: int,
    ) -> tuple[JudgeResponse, JudgeAuditEntry]:
        outcome = await self._call(judge, bound, messages, seed)
        response = _response_of(outcome, bound.name)
        described = judge if isinstance(judge, str) else judge.model_dump(mode="json")
        entry = JudgeAuditEntry(
            metric_id=self._metric.metric_id,
            judge_spec=redact({"judge": described}),
            prompt=tuple(to_plain(message) for message in messages),
            seed=seed,
            response=response,
            attempts=outcome.attempts,
            duration_ms=outcome.seconds * 1000,
        )
        return response, entry

    async def _call(
        self,
        judge: JudgeInferenceSpec | str,
        bound: BoundComponent,
        messages: tuple[Message, ...],
        seed: int,
    ) -> CallOutcome:
        calls = self._service.calls
        if isinstance(judge, str):
            request = JudgeRequest(
                prompt=messages,
                seed=seed,
                metric_id=self._metric.metric_id,
                config=self._metric.component.raw_config,
            )
            return await calls.judge(bound, request)
        runtime = InferenceRuntime(
            candidate_id=self._subject.hex(),
            seed=seed,
            timeout_seconds=calls.deadline("judge"),
            secrets=calls.secrets,
        )
        trial = self._trial(judge, messages)
        return await calls.infer(bound, trial, dict, lambda: runtime, stage="judge")

    def _trial(self, judge: JudgeInferenceSpec, messages: tuple[Message, ...]) -> TrialSpec:
        return TrialSpec(
            trial_hash=self._subject.hex(),
            benchmark_id="",
            slice_id="",
            item_id="",
            prompt_variant_id=f"judge:{self._metric.metric_id}",
            model=judge.model,
            params=judge.params,
            prompt=messages,
        )


def _name_of(judge: Any) -> str:
    """How the metric's configuration knows it; whatever is no judge is shown, and unknown."""
    if isinstance(judge, str):
        return judge
    return judge.canonical_hash if isinstance(judge, JudgeInferenceSpec) else shown(judge)


def _response_of(outcome: CallOutcome, judge: str) -> JudgeResponse:
    """The judge's answer, or why there is none; never a default verdict."""
    if outcome.error is not None:
        return JudgeResponse(text=None, error=outcome.error.message, error_code=outcome.error.code)
    value = outcome.value
    try:
        if isinstance(value, JudgeResponse):
            return _checked(value, judge)
        inference = as_inference(value, engine=judge).inference
    except TypeError as error:
        return JudgeResponse(text=None, error=str(error), error_code=ErrorCode.PLUGIN_INCOMPATIBLE)
    return JudgeResponse(text=inference.raw_text, inference=inference)


def _checked(response: JudgeResponse, judge: str) -> JudgeResponse:
    """A judge's own response; a TypeError says why it cannot be stored."""
    for name, kind in (("text", str), ("error", str), ("inference", InferenceRecord)):
        value = getattr(response, name)
        if not isinstance(value, kind | None):
            msg = f"judge {judge!r} gave a response whose {name} is {type(value).__name__}"
            raise TypeError(f"{msg}, not {kind.__name__}")
    if response.inference is not None:
        as_inference(response.inference, engine=judge)
    return response
