"""Whether an answer is right, as judges see it who know the reference answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from pydantic import Field

from themis.builtins.judges.asking import AnswerJudge, TaskSettings, verdicts_of
from themis.builtins.judges.questions import Question
from themis.builtins.judges.rubrics import mean_score
from themis.builtins.judges.verdicts import read_choice
from themis.plugin import Judgment

__all__ = ["ReferenceGrading", "ReferenceGradingSettings"]

_JOB = (
    "You grade an answer to a task against a reference answer, which is right. An answer is "
    "correct when it says the same as the reference (or as one of several listed), in whatever "
    "words or notation, and nothing that contradicts it."
)


class ReferenceGradingSettings(TaskSettings):
    """What partly right answers are worth."""

    partial_credit: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="What a partly correct answer is worth. Unset: judges say right or wrong only.",
    )


class ReferenceGrading(AnswerJudge[ReferenceGradingSettings]):
    """The share of judges who find the answer correct, `partial` verdicts counted in part.

    The judge sees the task, the reference answer and the answer. An item without a reference is a
    MetricError. `details["verdicts"]` has each judge's word.
    """

    component_id: ClassVar[str] = "reference_grading"
    settings_model = ReferenceGradingSettings

    def questions(self, task: str, answer: str, item: Mapping[str, Any]) -> Sequence[Question[str]]:
        """One question."""
        worth = self._worth()
        question = Question(
            name="grade",
            job=self.job(_JOB),
            texts={"task": task, "reference": self.reference(item), "answer": answer},
            form="<word>",
            meaning=f"the word is one of {', '.join(worth)}",
            read=partial(read_choice, choices=tuple(worth)),
            worth=worth.__getitem__,
        )
        return (question,)

    def combine(self, replies: Sequence[Sequence[Judgment]]) -> tuple[float, dict[str, Any]]:
        """The mean worth of the verdicts."""
        return mean_score(replies[0]), {"verdicts": verdicts_of(replies[0])}

    def _worth(self) -> dict[str, float]:
        credit = self.settings.partial_credit
        some = {} if credit is None else {"partial": credit}
        return {"correct": 1.0, **some, "incorrect": 0.0}
