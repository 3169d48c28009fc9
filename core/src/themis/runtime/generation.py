"""Generates one candidate: renders, calls the engine turn by turn, and times it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import attrs

from themis.errors import ErrorCode, ItemError
from themis.plugin import InferenceRuntime
from themis.records import (
    CandidateRecord,
    ConversationTrace,
    FailureRecord,
    InferenceRecord,
    InferenceResult,
    Message,
    StageName,
    TimelineStage,
    TrialSpec,
)
from themis.records.secrets import redact
from themis.runtime.conversation import Conversation
from themis.runtime.hooks import HookError, Hooks
from themis.runtime.outcomes import as_inference
from themis.runtime.rendering import as_sent
from themis.runtime.tools import ToolRunner

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from themis.runtime.calls import ComponentCalls
    from themis.runtime.context import RuntimeContext
    from themis.runtime.limits import CallOutcome
    from themis.runtime.recording import Recorder
    from themis.runtime.work import Work
    from themis.storage import StoredEvent

__all__ = ["Generated", "Generator"]


@attrs.frozen(slots=True)
class Generated:
    """A candidate (or its failure), the trial as it was sent, and when it happened."""

    candidate: CandidateRecord
    trial: TrialSpec
    timeline: tuple[TimelineStage, ...]


class _StageError(Exception):
    """Carries a failure out of the stage in which it happened."""

    def __init__(self, failure: FailureRecord) -> None:
        super().__init__(failure.message)
        self.failure = failure


@attrs.define(slots=True)
class _Clock:
    """The time that the engine's calls took, without what they waited for their turn."""

    started: float = attrs.field(factory=time.time)
    seconds: float = 0.0
    called: bool = False

    def add(self, outcome: CallOutcome) -> None:
        if not self.called:
            self.started, self.called = outcome.started_at, True
        self.seconds += outcome.seconds

    def stage(self, work: Work, failure: FailureRecord | None) -> TimelineStage:
        return TimelineStage.timed(
            failure.stage if failure else "generate",
            work.arm.engine.name if work.arm.engine else "import",
            start=self.started,
            seconds=self.seconds,
            error=failure.message if failure else None,
        )


