"""Parse and score one candidate. Nothing a component does ends the run: it is recorded."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import attrs

from themis.errors import ThemisError
from themis.planning.keys import parse_key
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
from themis.runtime.measuring import Measurer, Setting, Subject
from themis.runtime.outcomes import as_score, failed_extraction
from themis.runtime.reducing import no_members
from themis.runtime.work import PendingParse, PendingScore, Work

if TYPE_CHECKING:
    from themis.planning.plan import Parse, Score
    from themis.runtime.hooks import Hooks
    from themis.runtime.whole_trial import WholeTrial

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

    measurer: Measurer
    hooks: Hooks

    async def evaluate(
        self,
        work: Work,
        candidate: CandidateRecord | None,
        trial: TrialSpec,
        *,
        whole: WholeTrial | None = None,
    ) -> Evaluated:
        """All missing parses and scores of one candidate.

        With `whole`, those of a trial: `candidate` is its reduced one, or None if it has none.
        """
        out = Evaluated()
        setting = Setting(trial, work.payload_item, work.seed)
        if candidate is not None:
            parsed = await self._parses(out, work, candidate, trial)
            for pending in _by_score(work.scores, of_set=False):
                subject = _subject(pending[0].score, work, candidate, parsed)
                await self._score_pass(out, pending, subject, setting)
        if whole is not None:
            for pending in _by_score(work.scores, of_set=True):
                await self._score_set(out, pending, whole, setting)
        return out

    async def _parses(
        self, out: Evaluated, work: Work, candidate: CandidateRecord, trial: TrialSpec
    ) -> dict[bytes, CandidateRecord]:
        parsed: dict[bytes, CandidateRecord] = {}
        for entry in work.parses:
            view = await self._timed_parse(out, entry, candidate, trial)
            parsed[entry.parse.key] = view
            if work.whole is not None:  # the trial's own scores read it too
                work.stored_parses[entry.parse.key] = view.extractions
        return parsed

    async def _timed_parse(
        self, out: Evaluated, entry: PendingParse, candidate: CandidateRecord, trial: TrialSpec
    ) -> CandidateRecord:
        started, clock = time.time(), time.perf_counter()
        view = await self._parse(entry.parse, candidate, trial)
        out.parses.append((entry, view.extractions))
        error = _parse_error(view)
        out.timeline.append(_stage("parse", entry.parse.name, started, clock, error))
        return view

    async def _parse(
        self, parse: Parse, candidate: CandidateRecord, trial: TrialSpec
    ) -> CandidateRecord:
        """The candidate with this parse's extractions: the chain up to its first success."""
        try:
            if self.hooks.pre_extraction:
                candidate = await self.hooks.apply("pre_extraction", trial, candidate)
            records = await self.measurer.extract(parse.chain, trial, candidate)
            candidate = attrs.evolve(candidate, extractions=records)
            if self.hooks.post_extraction:
                candidate = await self.hooks.apply("post_extraction", trial, candidate)
        except ThemisError as error:
            failed = failed_extraction(parse.name, error.message)
            return attrs.evolve(candidate, extractions=(failed,))
        return candidate

    async def _score_pass(
        self,
        out: Evaluated,
        pending: Sequence[PendingScore],
        subject: CandidateRecord,
        setting: Setting,
    ) -> None:
        """The missing metrics of one score; the hooks see the candidate once before and after."""
        trial = setting.trial
        try:
            if self.hooks.pre_eval:
                subject = await self.hooks.apply("pre_eval", trial, subject)
            outcomes = [await self._measured(out, entry, subject, setting) for entry in pending]
            if self.hooks.post_eval:
                outcomes = await self._post_eval(pending[0].score, outcomes, subject, trial)
        except ThemisError as error:
            outcomes = [_failed(entry, error) for entry in pending]
        out.scores.extend(zip(pending, outcomes, strict=True))

    async def _score_set(
        self, out: Evaluated, pending: Sequence[PendingScore], whole: WholeTrial, setting: Setting
    ) -> None:
        """Metrics of the candidates as a set; hooks are about one candidate, and take no part."""
        members = await self._members(out, pending[0].score.parse, whole, setting.trial)
        for entry in pending:
            if members:
                outcome = await self._measured(out, entry, members, setting)
            else:
                outcome = _no_members(entry, whole)
            out.scores.append((entry, outcome))

    async def _members(
        self, out: Evaluated, parse: Parse | None, whole: WholeTrial, trial: TrialSpec
    ) -> tuple[CandidateRecord, ...]:
        """The trial's candidates, read by `parse`; what was read before is not read again."""
        if parse is None:
            return whole.members
        known = whole.parsed(parse)
        members = []
        for sample, candidate in sorted(whole.candidates.items()):
            if sample not in known:
                work = whole.samples[sample]
                entry = PendingParse(parse, parse_key(work.candidate_key, parse.key))
                view = await self._timed_parse(out, entry, candidate, trial)
                work.stored_parses[parse.key] = known[sample] = view.extractions
            members.append(attrs.evolve(candidate, extractions=known[sample]))
        return tuple(members)

    async def _measured(
        self, out: Evaluated, pending: PendingScore, subject: Subject, setting: Setting
    ) -> MetricScore | ScoreError:
        metric = pending.metric
        started, clock = time.time(), time.perf_counter()
        measured = await self.measurer.measure(metric, subject, setting, key=pending.key)
        out.audits.extend(measured.audits)
        stage: StageName = "judge" if metric.judged else "score"
        outcome = measured.outcome
        error = outcome.message if isinstance(outcome, ScoreError) else None
        out.timeline.append(_stage(stage, metric.metric_id, started, clock, error))
        return outcome

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


def _by_score(pending: Sequence[PendingScore], *, of_set: bool) -> Iterator[list[PendingScore]]:
    """The missing metrics of each score, in order: those of a set of candidates, or the others."""
    wanted = (entry for entry in pending if (entry.metric.subject == "candidates") == of_set)
    for _, group in groupby(wanted, key=lambda entry: entry.score.name):
        yield list(group)


def _no_members(pending: PendingScore, whole: WholeTrial) -> ScoreError:
    """No candidate of the trial succeeded; the first one's reason stands for it."""
    failure = no_members(whole.failures).failure
    assert failure is not None
    return ScoreError(
        metric_id=pending.metric.metric_id, message=failure.message, code=failure.code
    )


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
