"""Runs the evaluation workflows of metrics: every judge of a workflow is asked at once."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, cast

import attrs

from themis.errors import ErrorCode, MetricError, ThemisError
from themis.plugin import (
    EvaluationWorkflow,
    JudgeCall,
    JudgeResponse,
    JudgeServiceView,
    Judgment,
    Message,
    MetricContext,
    MetricScore,
    ScoreError,
    WorkflowBuildError,
    WorkflowOutcome,
    WorkflowRunner,
)
from themis.plugin.contract import WORKFLOW_METHODS, check_methods
from themis.runtime.limits.faults import text_of
from themis.runtime.outcomes import as_score, finite, shown, unstorable
from themis.specs import JudgeInferenceSpec

if TYPE_CHECKING:
    from themis.planning.plan import MetricPlan
    from themis.records import JudgeAuditEntry
    from themis.runtime.calls import ComponentCalls
    from themis.runtime.subjects import Subject

__all__ = ["DefaultWorkflowRunner", "Step", "as_workflow", "audited", "evaluate_workflow"]

Step = Callable[..., Awaitable[Any]]
"""Calls a workflow's method, sync or async: `await step(method, *arguments)`.

What the method raises is raised as a ThemisError.
"""

_REPLY_END = 500


async def _call(method: Callable[..., Any], *arguments: Any) -> Any:
    """Call a method here and now, without a deadline."""
    try:
        value = method(*arguments)
        return await value if inspect.isawaitable(value) else value
    except ThemisError:
        raise
    except Exception as error:
        msg = f"{method.__name__} raised {type(error).__name__}: {text_of(error)}"
        raise MetricError(msg) from error


async def evaluate_workflow(
    calls: ComponentCalls,
    metric: MetricPlan,
    subject: Subject,
    context: MetricContext,
    *,
    runner: WorkflowRunner | None = None,
) -> MetricScore | ScoreError | WorkflowOutcome:
    """Run the workflow that a metric builds for a subject; what it gives instead of one is it.

    `runner` runs it in place of the default one.

    Raises:
        ThemisError: the metric built none, or a runner of the caller's failed.
    """
    component = metric.component
    built = as_workflow(
        await calls.evaluate(component, "build_workflow", "score", subject, context),
        metric=metric.metric_id,
    )
    if isinstance(built, MetricScore | ScoreError):
        return as_score(built, metric=metric.metric_id)
    if runner is None:
        return await DefaultWorkflowRunner(partial(calls.step, component)).run(built, context)
    ran = await calls.step(component, runner.run, built, context, stage="judge")
    return _as_outcome(ran, metric=metric.metric_id)


def _as_outcome(value: Any, *, metric: str) -> WorkflowOutcome:
    """What a runner of the caller's gave, checked: it must be possible to record."""
    if not isinstance(value, WorkflowOutcome):
        raise MetricError(f"{metric}: the workflow runner gave {shown(value)}, no WorkflowOutcome")
    judgments: Sequence[Any] = value.judgments
    for judgment in judgments:
        unfit = not isinstance(judgment, Judgment) or unstorable(judgment.value)
        if unfit or (judgment.score is not None and finite(judgment.score) is None):
            msg = f"{metric}: the workflow runner gave {shown(judgment)}, which cannot be recorded"
            raise MetricError(msg)
    return attrs.evolve(value, score=as_score(value.score, metric=metric))


def as_workflow(value: Any, *, metric: str) -> EvaluationWorkflow | MetricScore | ScoreError:
    """What a metric's `build_workflow` gave, checked.

    Raises:
        WorkflowBuildError: it is neither a workflow nor an outcome; the message says what it lacks.
    """
    if isinstance(value, MetricScore | ScoreError):
        return value
    if value is None or isinstance(value, str | bytes | int | float):
        methods = ", ".join(method.name for method in WORKFLOW_METHODS)
        msg = (
            f"metric {metric!r}: build_workflow gave {shown(value)}; give an object with the "
            f"methods {methods}, or a MetricScore or ScoreError where there is nothing to ask"
        )
        raise WorkflowBuildError(msg)
    if not _is_workflow_class(value.__class__):
        try:
            check_methods(value, WORKFLOW_METHODS, what=f"metric {metric!r}: its workflow")
        except ThemisError as error:
            raise WorkflowBuildError(error.message) from error
    workflow: EvaluationWorkflow = value
    return workflow


@lru_cache(maxsize=256)
def _is_workflow_class(cls: type) -> bool:
    """Whether objects of a class have all methods; signatures are slow to read for each."""
    try:
        check_methods(cls, WORKFLOW_METHODS, what=cls.__name__)
    except ThemisError:
        return False
    return True


def audited(
    entries: Iterable[JudgeAuditEntry], judgments: Iterable[Judgment]
) -> tuple[JudgeAuditEntry, ...]:
    """The entries, each with what was read out of its answer."""
    by_response = {id(judgment.response): judgment for judgment in judgments}
    return tuple(_with(entry, by_response.get(id(entry.response))) for entry in entries)


def _with(entry: JudgeAuditEntry, judgment: Judgment | None) -> JudgeAuditEntry:
    if judgment is None:
        return entry
    return attrs.evolve(
        entry,
        call_id=judgment.call.call_id,
        judgment=judgment.value,
        score=judgment.score,
        error=judgment.error,
    )


