"""How good the best of a trial's samples is, as judges see it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from statistics import fmean
from typing import Any, ClassVar

from themis.builtins.judges.asking import JudgeMetric, task_text, verdicts_of
from themis.builtins.judges.questions import Question, QuestionWorkflow
from themis.builtins.judges.rubric_score import ANSWER_JOB, RubricScoreSettings
from themis.builtins.judges.rubrics import mean_score, rubric_question
from themis.builtins.metrics.scoring import UNREADABLE, answer_of, unreadable
from themis.builtins.outputs import as_text
from themis.plugin import CandidateRecord, EvalScoreContext, Judgment, MetricScore

__all__ = ["JudgeBestOf", "JudgeBestOfSettings"]


class JudgeBestOfSettings(RubricScoreSettings):
    """What a good answer is, and the scale."""


class JudgeBestOf(JudgeMetric[JudgeBestOfSettings]):
    """The grade of the trial's best sample, from 0 (worst) to 1 (best).

    Every judge grades every sample by itself, as `rubric_score` does, so that no order of samples
    can sway it. A sample whose extractions all failed has 0 without asking. `details["chosen"]` is
    the best one's candidate id (of equals the first), `details["mean"]` the mean grade of all, and
    `details["candidates"]` has each sample's grade and verdicts.
    """

    component_id: ClassVar[str] = "judge_best_of"
    settings_model = JudgeBestOfSettings

    def build_workflow(
        self, subject: Sequence[CandidateRecord], ctx: EvalScoreContext
    ) -> QuestionWorkflow | MetricScore:
        """A question about each sample that has a readable answer."""
        asked = [candidate for candidate in subject if not unreadable(candidate)]
        if not asked:
            return self.scored(0.0, {"reason": UNREADABLE})
        task = task_text(ctx, self.settings.task_field, self.component_id)
        questions = [self._question(task, candidate, ctx) for candidate in asked]
        return self.workflow(questions, partial(self._best, subject))

    def _question(
        self, task: str, candidate: CandidateRecord, ctx: EvalScoreContext
    ) -> Question[float]:
        shown = {"reference": self.reference(ctx)} if self.settings.show_reference else {}
        answer = as_text(answer_of(candidate, self.component_id))
        return rubric_question(
            self.settings,
            job=self.job(ANSWER_JOB),
            texts={"task": task, **shown, "answer": answer},
            name=f"sample-{candidate.sample_index}",
        )

    def _best(
        self, subject: Sequence[CandidateRecord], replies: Sequence[Sequence[Judgment]]
    ) -> tuple[float, dict[str, Any]]:
        graded = iter(replies)
        rows = [_row(one, () if unreadable(one) else next(graded)) for one in subject]
        best = max(rows, key=lambda row: float(row["score"]))
        details = {
            "chosen": best["candidate_id"],
            "mean": fmean(row["score"] for row in rows),
            "candidates": rows,
        }
        return best["score"], details


def _row(candidate: CandidateRecord, judgments: Sequence[Judgment]) -> dict[str, Any]:
    return {
        "candidate_id": candidate.candidate_id,
        "sample": candidate.sample_index,
        "score": mean_score(judgments) if judgments else 0.0,
        "verdicts": verdicts_of(judgments),
    }
