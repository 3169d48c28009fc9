"""Parse and score one candidate. Nothing a component does ends the run: it is recorded."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import attrs

from themis.errors import ThemisError
from themis.plugin import MetricContext, WorkflowOutcome
from themis.records import (
    CandidateRecord,
    EvaluationRecord,
    ExtractionRecord,
    JudgeAuditTrail,
    MetricScore,
    ScoreError,
    StageName,
    TimelineStage,
    TrialSpec,
)
from themis.runtime.hooks import HookError
from themis.runtime.outcomes import as_extraction, as_score, failed_extraction
from themis.runtime.subjects import subject_of
from themis.runtime.workflows import audited, evaluate_workflow

if TYPE_CHECKING:
    from themis.planning.binding import BoundComponent
    from themis.planning.plan import Parse, Score
    from themis.runtime.calls import ComponentCalls
    from themis.runtime.hooks import Hooks
    from themis.runtime.judging import JudgeCalls, JudgeService
    from themis.runtime.work import PendingParse, PendingScore, Work

__all__ = ["Evaluated", "Evaluator"]


@attrs.define(slots=True, eq=False)
class Evaluated:
    """What one evaluation of one candidate gave, ready to be recorded."""

    parses: list[tuple[PendingParse, tuple[ExtractionRecord, ...]]] = attrs.field(factory=list)
    scores: list[tuple[PendingScore, MetricScore | ScoreError]] = attrs.field(factory=list)
    audits: list[JudgeAuditTrail] = attrs.field(factory=list)
    timeline: list[TimelineStage] = attrs.field(factory=list)


@attrs.frozen(slots=True, kw_only=True)
class Evaluator:
    """Runs what a `Work` still lacks after generation."""

    calls: ComponentCalls
    hooks: Hooks
    judges: JudgeService

    async def evaluate(self, work: Work, candidate: CandidateRecord, trial: TrialSpec) -> Evaluated:
        """All missing parses and scores of one candidate."""
        out = Evaluated()
        parsed: dict[bytes, CandidateRecord] = {}
        for entry in work.parses:
            started, clock = time.time(), time.perf_counter()
            view = await self._parse(entry.parse, candidate, trial)
            parsed[entry.parse.key] = view
            out.parses.append((entry, view.extractions))
            error = _parse_error(view)
            out.timeline.append(_stage("parse", entry.parse.name, started, clock, error))
        for pending in _by_score(work.scores):
            subject = _subject(pending[0].score, work, candidate, parsed)
            await self._score_pass(out, work, pending, subject, trial)
        return out

    async def _parse(
        self, parse: Parse, candidate: CandidateRecord, trial: TrialSpec
    ) -> CandidateRecord:
        """The candidate with this parse's extractions: the chain up to its first success."""
        records: list[ExtractionRecord] = []
        try:
            if self.hooks.pre_extraction:
                candidate = await self.hooks.apply("pre_extraction", trial, candidate)
            for link in parse.chain:
                record = await self._extract(link, trial, candidate)
                records.append(record)
                if record.success:
                    break
            candidate = attrs.evolve(candidate, extractions=tuple(records))
            if self.hooks.post_extraction:
                candidate = await self.hooks.apply("post_extraction", trial, candidate)
        except ThemisError as error:
            failed = failed_extraction(parse.name, error.message)
            return attrs.evolve(candidate, extractions=(failed,))
        return candidate

    async def _extract(
        self, link: BoundComponent, trial: TrialSpec, candidate: CandidateRecord
    ) -> ExtractionRecord:
        try:
            value = await self.calls.evaluate(
                link, "extract", "parse", trial, candidate, link.config
            )
        except ThemisError as error:
            return failed_extraction(link.name, error.message)
        return as_extraction(value, extractor=link.name)

    async def _score_pass(
        self,
        out: Evaluated,
        work: Work,
        pending: Sequence[PendingScore],
        subject: CandidateRecord,
        trial: TrialSpec,
    ) -> None:
        """The missing metrics of one score; the hooks see the candidate once before and after."""
        try:
            if self.hooks.pre_eval:
                subject = await self.hooks.apply("pre_eval", trial, subject)
            outcomes = [await self._timed(out, work, entry, subject, trial) for entry in pending]
            if self.hooks.post_eval:
                outcomes = await self._post_eval(pending[0].score, outcomes, subject, trial)
        except ThemisError as error:
            outcomes = [_failed(entry, error) for entry in pending]
        out.scores.extend(zip(pending, outcomes, strict=True))

    async def _timed(
        self,
        out: Evaluated,
        work: Work,
        pending: PendingScore,
        subject: CandidateRecord,
        trial: TrialSpec,
    ) -> MetricScore | ScoreError:
        metric = pending.metric
        started, clock = time.time(), time.perf_counter()
        asked = self.judges.calls_for(metric, pending.key) if metric.judged else None
        outcome = await self._score(pending, work, subject, trial, asked)
        entries = asked.entries if asked is not None else ()
        if isinstance(outcome, WorkflowOutcome):
            entries, outcome = audited(entries, outcome.judgments), outcome.score
        if entries:
            out.audits.append(JudgeAuditTrail(metric.metric_id, entries))
        stage: StageName = "score" if asked is None else "judge"
        error = outcome.message if isinstance(outcome, ScoreError) else None
        out.timeline.append(_stage(stage, metric.metric_id, started, clock, error))
        return outcome

    async def _score(
        self,
        pending: PendingScore,
        work: Work,
        subject: CandidateRecord,
        trial: TrialSpec,
        asked: JudgeCalls | None,
    ) -> MetricScore | ScoreError | WorkflowOutcome:
        metric = pending.metric
        context = MetricContext(
            work.payload_item.own_fields(),
            judge_service=asked,
            seed=work.seed,
            config=metric.component.raw_config,
            judges=metric.judge_specs,
            metric_id=metric.metric_id,
            trial=trial,
        )
        stage: StageName = "score" if asked is None else "judge"
        given = subject_of(metric.subject, subject, trial)
        try:
            if metric.component.builds_workflow:
                return await evaluate_workflow(self.calls, metric, given, context)
            value = await self.calls.evaluate(
                metric.component, "score", stage, trial, given, context
            )
        except ThemisError as error:
            return _failed(pending, error)
        return as_score(value, metric=metric.metric_id)

    async def _post_eval(
        self,
        score: Score,
        outcomes: Sequence[MetricScore | ScoreError],
        subject: CandidateRecord,
        trial: TrialSpec,
    ) -> list[MetricScore | ScoreError]:
        """The scores as the hooks leave them: replaced by metric id, none added or lost."""
        record = EvaluationRecord(score.key.hex(), tuple(outcomes))
        subject = attrs.evolve(subject, evaluation=record)
        subject = await self.hooks.apply("post_eval", trial, subject)
        left = {s.metric_id: s for s in subject.evaluation.scores} if subject.evaluation else {}
        if left.keys() != {outcome.metric_id for outcome in outcomes}:
            msg = "a post_eval hook must return the candidate with the scores of the same metrics"
            raise HookError(msg)
        return [as_score(left[o.metric_id], metric=o.metric_id) for o in outcomes]


