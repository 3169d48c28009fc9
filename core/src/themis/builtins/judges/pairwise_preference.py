"""Which of two answers judges prefer, asked in both orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from statistics import fmean
from typing import Any, ClassVar

from pydantic import Field

from themis.builtins.judges.asking import AnswerJudge, TaskSettings
from themis.builtins.judges.questions import Question
from themis.builtins.judges.rubrics import scores_of
from themis.builtins.judges.verdicts import read_choice
from themis.plugin import Judgment

__all__ = ["PairwisePreference", "PairwisePreferenceSettings"]

_JOB = (
    "You compare two answers to a task, A and B, and say which is better: more correct first, then "
    "more helpful, then clearer. Their order means nothing, and length is no merit."
)
_VERDICTS = ("A", "B", "tie")
_FOR_FIRST = {"A": 1.0, "B": 0.0, "tie": 0.5}
_FOR_SECOND = {"A": 0.0, "B": 1.0, "tie": 0.5}


class PairwisePreferenceSettings(TaskSettings):
    """What the answer is compared with."""

    opponent_field: str | None = Field(
        default=None,
        description=(
            "The item's field with the answer to compare with, such as another model's output. "
            "Unset: the reference answer."
        ),
    )
    criteria: str | None = Field(
        default=None, min_length=1, description="What makes an answer better, in words."
    )


class PairwisePreference(AnswerJudge[PairwisePreferenceSettings]):
    """How far judges prefer the answer to another: 1 always, 0.5 a tie, 0 never.

    Every judge is asked twice, with the answer first and with it second, and both verdicts count
    the same, so that a liking for one position cancels out. `details["position_bias"]` shows it:
    the share of verdicts for the first answer less that for the second, 0 when verdicts follow the
    answers and 1 when A always wins. `details["consistent"]` is the share of judges who preferred
    the same answer both times.
    """

    component_id: ClassVar[str] = "pairwise_preference"
    settings_model = PairwisePreferenceSettings

    def questions(self, task: str, answer: str, item: Mapping[str, Any]) -> Sequence[Question[str]]:
        """The answer first, then the answer second."""
        other = self.reference(item, field=self.settings.opponent_field)
        texts = {"task": task, "answer-A": answer, "answer-B": other}
        swapped = {"task": task, "answer-A": other, "answer-B": answer}
        return (
            self._question("answer-first", texts, _FOR_FIRST),
            self._question("answer-second", swapped, _FOR_SECOND),
        )

    def combine(self, replies: Sequence[Sequence[Judgment]]) -> tuple[float, dict[str, Any]]:
        """The mean preference over both orders and all judges."""
        judges = [judgment.judge for judgment in replies[0]]
        pairs = list(zip(*(scores_of(judgments) for judgments in replies), strict=True))
        value = fmean((first + second) / 2 for first, second in pairs)
        details = {
            "verdicts": [
                {"judge": judge, "answer_first": first, "answer_second": second}
                for judge, (first, second) in zip(judges, pairs, strict=True)
            ],
            "position_bias": fmean(first - second for first, second in pairs),
            "consistent": fmean(float(first == second) for first, second in pairs),
        }
        return value, details

    def _question(
        self, name: str, texts: Mapping[str, str], worth: Mapping[str, float]
    ) -> Question[str]:
        criteria = self.settings.criteria
        return Question(
            name=name,
            job=self.job(_JOB) + (f"\n\nCriteria:\n{criteria}" if criteria else ""),
            texts=texts,
            form="<word>",
            meaning="the word is A, B or tie",
            read=partial(read_choice, choices=_VERDICTS),
            worth=worth.__getitem__,
        )
