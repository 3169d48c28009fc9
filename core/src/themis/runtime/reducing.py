"""Makes one candidate of a trial's: select, then reduce. A failure is the reduction's outcome."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from themis.errors import ErrorCode, ThemisError
from themis.planning.seeds import reduction_seed
from themis.plugin import MetricContext
from themis.records import (
    WHOLE_TRIAL,
    CandidateRecord,
    FailureRecord,
    InferenceRecord,
    InferenceResult,
    JudgeAuditTrail,
    ReducedCandidate,
    TimelineStage,
)
from themis.runtime.measuring import Measurer, NamedReader, Setting
from themis.runtime.outcomes import as_inference, unstorable

if TYPE_CHECKING:
    from themis.planning.plan import Reduction, ReductionStep

__all__ = ["Reduced", "Reducer", "no_members"]


@attrs.frozen(slots=True, kw_only=True)
class Reduced:
    """What came of one reduction, ready to be recorded."""

    candidate: ReducedCandidate | None
    failure: FailureRecord | None
    sources: tuple[str, ...]
    audits: tuple[JudgeAuditTrail, ...] = ()
    timeline: tuple[TimelineStage, ...] = ()


@attrs.frozen(slots=True, kw_only=True)
class Reducer:
    """Runs the reductions of a run."""

    measurer: Measurer
    global_seed: int

    async def reduce(
        self,
        reduction: Reduction,
        members: Sequence[CandidateRecord],
        setting: Setting,
        *,
        key: bytes,
    ) -> Reduced:
        """The candidate that stands for `members`, which succeeded; `key` is its own."""
        started, clock = time.time(), time.perf_counter()
        setting = attrs.evolve(setting, seed=reduction_seed(self.global_seed, key))
        steps = _Steps(measurer=self.measurer, setting=setting, key=key)
        candidate, failure = None, None
        try:
            chosen = members
            if reduction.selector is not None:
                made = await steps.call(reduction.selector, "select", members)
                chosen = _as_selected(made, reduction.selector, members)
            made = await steps.call(reduction.reducer, "reduce", chosen)
            candidate = _as_reduced(made, reduction, chosen, key=key, seed=setting.seed)
        except ThemisError as error:
            failure = FailureRecord(code=error.code, message=error.message, stage="reduce")
        duration = time.perf_counter() - clock
        stage = TimelineStage(
            stage="reduce",
            component=reduction.reducer.component.name,
            status="error" if failure else "ok",
            start=started,
            end=started + duration,
            duration_ms=duration * 1000,
            error=failure.message if failure else None,
        )
        return Reduced(
            candidate=candidate,
            failure=failure,
            sources=tuple(member.candidate_id for member in members),
            audits=tuple(steps.audits),
            timeline=(stage,),
        )


@attrs.define(slots=True, kw_only=True)
class _Steps:
    """The calls of one reduction, and the judge calls that they make."""

    measurer: Measurer
    setting: Setting
    key: bytes
    audits: list[JudgeAuditTrail] = attrs.field(factory=list)

    async def call(
        self, step: ReductionStep, method: str, members: Sequence[CandidateRecord]
    ) -> Any:
        """Call a selector or reducer with a context of its own."""
        judges = self.measurer.judges
        asked = judges.calls_for(step, self.key) if step.judges else None
        reader = NamedReader(measurer=self.measurer, named=step, setting=self.setting)
        context = MetricContext(
            self.setting.item.own_fields(),
            judge_service=asked,
            seed=self.setting.seed,
            config=step.component.raw_config,
            judges=step.judge_specs,
            metric_id=step.metric_id,
            trial=self.setting.trial,
            reader=reader,
        )
        try:
            return await self.measurer.calls.evaluate(
                step.component, method, "reduce", tuple(members), context
            )
        finally:
            if asked is not None and asked.entries:
                self.audits.append(JudgeAuditTrail(step.metric_id, asked.entries))
            self.audits.extend(reader.audits)


def no_members(failures: Mapping[int, FailureRecord]) -> Reduced:
    """No sample of the trial succeeded: the first one's reason stands for the reduction's."""
    first = failures[min(failures)] if failures else None
    why = first.message if first else "none was generated"
    failure = FailureRecord(
        code=first.code if first else ErrorCode.ITEM_LOAD,
        message=f"there is no candidate to reduce: {why}",
        stage="reduce",
    )
    return Reduced(candidate=None, failure=failure, sources=())


def _as_selected(
    chosen: Any, step: ReductionStep, members: Sequence[CandidateRecord]
) -> Sequence[CandidateRecord]:
    """A selector's choice, which must be some of the members."""
    known = {member.candidate_id for member in members}
    what = f"selector {step.component.name!r}"
    if not isinstance(chosen, (list, tuple)) or not all(
        isinstance(one, CandidateRecord) and one.candidate_id in known for one in chosen
    ):
        raise _unusable(f"{what} must return a list of the candidates that it was given")
    if not chosen:
        raise _unusable(f"{what} chose none of {len(members)} candidates", chose_none=True)
    return chosen


def _as_reduced(
    made: Any,
    reduction: Reduction,
    members: Sequence[CandidateRecord],
    *,
    key: bytes,
    seed: int | None,
) -> ReducedCandidate:
    """A reducer's return value as the trial's one candidate."""
    what = f"reducer {reduction.reducer.component.name!r}"
    inference, conversation, details = made, None, {}
    if isinstance(made, CandidateRecord):
        inference, conversation = made.inference, made.conversation
    if isinstance(made, ReducedCandidate):
        details = made.details
    if not isinstance(inference, (str, InferenceRecord)):
        raise _unusable(
            f"{what} returned {type(made).__name__}; return a candidate that has an inference, "
            "or a text"
        )
    try:
        given = as_inference(
            InferenceResult(InferenceRecord(raw_text=inference))
            if isinstance(inference, str)
            else InferenceResult(inference, conversation),
            engine=reduction.reducer.component.name,
        )
    except TypeError as error:
        raise _unusable(f"{what}: {error}") from error
    reason = unstorable(details)
    if reason is not None:
        raise _unusable(f"{what}: its details cannot be stored: {reason}")
    sources = made.source_candidate_ids if isinstance(made, ReducedCandidate) else ()
    return ReducedCandidate(
        candidate_id=key.hex(),
        sample_index=WHOLE_TRIAL,
        effective_seed=seed,
        inference=given.inference,
        conversation=given.conversation,
        source_candidate_ids=tuple(sources) or tuple(one.candidate_id for one in members),
        details=details,
    )


def _unusable(message: str, *, chose_none: bool = False) -> ThemisError:
    code = ErrorCode.METRIC_COMPUTATION if chose_none else ErrorCode.PLUGIN_INCOMPATIBLE
    return ThemisError(message, code=code)
