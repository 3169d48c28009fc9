"""An experiment's cases, each with all that came of it, put together from a run's trials."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from themis.records import (
    CandidateRecord,
    ExtractionRecord,
    FailureRecord,
    JudgeAuditTrail,
    MetricScore,
    ReducedCandidate,
    ScoreError,
)
from themis.results.candidates import WholeScores, read_candidates, read_whole_scores
from themis.results.paging import PAGE
from themis.results.trials import TrialRow, iter_trials
from themis.storage.reading import chunked

if TYPE_CHECKING:
    from themis.results.overlay import Overlay
    from themis.results.source import RunSource

__all__ = ["CaseResult", "iter_cases"]


@attrs.frozen(slots=True, kw_only=True)
class CaseResult:
    """One case of one dataset, and what came of it.

    `generations` are its candidates, failed ones included, each with its own parses and scores.
    `reduction` stands for them where there is one. `parse` is that of the reduction, or else of the
    first candidate that has any. `scores` and `judge_audits` are all of the case's. `input` and
    `expected_output` are None where the store keeps no payloads.
    """

    case_id: str
    dataset_id: str
    input: Any = None
    expected_output: Any = None
    generations: tuple[CandidateRecord, ...] = ()
    reduction: ReducedCandidate | None = None
    parse: ExtractionRecord | None = None
    scores: tuple[MetricScore | ScoreError, ...] = ()
    judge_audits: tuple[JudgeAuditTrail, ...] = ()

    @property
    def errors(self) -> tuple[FailureRecord | ScoreError, ...]:
        """Every failure of the case: of generation, of reduction, and of metrics."""
        made = (*self.generations, *([self.reduction] if self.reduction else []))
        failed = (candidate.failure for candidate in made)
        unscored = (score for score in self.scores if isinstance(score, ScoreError))
        return (*(failure for failure in failed if failure is not None), *unscored)

    def score(self, metric_id: str) -> float | None:
        """The mean of the case's values of a metric; None without any."""
        values = [
            score.value
            for score in self.scores
            if isinstance(score, MetricScore)
            and score.metric_id == metric_id
            and score.value is not None
        ]
        return sum(values) / len(values) if values else None


def iter_cases(source: RunSource, overlay: Overlay) -> Iterator[CaseResult]:
    """Every trial of a run as a case's result, in the order of the plan, read in pages."""
    for trials in chunked(iter_trials(source), PAGE):
        yield from _cases(source, trials, overlay)


def _cases(source: RunSource, trials: Sequence[TrialRow], overlay: Overlay) -> Iterator[CaseResult]:
    candidates = read_candidates(source, trials, overlay)
    whole = read_whole_scores(source, trials, overlay)
    items = source.items([trial.item_hash for trial in trials])
    for trial in trials:
        item = items.get(trial.item_hash) or {}
        records = [one.record for one in candidates[trial.number]]
        yield _case(trial, item, records, whole[trial.number])


def _case(
    trial: TrialRow,
    item: Any,
    candidates: Sequence[CandidateRecord],
    whole: WholeScores,
) -> CaseResult:
    reduction = next((one for one in candidates if isinstance(one, ReducedCandidate)), None)
    generations = tuple(one for one in candidates if one is not reduction)
    read = [one for one in (reduction, *generations) if one is not None and one.extractions]
    evaluations = [*(one.evaluation for one in generations), whole.evaluation]
    return CaseResult(
        case_id=trial.item_id,
        dataset_id=trial.arm.slice_id,
        input=item.get("input"),
        expected_output=item.get("expected_output"),
        generations=generations,
        reduction=reduction,
        parse=next((one.best_extraction() or one.extractions[0] for one in read), None),
        scores=tuple(score for one in evaluations if one is not None for score in one.scores),
        judge_audits=_distinct(
            [*(trail for one in candidates for trail in one.judge_audits), *whole.judge_audits]
        ),
    )


def _distinct(trails: Iterable[JudgeAuditTrail]) -> tuple[JudgeAuditTrail, ...]:
    """Each trail once: what a reduced candidate was judged by is the trial's too."""
    found: list[JudgeAuditTrail] = []
    for trail in trails:
        if trail not in found:
            found.append(trail)
    return tuple(found)
