"""Applies one extractor chain or one metric to one subject. What a component does is an outcome."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs

from themis.errors import ThemisError
from themis.planning.keys import score_key
from themis.plugin import MetricContext, WorkflowOutcome, WorkflowRunner
from themis.records import (
    CandidateRecord,
    ExtractionRecord,
    JudgeAuditTrail,
    MetricScore,
    ScoreError,
    StageName,
    TrialSpec,
)
from themis.runtime.outcomes import as_extraction, as_score, failed_extraction
from themis.runtime.subjects import subject_of
from themis.runtime.workflows import audited, evaluate_workflow

if TYPE_CHECKING:
    from themis.planning.binding import BoundComponent
    from themis.planning.items import PlannedItem
    from themis.planning.plan import MetricPlan, ReductionStep
    from themis.runtime.calls import ComponentCalls
    from themis.runtime.judging import JudgeService

__all__ = ["Measured", "Measurer", "NamedReader", "Setting", "Subject"]

Subject = CandidateRecord | Sequence[CandidateRecord]


@attrs.frozen(slots=True)
class Setting:
    """What a subject is measured in: its trial, its item and its seed."""

    trial: TrialSpec
    item: PlannedItem
    seed: int | None


@attrs.frozen(slots=True)
class Measured:
    """One metric's outcome, and the judge calls behind it."""

    outcome: MetricScore | ScoreError
    audits: tuple[JudgeAuditTrail, ...] = ()


@attrs.frozen(slots=True, kw_only=True)
class Measurer:
    """Calls extractors and metrics. `runner` runs workflows in place of the default one."""

    calls: ComponentCalls
    judges: JudgeService
    runner: WorkflowRunner | None = None

    async def extract(
        self, chain: Sequence[BoundComponent], trial: TrialSpec, candidate: CandidateRecord
    ) -> tuple[ExtractionRecord, ...]:
        """What a chain found, up to its first success."""
        records: list[ExtractionRecord] = []
        for link in chain:
            record = await self._extract(link, trial, candidate)
            records.append(record)
            if record.success:
                break
        return tuple(records)

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

    async def measure(
        self, metric: MetricPlan, subject: Subject, setting: Setting, *, key: bytes
    ) -> Measured:
        """One metric of one subject; `key` is the score's."""
        asked = self.judges.calls_for(metric, key) if metric.judged else None
        reads = metric.chain or metric.inner
        reader = NamedReader(measurer=self, named=metric, setting=setting) if reads else None
        context = MetricContext(
            setting.item.own_fields(),
            judge_service=asked,
            seed=setting.seed,
            config=metric.component.raw_config,
            judges=metric.judge_specs,
            metric_id=metric.metric_id,
            trial=setting.trial,
            reader=reader,
        )
        outcome = await self._outcome(metric, subject, setting.trial, context)
        entries = asked.entries if asked is not None else ()
        if isinstance(outcome, WorkflowOutcome):
            entries, outcome = audited(entries, outcome.judgments), outcome.score
        own = [JudgeAuditTrail(metric.metric_id, entries)] if entries else []
        return Measured(outcome, (*own, *(reader.audits if reader else ())))

    async def _outcome(
        self, metric: MetricPlan, subject: Subject, trial: TrialSpec, context: MetricContext
    ) -> MetricScore | ScoreError | WorkflowOutcome:
        stage: StageName = "judge" if metric.judged else "score"
        given = subject_of(metric.subject, subject, trial)
        try:
            if metric.component.builds_workflow:
                return await evaluate_workflow(
                    self.calls, metric, given, context, runner=self.runner
                )
            value = await self.calls.evaluate(
                metric.component, "score", stage, trial, given, context
            )
        except ThemisError as error:
            return ScoreError(metric_id=metric.metric_id, message=error.message, code=error.code)
        return as_score(value, metric=metric.metric_id)


@attrs.define(slots=True, kw_only=True)
class NamedReader:
    """Reads and scores single candidates with what a component names (see CandidateReader)."""

    measurer: Measurer
    named: MetricPlan | ReductionStep
    setting: Setting
    audits: list[JudgeAuditTrail] = attrs.field(factory=list)

    async def extract(self, candidate: CandidateRecord) -> CandidateRecord:
        """The candidate with what the named extractors found; without any, as it is."""
        chain = self.named.chain
        if not chain:
            return candidate
        found = await self.measurer.extract(chain, self.setting.trial, candidate)
        return attrs.evolve(candidate, extractions=found)

    async def score(self, candidate: CandidateRecord) -> MetricScore | ScoreError:
        """The named metric's outcome."""
        metric = self.named.inner
        if metric is None:
            return ScoreError(
                metric_id=self.named.metric_id,
                message=f"{self.named.metric_id} names no metric in its configuration; name one",
            )
        candidate = await self.extract(candidate)
        key = score_key(bytes.fromhex(candidate.candidate_id), metric.key)
        measured = await self.measurer.measure(metric, candidate, self.setting, key=key)
        self.audits.extend(measured.audits)
        return measured.outcome
