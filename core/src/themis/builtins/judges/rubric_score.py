"""How well an answer meets a rubric, as judges see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from statistics import fmean
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from themis.builtins.judges.asking import JudgeMetric, JudgeSettings, Question, Verdict
from themis.builtins.judges.verdicts import read_number

__all__ = ["RubricScore", "RubricScoreSettings"]

_JOB = (
    "You grade an answer to a task by a rubric. Judge only what the rubric asks for; length, style "
    "and confidence count only where it says so."
)


class RubricScoreSettings(JudgeSettings):
    """The rubric, and the scale that judges use."""

    rubric: str = Field(min_length=1, description="What a good answer is, in words.")
    lowest: int = Field(default=1, description="The scale's worst number.")
    highest: int = Field(default=5, description="The scale's best number.")
    show_reference: bool = Field(
        default=False, description="Whether the judge sees the item's reference answer."
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.lowest >= self.highest:
            msg = f"lowest ({self.lowest}) must be less than highest ({self.highest})"
            raise ValueError(msg)
        return self


class RubricScore(JudgeMetric[RubricScoreSettings]):
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
        lowest, highest = self.settings.lowest, self.settings.highest
        shown = {"reference": self.reference(item)} if self.settings.show_reference else {}
        question = Question(
            job=f"{self.job(_JOB)}\n\nRubric:\n{self.settings.rubric}",
            texts={"task": task, **shown, "answer": answer},
            form="<number>",
            meaning=f"the number is from {lowest} (worst) to {highest} (best)",
            read=partial(read_number, lowest=lowest, highest=highest),
        )
        return (question,)

    def combine(self, replies: Sequence[Sequence[Verdict[float]]]) -> tuple[float, dict[str, Any]]:
        """The mean, from 0 to 1."""
        verdicts = replies[0]
        lowest, highest = self.settings.lowest, self.settings.highest
        value = (fmean(verdict.value for verdict in verdicts) - lowest) / (highest - lowest)
        given = [{"judge": verdict.judge, "verdict": verdict.value} for verdict in verdicts]
        return min(max(value, 0.0), 1.0), {"verdicts": given}
