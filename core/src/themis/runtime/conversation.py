"""The course of one candidate's conversation: turns, tool calls, and picking up in the middle.

A plain trial is one turn and records nothing on the way. With tools or scripted follow-ups every
step is made durable as a `steps` event, so that an interrupted agent continues after its last
recorded step and no finished tool call is made again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from themis.records import (
    ConversationTrace,
    InferenceRecord,
    InferenceResult,
    Message,
    TokenUsage,
    TraceStep,
    TrialSpec,
)
from themis.records.codec import from_plain
from themis.runtime.outcomes import as_conversation, unstorable
from themis.runtime.spoken import unusable_step
from themis.storage.recording import START_ANEW

if TYPE_CHECKING:
    from themis.runtime.recording import Recorder
    from themis.runtime.tools import ToolRunner
    from themis.runtime.work import Work
    from themis.storage import StoredEvent

__all__ = ["Conversation"]

N = TypeVar("N", int, float)


@attrs.define(slots=True)
class _Turn:
    steps: list[TraceStep] = attrs.field(factory=list)
    result: InferenceResult | None = None
    asked: tuple[Message, ...] = ()
    sent: tuple[Message, ...] = ()


class Conversation:
    """One candidate's turns. The runtime begins and finishes them; the engine adds steps."""

    def __init__(self, work: Work, recorder: Recorder, tools: ToolRunner) -> None:
        self._work = work
        self._recorder = recorder
        self._tools = tools
        self._turns: list[_Turn] = []
        self._restored: dict[int, _Turn] = {}
        self.keeps_steps = work.keeps_steps

    async def restore(self, recorded: Callable[[bytes], Sequence[StoredEvent]]) -> None:
        """Take up the steps that an interrupted run has recorded for this candidate."""
        for event in await asyncio.to_thread(recorded, self._work.candidate_key):
            payload = event.value
            if payload["turn"] == START_ANEW:
                self._restored.clear()
                continue
            turn = self._restored.setdefault(payload["turn"], _Turn())
            turn.steps.extend(from_plain(step, TraceStep) for step in payload["steps"])
            if payload.get("inference") is not None:
                inference = from_plain(payload["inference"], InferenceRecord)
                turn.result = InferenceResult(inference)

    def begin(self, number: int, trial: TrialSpec) -> TrialSpec:
        """The trial of turn `number`: the prompt, what was said so far, and the follow-up."""
        turn = self._restored.get(number, _Turn())
        turn.asked = trial.follow_ups[number - 1] if number else trial.prompt
        turn.sent = (*self.trace().messages(), *turn.asked) if number else turn.asked
        self._turns.append(turn)
        return attrs.evolve(trial, prompt=turn.sent) if number else trial

    def earlier(self) -> ConversationTrace | None:
        """Every step of the turns before the current one, tool calls and results included."""
        steps = self._steps_of(self._turns[:-1])
        return ConversationTrace(steps) if steps else None

    def finished(self, number: int) -> InferenceResult | None:
        """The result of a turn that an interrupted run had already finished."""
        return self._turns[number].result

    def recorded_now(self) -> ConversationTrace | None:
        """The current turn's steps so far, for an engine to resume from."""
        steps = self._turns[-1].steps
        return ConversationTrace(tuple(steps)) if steps else None

    async def record(self, step: TraceStep) -> None:
        """Make one step durable; a TypeError says why it cannot be, for the engine to hear of."""
        reason = unusable_step(step) or unstorable(step.arguments)
        if reason is not None:
            msg = f"the step cannot be recorded: {reason}"
            raise TypeError(msg)
        self._turns[-1].steps.append(step)
        if self.keeps_steps:
            await self._recorder.steps(self._work, len(self._turns) - 1, [step])

    async def call_tool(self, name: str, arguments: Mapping[str, Any], call_id: str) -> TraceStep:
        """Run a tool's handler and record call and result; a finished call is not made again."""
        steps = self._turns[-1].steps
        known = {(s.kind, s.call_id): s for s in steps if s.kind != "message"}
        if ("tool_result", call_id) in known:
            return known["tool_result", call_id]
        if ("tool_call", call_id) not in known:
            call = TraceStep(kind="tool_call", name=name, call_id=call_id, arguments=arguments)
            await self.record(call)
        result = await self._tools.result(name, arguments, call_id)
        await self.record(result)
        return result

    async def finish(self, number: int, result: InferenceResult) -> None:
        """Close a turn: its answer becomes a message, durable if another turn follows."""
        turn = self._turns[number]
        before = len(turn.steps)
        reported = as_conversation(result)
        if reported is not None and not turn.steps:
            turn.steps.extend(_beyond(reported.steps, turn))
        answer = result.inference.raw_text
        if answer is not None and not _says(turn.steps[-1:], answer):
            turn.steps.append(TraceStep(kind="message", role="assistant", content=answer))
        turn.result = result
        if self.keeps_steps:
            added = turn.steps[before:]
            await self._recorder.steps(self._work, number, added, inference=result.inference)

    def inference(self) -> InferenceRecord:
        """The last turn's answer, with the tokens and the time of all turns."""
        every = [turn.result.inference for turn in self._turns if turn.result is not None]
        if len(every) == 1:
            return every[0]
        return attrs.evolve(
            every[-1],
            token_usage=_total([record.token_usage for record in every]),
            latency_ms=_sum([record.latency_ms for record in every]),
        )

    def trace(self) -> ConversationTrace:
        """Everything that was said: what was sent, and what came back, in order."""
        return ConversationTrace(self._steps_of(self._turns))

    def _steps_of(self, turns: Sequence[_Turn]) -> tuple[TraceStep, ...]:
        steps: list[TraceStep] = []
        for turn in turns:
            steps.extend(TraceStep.of_message(message) for message in turn.asked)
            steps.extend(turn.steps)
        return tuple(steps)


def _says(steps: Sequence[TraceStep], answer: str) -> bool:
    """Whether the last step is the answer already, recorded by the engine."""
    return any(
        (step.kind, step.role, step.content) == ("message", "assistant", answer) for step in steps
    )


def _beyond(steps: Sequence[TraceStep], turn: _Turn) -> Sequence[TraceStep]:
    """The steps after the messages that were sent, for engines that report those too."""
    for messages in (turn.sent, turn.asked):
        known = [TraceStep.of_message(message) for message in messages]
        if list(steps[: len(known)]) == known:
            return steps[len(known) :]
    return steps


def _total(usages: Sequence[TokenUsage | None]) -> TokenUsage | None:
    """The sum, field by field, of what is known."""
    known = [usage for usage in usages if usage is not None]
    names = [field.name for field in attrs.fields(TokenUsage)]
    sums = {name: _sum([getattr(usage, name) for usage in known]) for name in names}
    return TokenUsage(**sums) if known else None


def _sum(values: Sequence[N | None]) -> N | None:
    known = [value for value in values if value is not None]
    return sum(known[1:], start=known[0]) if known else None
