"""How well an answer meets a rubric, as judges see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field

from themis.builtins.judges.asking import AnswerJudge, TaskSettings, verdicts_of
from themis.builtins.judges.questions import Question
from themis.builtins.judges.rubrics import RubricSettings, mean_score, rubric_question
from themis.plugin import Judgment

__all__ = ["ANSWER_JOB", "RubricScore", "RubricScoreSettings"]

ANSWER_JOB = (
    "You grade an answer to a task by a rubric. Judge only what the rubric asks for; length, style "
    "and confidence count only where it says so."
)


class RubricScoreSettings(RubricSettings, TaskSettings):
    """What a good answer is, and the scale."""

    rubric: str = Field(min_length=1, description="What a good answer is, in words.")


class RubricScore(AnswerJudge[RubricScoreSettings]):
    """The mean of the judges' numbers, brought from the scale to 0 (worst) to 1 (best).

    The judge sees the rubric, the task and the answer, and the reference answer if `show_reference`
    is set. `details["verdicts"]` has each judge's number on the scale as given.

    Example of a score::

        [[slices.scores]]
        name = "quality"
        [[slices.scores.metrics]]
        id = "rubric_score"
        [slices.scores.metrics.config]
        rubric = "The answer names the cause and gives one remedy."
        judges = [{ model = { model_id = "gpt-4o-mini", provider = "openai" } }]
    """

    component_id: ClassVar[str] = "rubric_score"
    settings_model = RubricScoreSettings

    def questions(
        self, task: str, answer: str, item: Mapping[str, Any]
    ) -> Sequence[Question[float]]:
        """One question."""
        shown = {"reference": self.reference(item)} if self.settings.show_reference else {}
        texts = {"task": task, **shown, "answer": answer}
        return (rubric_question(self.settings, job=self.job(ANSWER_JOB), texts=texts),)

    def combine(self, replies: Sequence[Sequence[Judgment]]) -> tuple[float, dict[str, Any]]:
        """The mean, from 0 to 1."""
        return mean_score(replies[0]), {"verdicts": verdicts_of(replies[0])}
