"""Grading by a rubric on a scale of numbers: the settings, and the question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from statistics import fmean
from typing import Self

from pydantic import BaseModel, Field, model_validator

from themis.builtins.judges.questions import Question
from themis.builtins.judges.verdicts import read_number
from themis.plugin import Judgment

__all__ = ["RubricSettings", "mean_score", "rubric_question"]


class RubricSettings(BaseModel):
    """The rubric, and the scale that judges use."""

    rubric: str = Field(min_length=1, description="What is good, in words.")
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


def rubric_question(
    settings: RubricSettings, *, job: str, texts: Mapping[str, str], name: str = "grade"
) -> Question[float]:
    """The question how well texts meet the rubric; a verdict is worth its place on the scale."""
    lowest, highest = settings.lowest, settings.highest
    return Question(
        name=name,
        job=f"{job}\n\nRubric:\n{settings.rubric}",
        texts=texts,
        form="<number>",
        meaning=f"the number is from {lowest} (worst) to {highest} (best)",
        read=partial(read_number, lowest=lowest, highest=highest),
        worth=lambda number: (number - lowest) / (highest - lowest),
    )


def mean_score(judgments: Sequence[Judgment]) -> float:
    """The mean of what judgments are worth, from 0 to 1."""
    return fmean(scores_of(judgments))


def scores_of(judgments: Sequence[Judgment]) -> list[float]:
    """What each judgment is worth."""
    return [one.score for one in judgments if one.score is not None]
