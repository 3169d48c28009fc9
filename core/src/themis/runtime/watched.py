"""The parts of a pipeline when somebody watches: they do what the plain ones do, and tell of it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import attrs

from themis.errors import ErrorCode
from themis.plugin.lifecycle import LifecycleContext, Span
from themis.records import WHOLE_TRIAL, CandidateRecord, MetricScore, ScoreError
from themis.runtime.evaluation import Evaluated, Evaluator
from themis.runtime.generation import Generated, Generator
from themis.runtime.judging import JudgeCalls, JudgeService
from themis.runtime.measuring import Setting, Subject
from themis.runtime.reducing import Reduced, Reducer
from themis.specs import JudgeInferenceSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from themis.planning.binding import BoundComponent
    from themis.planning.plan import MetricPlan, Parse, Reduction, ReductionStep
    from themis.records import (
        ConversationTrace,
        InferenceRecord,
        JudgeAuditEntry,
        JudgeResponse,
        Message,
        TrialSpec,
    )
    from themis.runtime.watching import Watch
    from themis.runtime.work import PendingScore, Work

_ASKING: ContextVar[tuple[LifecycleContext, list[Span]] | None] = ContextVar("asking", default=None)

__all__ = ["WatchedEvaluator", "WatchedGenerator", "WatchedJudges", "WatchedReducer"]


class WatchedGenerator(Generator):
    """Tells of every generation."""

    def __init__(self, *, watch: Watch, **options: Any) -> None:
        super().__init__(**options)
        self._watch = watch
        self._begun: set[bytes] = set()

    async def generate(self, work: Work) -> Generated:
        """The candidate of `work`."""
        generated = await super().generate(work)
        context = self._about(work, generated.trial)
        if work.candidate_key not in self._begun:  # it failed before its prompt was there
            self._watch.tell("before_generate", generated.trial, context)
        self._begun.discard(work.candidate_key)
        self._watch.tell("after_generate", generated.trial, generated.candidate, context)
        if self._watch.traces:
            self._watch.trace(_generation(generated, context))
        return generated

    async def _converse(
        self, work: Work, trial: TrialSpec, clock: Any
    ) -> tuple[InferenceRecord, ConversationTrace]:
        self._begun.add(work.candidate_key)
        self._watch.tell("before_generate", trial, self._about(work, trial))
        return await super()._converse(work, trial, clock)

    def _about(self, work: Work, trial: TrialSpec) -> LifecycleContext:
        return self._watch.context(
            trial,
            candidate_id=work.candidate_key.hex(),
            sample_index=work.sample,
            seed=work.seed,
            component=work.arm.engine.name if work.arm.engine else "",
        )


@contextmanager
def _asking(context: LifecycleContext) -> Iterator[list[Span]]:
    """Around what may ask judges: the spans of the calls that are made within."""
    spans: list[Span] = []
    token = _ASKING.set((context, spans))
    try:
        yield spans
    finally:
        _ASKING.reset(token)


@attrs.frozen(slots=True, kw_only=True)
class WatchedJudges(JudgeService):
    """Tells of every judge call; one within a score or a reduction is about that."""

    watch: Watch

    def calls_for(self, metric: MetricPlan | ReductionStep, subject: bytes) -> JudgeCalls:
        """The view that one metric gets for one candidate; `subject` is its score's key."""
        asking = _ASKING.get()
        context, keep = (
            (self.watch.run, self.watch.trace) if asking is None else (asking[0], asking[1].append)
        )
        return _WatchedCalls(self, metric, subject, context=context, keep=keep)


class _WatchedCalls(JudgeCalls):
    def __init__(
        self,
        service: WatchedJudges,
        metric: MetricPlan | ReductionStep,
        subject: bytes,
        *,
        context: LifecycleContext,
        keep: Callable[[Span], None],
    ) -> None:
        super().__init__(service, metric, subject)
        self._watch = service.watch
        self._context = context
        self._keep = keep

    async def _ask(
        self,
        judge: JudgeInferenceSpec | str,
        bound: BoundComponent,
        messages: tuple[Message, ...],
        seed: int,
    ) -> tuple[JudgeResponse, JudgeAuditEntry]:
        context = attrs.evolve(self._context, component=bound.name, seed=seed)
        started = time.time()
        self._watch.tell("before_judge", messages, context)
        response, entry = await super()._ask(judge, bound, messages, seed)
        self._watch.tell("after_judge", entry, context)
        if self._watch.traces:
            self._keep(_judgement(entry, context, judge, messages, started))
        return response, entry


