"""What most judges say of an answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, StringConstraints, model_validator

from themis.builtins.judges.agreement import pair_agreement
from themis.builtins.judges.asking import AnswerJudge, TaskSettings, verdicts_of
from themis.builtins.judges.questions import Question
from themis.builtins.judges.verdicts import read_choice
from themis.plugin import Judgment

__all__ = ["JudgeMajority", "JudgeMajoritySettings"]

_JOB = (
    "You decide about an answer to a task by the criteria below, and by nothing else. Where the "
    "criteria leave it open, say what is nearest."
)
_Word = Annotated[str, StringConstraints(pattern=r"^\w[\w -]{0,38}\w$")]


class JudgeMajoritySettings(TaskSettings):
    """What is decided, and what each verdict is worth."""

    criteria: str = Field(min_length=1, description="What the verdicts mean, in words.")
    verdicts: dict[_Word, Annotated[float, Field(ge=0, le=1)]] = Field(
        default={"pass": 1.0, "fail": 0.0},
        min_length=2,
        description="The verdicts that a judge chooses from, and what each is worth, from 0 to 1.",
    )
    show_reference: bool = Field(
        default=False, description="Whether the judge sees the item's reference answer."
    )

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        words = {word.casefold() for word in self.verdicts}
        if len(words) < len(self.verdicts):
            msg = f"verdicts must differ in more than case: {', '.join(self.verdicts)}"
            raise ValueError(msg)
        return self


class JudgeMajority(AnswerJudge[JudgeMajoritySettings]):
    """What the verdict of most judges is worth; where several verdicts have most votes, the least.

    `details["verdict"]` is the one that won, `details["votes"]` counts the votes of each,
    `details["tied"]` says whether others had as many, `details["agreement"]` is the share of pairs
    of judges who voted alike, and `details["verdicts"]` has each judge's word.
    """

    component_id: ClassVar[str] = "judge_majority"
    settings_model = JudgeMajoritySettings

    def questions(self, task: str, answer: str, item: Mapping[str, Any]) -> Sequence[Question[str]]:
        """One question."""
        worth = self.settings.verdicts
        shown = {"reference": self.reference(item)} if self.settings.show_reference else {}
        question = Question(
            name="vote",
            job=f"{self.job(_JOB)}\n\nCriteria:\n{self.settings.criteria}",
            texts={"task": task, **shown, "answer": answer},
            form="<verdict>",
            meaning=f"the verdict is one of {', '.join(worth)}",
            read=partial(read_choice, choices=tuple(worth)),
            worth=worth.__getitem__,
        )
        return (question,)

    def combine(self, replies: Sequence[Sequence[Judgment]]) -> tuple[float, dict[str, Any]]:
        """The worth of the verdict with most votes."""
        [judgments] = replies
        worth = self.settings.verdicts
        votes = Counter(one.value for one in judgments)
        most = [word for word in worth if votes[word] == max(votes.values())]
        winner = min(most, key=worth.__getitem__)
        details = {
            "verdict": winner,
            "votes": {word: votes[word] for word in worth},
            "tied": len(most) > 1,
            "agreement": pair_agreement([one.value for one in judgments]),
            "verdicts": verdicts_of(judgments),
        }
        return worth[winner], details