@attrs.frozen(slots=True)
class DefaultWorkflowRunner:
    """Renders every prompt, asks all judges at once, reads the replies in order, and aggregates.

    A judge that fails, or whose reply cannot be read, makes the outcome a ScoreError that names it,
    once all have answered. `step` calls the workflow's methods.
    """

    step: Step = _call

    async def run(self, workflow: EvaluationWorkflow, ctx: MetricContext) -> WorkflowOutcome:
        """What the workflow comes to with the judges of `ctx`."""
        judgments: tuple[Judgment, ...] = ()
        try:
            calls = await self._calls(workflow)
            replies = await self._replies(workflow, calls, ctx.judge_service)
            judgments = tuple(
                [
                    await self._judgment(workflow, call, reply)
                    for call, reply in zip(calls, replies, strict=True)
                ]
            )
            score = _failure(judgments, ctx.metric_id) or as_score(
                await self.step(workflow.aggregate, judgments), metric=ctx.metric_id
            )
        except ThemisError as error:
            score = ScoreError(
                metric_id=ctx.metric_id,
                message=_named(ctx.metric_id, error.message),
                code=error.code,
            )
        return WorkflowOutcome(score=score, judgments=judgments)

    async def _calls(self, workflow: EvaluationWorkflow) -> tuple[JudgeCall, ...]:
        calls = await self.step(workflow.judge_calls)
        if not isinstance(calls, list | tuple) or any(not _is_call(one) for one in calls):
            msg = f"judge_calls gave {shown(calls)}; give a list of JudgeCall with ids and judges"
            raise MetricError(msg)
        if not calls:
            msg = "judge_calls gave no call; where there is nothing to ask, build_workflow scores"
            raise MetricError(msg)
        names = [call.call_id for call in calls]
        if len(set(names)) < len(names):
            msg = f"judge_calls gave one call_id twice; make them differ: {', '.join(names)}"
            raise MetricError(msg)
        return tuple(calls)

    async def _replies(
        self,
        workflow: EvaluationWorkflow,
        calls: Sequence[JudgeCall],
        service: JudgeServiceView | None,
    ) -> list[JudgeResponse]:
        """Each call's reply. Seeds go by the order of asking, which is that of the calls."""
        if service is None:
            raise MetricError("there is no judge service here; score it in a run")
        prompts = [await self._prompt(workflow, call) for call in calls]
        asked = [_ask(service, call, prompt) for call, prompt in zip(calls, prompts, strict=True)]
        replies = await asyncio.gather(*asked, return_exceptions=True)
        for reply in replies:
            if isinstance(reply, BaseException):
                raise reply
        return [reply for reply in replies if isinstance(reply, JudgeResponse)]

    async def _prompt(
        self, workflow: EvaluationWorkflow, call: JudgeCall
    ) -> Sequence[Message] | str:
        prompt = await self.step(workflow.render_prompt, call)
        if isinstance(prompt, str):
            return prompt
        listed = isinstance(prompt, list | tuple) and bool(prompt)
        if listed and all(isinstance(message, Message) for message in prompt):
            return tuple(prompt)
        msg = f"render_prompt gave {shown(prompt)}; give a string, or a list of Message"
        raise MetricError(msg)

    async def _judgment(
        self, workflow: EvaluationWorkflow, call: JudgeCall, response: JudgeResponse
    ) -> Judgment:
        """What one reply says and is worth, or why it says nothing."""
        judgment = Judgment(call=call, response=response)
        reason = _no_reply(response)
        if reason is not None:
            return attrs.evolve(judgment, error=_no_verdict(call, reason))
        try:
            value = await self.step(workflow.parse_judgment, call, response)
        except ThemisError as error:
            return attrs.evolve(judgment, error=_no_verdict(call, error.message))
        reason = unstorable(value)
        if reason is not None:
            msg = f"parse_judgment gave {shown(value)}, which cannot be recorded: {reason}"
            return attrs.evolve(judgment, error=msg)
        return await self._scored(workflow, attrs.evolve(judgment, value=value))

    async def _scored(self, workflow: EvaluationWorkflow, judgment: Judgment) -> Judgment:
        try:
            given = await self.step(workflow.score_judgment, judgment.call, judgment.value)
        except ThemisError as error:
            return attrs.evolve(judgment, error=error.message)
        number = finite(given)
        if given is not None and number is None:
            msg = f"score_judgment gave {shown(given)}; give a finite number, a bool or None"
            return attrs.evolve(judgment, error=msg)
        return attrs.evolve(judgment, score=number)


def _is_call(value: Any) -> bool:
    if not isinstance(value, JudgeCall):
        return False
    name, judge = cast("tuple[Any, Any]", (value.call_id, value.judge))
    return isinstance(name, str) and isinstance(judge, str | JudgeInferenceSpec)


async def _ask(
    service: JudgeServiceView, call: JudgeCall, prompt: Sequence[Message] | str
) -> JudgeResponse:
    """A judge's reply; a judge that cannot be asked is a response with an error."""
    try:
        return await service.judge(call.judge, prompt)
    except ThemisError as error:
        return JudgeResponse(text=None, error=error.message, error_code=error.code)


def _no_reply(response: JudgeResponse) -> str | None:
    if response.error is not None:
        return response.error
    if response.text is None and response.inference is None:
        return "its reply has no text"
    return None


def _no_verdict(call: JudgeCall, reason: str) -> str:
    return f"the judge {call.judge_name} gave no verdict: {reason}"


def _failure(judgments: Iterable[Judgment], metric: str) -> ScoreError | None:
    """The first judgment that failed as the metric's outcome, with the end of the reply."""
    failed = next((one for one in judgments if one.error is not None), None)
    if failed is None:
        return None
    return ScoreError(
        metric_id=metric,
        message=_named(metric, failed.error or ""),
        code=failed.response.error_code or ErrorCode.METRIC_COMPUTATION,
        details={"judge": failed.judge, "reply": (failed.response.text or "")[-_REPLY_END:]},
    )


def _named(metric: str, message: str) -> str:
    """The message, with the metric's name before it where it does not begin so."""
    known = (f"{metric}:", f"metric {metric!r}")
    return message if message.startswith(known) else f"{metric}: {message}"
