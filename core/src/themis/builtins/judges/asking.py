"""What judge-backed metrics share: who is asked, and how task, answer and reference are found."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import Field

from themis.builtins.judges.questions import Combine, Question, QuestionWorkflow
from themis.builtins.metrics.scoring import (
    UNREADABLE,
    ReferenceSettings,
    answer_of,
    reference_value,
    unreadable,
)
from themis.builtins.outputs import as_text
from themis.builtins.settings import settings_from
from themis.plugin import (
    CandidateRecord,
    EvalScoreContext,
    Judgment,
    MetricScore,
    WorkflowBuildError,
)
from themis.specs import JudgeInferenceSpec

__all__ = [
    "AnswerJudge",
    "JudgeMetric",
    "JudgeSettings",
    "TaskSettings",
    "task_text",
    "verdicts_of",
]


class JudgeSettings(ReferenceSettings):
    """Who judges, and what they are told."""

    judges: list[JudgeInferenceSpec | str] = Field(
        min_length=1,
        description="The judges: models with their parameters, or references to judge components.",
    )
    instructions: str | None = Field(
        default=None,
        min_length=1,
        description=(
            "What the judge is told to do, in place of the metric's own words. How texts are "
            "marked and how the verdict is written is always added."
        ),
    )


class TaskSettings(JudgeSettings):
    """Where the task is that an answer is judged by."""

    task_field: str | None = Field(
        default=None,
        description="The item's field with the task. Unset: the prompt that the model was sent.",
    )


SettingsT = TypeVar("SettingsT", bound=JudgeSettings)
TaskSettingsT = TypeVar("TaskSettingsT", bound=TaskSettings)


class JudgeMetric(ABC, Generic[SettingsT]):
    """A metric that puts questions to judges; all must give a verdict, or it is a ScoreError."""

    component_id: ClassVar[str]
    settings_model: type[SettingsT]

    def __init__(self, config: SettingsT | Mapping[str, Any] | None = None) -> None:
        self.settings = settings_from(self.settings_model, config)

    def workflow(self, questions: Sequence[Question[Any]], combine: Combine) -> QuestionWorkflow:
        """The workflow that asks these questions of every judge."""
        return QuestionWorkflow(
            metric_id=self.component_id,
            questions=questions,
            judges=self.settings.judges,
            combine=combine,
        )

    def scored(self, value: float, details: Mapping[str, Any]) -> MetricScore:
        """A score that needs no judge."""
        return MetricScore(metric_id=self.component_id, value=value, details=dict(details))

    def job(self, default: str) -> str:
        """The instructions: the user's, or the metric's own."""
        return self.settings.instructions or default

    def reference(self, item: Mapping[str, Any], *, field: str | None = None) -> str:
        """The reference answer as text; a list of acceptable ones is shown as one."""
        field = field or self.settings.reference_field
        value = reference_value(item, field, self.component_id)
        if isinstance(value, (list, tuple)):
            return "\n".join(f"- {as_text(one)}" for one in value)
        return as_text(value)


class AnswerJudge(JudgeMetric[TaskSettingsT]):
    """Asks every judge about a candidate's answer.

    The answer is the parsed one if the candidate has extractions, else the raw output. When every
    extraction failed, the score is 0 without asking.
    """

    def build_workflow(
        self, subject: CandidateRecord, ctx: EvalScoreContext
    ) -> QuestionWorkflow | MetricScore:
        """The questions about the candidate's answer."""
        if unreadable(subject):
            return self.scored(0.0, {"reason": UNREADABLE})
        answer = as_text(answer_of(subject, self.component_id))
        task = task_text(ctx, self.settings.task_field, self.component_id)
        return self.workflow(self.questions(task, answer, ctx), self.combine)

    @abstractmethod
    def questions(self, task: str, answer: str, item: Mapping[str, Any]) -> Sequence[Question[Any]]:
        """What each judge is asked about an answer."""

    @abstractmethod
    def combine(self, replies: Sequence[Sequence[Judgment]]) -> tuple[float, dict[str, Any]]:
        """The value and details; `replies` has, for each question, each judge's judgment."""


def task_text(ctx: EvalScoreContext, field: str | None, metric: str) -> str:
    """The task as text: what the item's field has, or the prompt that was sent.

    Raises:
        WorkflowBuildError: the item has no such field, or there is no trial.
    """
    if field is not None and field not in ctx:
        msg = f"{metric}: the item has no field {field!r}, which task_field names"
        raise WorkflowBuildError(msg)
    if field is not None:
        return as_text(ctx[field])
    if ctx.trial is None:
        msg = f"{metric}: there is no trial here with a prompt; set task_field"
        raise WorkflowBuildError(msg)
    return "\n\n".join(message.text for message in ctx.trial.prompt)


def verdicts_of(judgments: Sequence[Judgment]) -> list[dict[str, Any]]:
    """What each judge said, as details have it."""
    return [{"judge": one.judge, "verdict": one.value} for one in judgments]
