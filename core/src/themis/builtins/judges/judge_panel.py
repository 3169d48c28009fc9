"""How well an answer meets a rubric as a panel of judges sees it, and how far they agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean, median
from typing import Any, ClassVar, Literal

from pydantic import Field

from themis.builtins.judges.agreement import pair_agreement
from themis.builtins.judges.asking import AnswerJudge, verdicts_of
from themis.builtins.judges.questions import Question
from themis.builtins.judges.rubric_score import ANSWER_JOB, RubricScoreSettings
from themis.builtins.judges.rubrics import rubric_question, scores_of
from themis.plugin import Judgment
from themis.specs import JudgeInferenceSpec

__all__ = ["JudgePanel", "JudgePanelSettings"]

_COMBINED: Mapping[str, Callable[[Sequence[float]], float]] = {
    "mean": fmean,
    "median": median,
    "lowest": min,
}


class JudgePanelSettings(RubricScoreSettings):
    """Who is on the panel, and what its grades come to."""

    judges: list[JudgeInferenceSpec | str] = Field(
        min_length=2,
        description="The panel: models with their parameters, or references to judge components.",
    )
    combine: Literal["mean", "median", "lowest"] = Field(
        default="mean", description="What the panel's grades come to."
    )


class JudgePanel(AnswerJudge[JudgePanelSettings]):
    """The panel's mean, median or lowest grade by a rubric, from 0 (worst) to 1 (best).

    Each judge grades by itself and sees what `rubric_score` shows. `details["agreement"]` is the
    share of pairs of judges who gave the same number, `details["spread"]` the distance between the
    best and the worst grade, from 0 to 1, and `details["verdicts"]` each judge's number.
    """

    component_id: ClassVar[str] = "judge_panel"
    settings_model = JudgePanelSettings

    def questions(
        self, task: str, answer: str, item: Mapping[str, Any]
    ) -> Sequence[Question[float]]:
        """One question."""
        shown = {"reference": self.reference(item)} if self.settings.show_reference else {}
        texts = {"task": task, **shown, "answer": answer}
        return (rubric_question(self.settings, job=self.job(ANSWER_JOB), texts=texts),)

    def combine(self, replies: Sequence[Sequence[Judgment]]) -> tuple[float, dict[str, Any]]:
        """The combined grade, from 0 to 1."""
        [judgments] = replies
        scores = scores_of(judgments)
        details = {
            "verdicts": verdicts_of(judgments),
            "agreement": pair_agreement([one.value for one in judgments]),
            "spread": max(scores) - min(scores),
        }
        return _COMBINED[self.settings.combine](scores), details
