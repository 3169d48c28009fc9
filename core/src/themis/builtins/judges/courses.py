"""Judging how an answer came about: what the metrics of traces and conversations share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import Field

from themis.builtins.judges.asking import JudgeMetric, JudgeSettings, verdicts_of
from themis.builtins.judges.questions import QuestionWorkflow
from themis.builtins.judges.rubrics import RubricSettings, mean_score, rubric_question
from themis.plugin import EvalScoreContext, Judgment, WorkflowBuildError, WorkflowTrace

__all__ = ["CourseJudge", "CourseSettings"]


class CourseSettings(RubricSettings, JudgeSettings):
    """What is judged of a trace, and how much of it."""

    max_steps: int = Field(
        default=200,
        ge=1,
        description="Longer traces are an error: a judge that sees a part would judge the part.",
    )


SettingsT = TypeVar("SettingsT", bound=CourseSettings)


class CourseJudge(JudgeMetric[SettingsT]):
    """Asks every judge about a trace by a rubric; each step stands between tags of its own."""

    def build_workflow(self, subject: WorkflowTrace, ctx: EvalScoreContext) -> QuestionWorkflow:
        """The question about the trace's steps."""
        steps = self.steps(subject)
        if not steps:
            raise WorkflowBuildError(f"{self.component_id}: the trace has no step to judge")
        if len(steps) > self.settings.max_steps:
            msg = (
                f"{self.component_id}: the trace has {len(steps)} steps, more than max_steps, "
                f"{self.settings.max_steps}"
            )
            raise WorkflowBuildError(msg)
        shown = {"reference": self.reference(ctx)} if self.settings.show_reference else {}
        texts = {**steps, **shown}
        question = rubric_question(self.settings, job=self.told(), texts=texts)
        return self.workflow((question,), self.combine)

    @abstractmethod
    def steps(self, trace: WorkflowTrace) -> Mapping[str, str]:
        """What the judge is shown, each step under a name of its own."""

    @abstractmethod
    def told(self) -> str:
        """The judge's job."""

    def combine(self, replies: Sequence[Sequence[Judgment]]) -> tuple[float, dict[str, Any]]:
        """The mean of the judges' numbers, from 0 to 1."""
        return mean_score(replies[0]), {"verdicts": verdicts_of(replies[0])}