class Generator:
    """Makes candidates. Every failure is the candidate's recorded outcome."""

    def __init__(
        self,
        *,
        calls: ComponentCalls,
        hooks: Hooks,
        recorder: Recorder,
        context: RuntimeContext,
        recorded_steps: Callable[[bytes], Sequence[StoredEvent]],
        rerenders: bool,
    ) -> None:
        self._calls = calls
        self._hooks = hooks
        self._recorder = recorder
        self._context = context
        self._recorded_steps = recorded_steps
        self._rerenders = rerenders

    async def generate(self, work: Work) -> Generated:
        """The candidate of `work`."""
        clock = _Clock()
        trial: TrialSpec | None = None
        failure: FailureRecord | None = None
        try:
            _check(work)
            trial = await self._rendered(work)
            inference, conversation = await self._converse(work, trial, clock)
            candidate = CandidateRecord(
                candidate_id=work.candidate_key.hex(),
                sample_index=work.sample,
                effective_seed=work.seed,
                inference=inference,
                conversation=conversation,
            )
        except _StageError as error:
            failure = self._without_secrets(error.failure)
            candidate = CandidateRecord(
                candidate_id=work.candidate_key.hex(),
                sample_index=work.sample,
                effective_seed=work.seed,
                status="error",
                failure=failure,
            )
        return Generated(candidate, trial or work.trial_spec(), (clock.stage(work, failure),))

    def _without_secrets(self, failure: FailureRecord) -> FailureRecord:
        """An engine's error may quote the key that was refused."""
        message = redact(failure.message)
        for name, secret in self._context.secrets.items():
            if secret:
                message = message.replace(secret, f"<{name}>")
        message = self._context.masks.text(message)
        return failure if message == failure.message else attrs.evolve(failure, message=message)

    async def trial_of(self, work: Work, candidate: CandidateRecord) -> TrialSpec:
        """The trial of a stored candidate, as components saw it when the candidate was made.

        The prompt is rendered again, unless a hook that is not idempotent had a hand in it: then
        the recorded messages stand for it.
        """
        said = candidate.conversation or ConversationTrace()
        if not self._rerenders and said.steps:
            return work.trial_spec(_sent(said))
        try:
            return await self._rendered(work)
        except _StageError:  # an imported candidate need not have a prompt that can be rendered
            return work.trial_spec(said.messages())

    async def _rendered(self, work: Work) -> TrialSpec:
        """The trial with its prompt, as the hooks leave it."""
        try:
            return await as_sent(work.trial_spec, work.arm, work.payload_item, self._hooks)
        except ItemError as error:
            raise _StageError(_failure(error.code, error.message, "render")) from error
        except HookError as error:
            raise _StageError(_failure(error.code, error.message)) from error

    async def _converse(
        self, work: Work, trial: TrialSpec, clock: _Clock
    ) -> tuple[InferenceRecord, ConversationTrace]:
        """All turns: the prompt, then each scripted follow-up with what was said before it."""
        conversation = Conversation(work, self._recorder, self._tools(work))
        if conversation.keeps_steps:
            await conversation.restore(self._recorded_steps)
        for turn in range(len(trial.follow_ups) + 1):
            asked = conversation.begin(turn, trial)
            if conversation.finished(turn) is None:
                result = await self._turn(work, asked, conversation, clock)
                await conversation.finish(turn, result)
        return conversation.inference(), conversation.trace()

    def _tools(self, work: Work) -> ToolRunner:
        """The slice's own handlers; those given to the run win."""
        handlers = {**work.slice_plan.tool_handlers, **self._context.tool_handlers}
        return ToolRunner(handlers, self._calls.in_thread, self._context.masks)

    async def _turn(
        self, work: Work, trial: TrialSpec, conversation: Conversation, clock: _Clock
    ) -> InferenceResult:
        engine = work.arm.engine
        assert engine is not None
        outcome = await self._calls.infer(
            engine,
            trial,
            work.payload_item.own_fields,
            lambda: self._runtime(work, conversation),
            stage="generate",
        )
        clock.add(outcome)
        failure = outcome.failure("generate")
        if failure is not None:
            raise _StageError(failure)
        try:
            result = as_inference(outcome.value, engine=engine.name)
        except TypeError as error:
            raise _StageError(_failure(ErrorCode.PLUGIN_INCOMPATIBLE, str(error))) from error
        return await self._after(trial, result)

    def _runtime(self, work: Work, conversation: Conversation) -> InferenceRuntime:
        """One attempt's surroundings: it resumes from every step recorded before it."""
        return InferenceRuntime(
            candidate_id=work.candidate_key.hex(),
            sample_index=work.sample,
            seed=work.seed,
            timeout_seconds=self._calls.deadline("generate"),
            secrets=self._context.secrets,
            earlier=conversation.earlier(),
            resume_from=conversation.recorded_now(),
            record=conversation.record,
            call_tool=conversation.call_tool,
        )

    async def _after(self, trial: TrialSpec, result: InferenceResult) -> InferenceResult:
        if not self._hooks.post_inference:
            return result
        try:
            return await self._hooks.apply("post_inference", trial, result)
        except HookError as error:
            raise _StageError(_failure(error.code, error.message)) from error


def _check(work: Work) -> None:
    """Refuse what cannot be generated."""
    if work.arm.engine is None:
        raise _StageError(_not_imported(work))
    if work.payload_item.failure is not None:
        raise _StageError(_failure(ErrorCode.ITEM_LOAD, work.payload_item.failure, "load"))


def _failure(code: ErrorCode, message: str, stage: StageName = "generate") -> FailureRecord:
    return FailureRecord(code=code, message=message, stage=stage)


def _not_imported(work: Work) -> FailureRecord:
    message = (
        f"slice {work.slice_plan.spec.slice_id!r} has no generation stage and no candidate was "
        f"imported for item {work.payload_item.item_id!r}; pass one to import_candidates()"
    )
    return _failure(ErrorCode.ITEM_LOAD, message, "load")


def _sent(said: ConversationTrace) -> tuple[Message, ...]:
    """The recorded messages before the first answer."""
    messages = said.messages()
    for position, message in enumerate(messages):
        if message.role == "assistant" and position and messages[position - 1].role == "user":
            return messages[:position]
    return messages