def _by_score(pending: Sequence[PendingScore]) -> Iterator[list[PendingScore]]:
    """The missing metrics of each score, in order."""
    for _, group in groupby(pending, key=lambda entry: entry.score.name):
        yield list(group)


def _failed(pending: PendingScore, error: ThemisError) -> ScoreError:
    return ScoreError(metric_id=pending.metric.metric_id, message=error.message, code=error.code)


def _subject(
    score: Score, work: Work, candidate: CandidateRecord, parsed: dict[bytes, CandidateRecord]
) -> CandidateRecord:
    """The candidate with the extractions that this score reads."""
    if score.parse is None:
        return candidate
    if score.parse.key not in parsed:
        extractions = work.stored_parses[score.parse.key]
        parsed[score.parse.key] = attrs.evolve(candidate, extractions=extractions)
    return parsed[score.parse.key]


def _parse_error(candidate: CandidateRecord) -> str | None:
    if any(record.success for record in candidate.extractions):
        return None
    return "; ".join(r.failure_reason or "no reason given" for r in candidate.extractions) or None


def _stage(
    stage: StageName, component: str, started: float, clock: float, error: str | None
) -> TimelineStage:
    seconds = time.perf_counter() - clock
    return TimelineStage.timed(stage, component, start=started, seconds=seconds, error=error)
