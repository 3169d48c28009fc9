"""Metrics that ask judges: the workflow that such a metric builds, and what runs it.

A metric with `build_workflow` does not score by itself. It says which judges are to be asked and
what, how a reply is read, what a judgment is worth, and what all of them come to. The run asks: all
calls of a workflow at once, with the limits, retries, seeds and records of any other call.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import attrs

from themis.plugin.contexts import EvalScoreContext
from themis.records import (
    CandidateRecord,
    JudgeResponse,
    Message,
    MetricScore,
    ScoreError,
    WorkflowTrace,
)

if TYPE_CHECKING:
    from themis.specs import JudgeInferenceSpec

__all__ = [
    "EvaluationWorkflow",
    "JudgeCall",
    "Judgment",
    "LLMMetric",
    "SelectionMetric",
    "TraceMetric",
    "WorkflowOutcome",
    "WorkflowRunner",
]


@attrs.frozen(slots=True, kw_only=True)
class JudgeCall:
    """One question to one judge.

    `call_id` is unique within its workflow, and names the call in the records. `judge` is one that
    the metric's configuration names. `about` is the workflow's own: what it needs to render this
    call and to read its reply.
    """

    call_id: str
    judge: JudgeInferenceSpec | str
    about: Any = None

    @property
    def judge_name(self) -> str:
        """How messages and details name the judge: its reference, or its model's id."""
        return self.judge if isinstance(self.judge, str) else self.judge.model.model_id


@attrs.frozen(slots=True, kw_only=True)
class Judgment:
    """How one call ended: the reply, what was read out of it, and what that is worth.

    `error` says why there is no judgment; `value` and `score` are None then.
    """

    call: JudgeCall
    response: JudgeResponse
    value: Any = None
    score: float | None = None
    error: str | None = None

    @property
    def judge(self) -> str:
        """The judge's name."""
        return self.call.judge_name


@attrs.frozen(slots=True, kw_only=True)
class WorkflowOutcome:
    """What a workflow came to, and the judgments behind it, in the order of its calls."""

    score: MetricScore | ScoreError
    judgments: tuple[Judgment, ...] = ()


Scored = MetricScore | ScoreError | float | bool


@runtime_checkable
class EvaluationWorkflow(Protocol):
    """What a metric asks about one subject. Any object with these methods will do, sync or async.

    They are called in this order: `judge_calls` once, `render_prompt` for each call, and when the
    judges have replied `parse_judgment` and `score_judgment` for each, then `aggregate`. What one
    of them raises, or gives of a wrong type, is recorded as the metric's ScoreError.
    """

    def judge_calls(self) -> Sequence[JudgeCall] | Awaitable[Sequence[JudgeCall]]:
        """Who is asked: at least one call."""
        ...

    def render_prompt(
        self, call: JudgeCall
    ) -> Sequence[Message] | str | Awaitable[Sequence[Message] | str]:
        """What the judge of a call is told; a string is one user message."""
        ...

    def parse_judgment(self, call: JudgeCall, response: JudgeResponse) -> Any:
        """What the reply says, as JSON-like data; MetricError where it says nothing clear.

        It is asked only of replies, not of failed calls. The reply's text is `response.text`.
        """
        ...

    def score_judgment(
        self, call: JudgeCall, judgment: Any
    ) -> float | bool | Awaitable[float | bool | None] | None:
        """What a judgment is worth; None where it has no number of its own."""
        ...

    def aggregate(self, judgments: Sequence[Judgment]) -> Scored | Awaitable[Scored]:
        """The metric's outcome, of all judgments in the order of the calls. None has an error."""
        ...


Built = EvaluationWorkflow | MetricScore | ScoreError


@runtime_checkable
class LLMMetric(Protocol):
    """Judges one candidate: the reduced one where a slice has a reduction."""

    def build_workflow(
        self, subject: CandidateRecord, ctx: EvalScoreContext
    ) -> Built | Awaitable[Built]:
        """The workflow, or a score at once where there is nothing to ask.

        Raises:
            WorkflowBuildError: there can be no workflow for this subject.
        """
        ...


@runtime_checkable
class SelectionMetric(Protocol):
    """Judges the candidates of a trial together. Its `subject` is `"candidates"`."""

    def build_workflow(
        self, subject: Sequence[CandidateRecord], ctx: EvalScoreContext
    ) -> Built | Awaitable[Built]:
        """The workflow for all candidates that there are, or a score at once."""
        ...


@runtime_checkable
class TraceMetric(Protocol):
    """Judges how a candidate came about: its conversation, or an agent's steps.

    Its `subject` is `"trace"`.
    """

    def build_workflow(
        self, subject: WorkflowTrace, ctx: EvalScoreContext
    ) -> Built | Awaitable[Built]:
        """The workflow for a trace, or a score at once."""
        ...


class WorkflowRunner(Protocol):
    """Runs a workflow with the judges of a context."""

    async def run(self, workflow: EvaluationWorkflow, ctx: EvalScoreContext) -> WorkflowOutcome:
        """Ask, read and aggregate. A judge's or a workflow's failure is a ScoreError."""
        ...