@attrs.frozen(slots=True, kw_only=True)
class WatchedEvaluator(Evaluator):
    """Tells of every parse and score."""

    watched: WatchedJudges

    async def _parse(
        self, parse: Parse, candidate: CandidateRecord, trial: TrialSpec
    ) -> CandidateRecord:
        watch, started = self.watched.watch, time.time()
        context = watch.about(trial, candidate, component=parse.name)
        watch.tell("before_parse", trial, candidate, context)
        parsed = await super()._parse(parse, candidate, trial)
        watch.tell("after_parse", trial, parsed.extractions, context)
        if watch.traces:
            watch.trace(_parsing(parsed, context, started))
        return parsed

    async def _measured(
        self, out: Evaluated, pending: PendingScore, subject: Subject, setting: Setting
    ) -> MetricScore | ScoreError:
        watch, trial, started = self.watched.watch, setting.trial, time.time()
        one = subject if isinstance(subject, CandidateRecord) else subject[0]
        context = watch.about(trial, one, component=pending.metric.metric_id)
        if one is not subject:  # it is about the trial's candidates, not about the first of them
            context = attrs.evolve(context, candidate_id="", sample_index=WHOLE_TRIAL)
        watch.tell("before_score", trial, subject, context)
        with _asking(context) as asked:
            outcome = await super()._measured(out, pending, subject, setting)
        watch.tell("after_score", trial, outcome, context)
        if watch.traces:
            watch.trace(_scoring(outcome, context, started, tuple(asked)))
        return outcome


@attrs.frozen(slots=True, kw_only=True)
class WatchedReducer(Reducer):
    """Tells of every reduction."""

    watch: Watch

    async def reduce(
        self,
        reduction: Reduction,
        members: Sequence[CandidateRecord],
        setting: Setting,
        *,
        key: bytes,
    ) -> Reduced:
        """The candidate that stands for `members`."""
        started = time.time()
        context = self.watch.context(
            setting.trial,
            candidate_id=key.hex(),
            sample_index=WHOLE_TRIAL,
            component=reduction.reducer.component.name,
        )
        self.watch.tell("before_reduce", setting.trial, tuple(members), context)
        with _asking(context) as asked:
            reduced = await super().reduce(reduction, members, setting, key=key)
        stands = reduced.candidate or CandidateRecord(
            candidate_id=key.hex(),
            sample_index=WHOLE_TRIAL,
            status="error",
            failure=reduced.failure,
        )
        self.watch.tell("after_reduce", setting.trial, stands, context)
        if self.watch.traces:
            self.watch.trace(_reducing(reduced, context, started, tuple(asked)))
        return reduced


def _reducing(
    reduced: Reduced, context: LifecycleContext, started: float, asked: tuple[Span, ...]
) -> Span:
    failure = reduced.failure
    return Span(
        kind="reduce",
        context=context,
        start=started,
        end=time.time(),
        status="error" if failure else "ok",
        error_code=failure.code.value if failure else None,
        error=failure.message if failure else None,
        children=asked,
    )


def _generation(generated: Generated, context: LifecycleContext) -> Span:
    candidate, failure = generated.candidate, generated.candidate.failure
    return Span(
        kind="generate",
        context=context,
        start=min(stage.start for stage in generated.timeline),
        end=time.time(),
        status=candidate.status,
        error_code=failure.code.value if failure else None,
        error=failure.message if failure else None,
        attempts=failure.attempts if failure else 1,
        model=generated.trial.model,
        params=generated.trial.params,
        prompt=generated.trial.prompt,
        inference=candidate.inference,
    )


def _judgement(
    entry: JudgeAuditEntry,
    context: LifecycleContext,
    judge: JudgeInferenceSpec | str,
    messages: Sequence[Message],
    started: float,
) -> Span:
    code = entry.response.error_code
    spec = judge if isinstance(judge, JudgeInferenceSpec) else None
    return Span(
        kind="judge",
        context=context,
        start=started,
        end=time.time(),
        status="ok" if entry.response.error is None else "error",
        error_code=code.value if code else None,
        error=entry.response.error,
        attempts=entry.attempts,
        model=spec.model if spec else None,
        params=spec.params if spec else None,
        prompt=tuple(messages),
        inference=entry.response.inference,
    )


def _parsing(parsed: CandidateRecord, context: LifecycleContext, started: float) -> Span:
    found = parsed.best_extraction() is not None
    reasons = [record.failure_reason or "no reason given" for record in parsed.extractions]
    return Span(
        kind="parse",
        context=context,
        start=started,
        end=time.time(),
        status="ok" if found else "error",
        error_code=None if found else ErrorCode.PARSE_ERROR.value,
        error=None if found else "; ".join(reasons),
    )


def _scoring(
    outcome: MetricScore | ScoreError,
    context: LifecycleContext,
    started: float,
    asked: tuple[Span, ...],
) -> Span:
    failed = isinstance(outcome, ScoreError)
    return Span(
        kind="score",
        context=context,
        start=started,
        end=time.time(),
        status="error" if failed else "ok",
        error_code=outcome.code.value if isinstance(outcome, ScoreError) else None,
        error=outcome.message if isinstance(outcome, ScoreError) else None,
        score=outcome.value if isinstance(outcome, MetricScore) else None,
        children=asked,
    )
