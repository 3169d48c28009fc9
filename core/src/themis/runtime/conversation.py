"""The course of one candidate's conversation: turns, tool calls, and picking up in the middle.

A plain trial is one turn and records nothing on the way. With tools or scripted follow-ups every
step is made durable as a `steps` event, so that an interrupted agent continues after its last
recorded step and no finished tool call is made again.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from themis.plugin import ToolHandler
from themis.records import (
    ConversationTrace,
    InferenceRecord,
    InferenceResult,
    Message,
    TraceStep,
    TrialSpec,
)
from themis.records.codec import from_plain
from themis.runtime.outcomes import as_conversation

if TYPE_CHECKING:
    from themis.runtime.recording import Recorder
    from themis.runtime.work import Work
    from themis.storage import StoredEvent

__all__ = ["Conversation"]


@attrs.define(slots=True)
class _Turn:
    steps: list[TraceStep] = attrs.field(factory=list)
    result: InferenceResult | None = None
    asked: tuple[Message, ...] = ()


class Conversation:
    """One candidate's turns. The runtime begins and finishes them; the engine adds steps."""

    def __init__(self, work: Work, recorder: Recorder, handlers: Mapping[str, ToolHandler]) -> None:
        self._work = work
        self._recorder = recorder
        self._handlers = handlers
        self._turns: list[_Turn] = []
        self._restored: dict[int, _Turn] = {}
        generation = work.slice_plan.spec.generation
        self.keeps_steps = generation is not None and bool(
            generation.tools or generation.mcp_servers or generation.follow_ups
        )

    async def restore(self, recorded: Callable[[bytes], Sequence[StoredEvent]]) -> None:
        """Take up the steps that an interrupted run has recorded for this candidate."""
        for event in await asyncio.to_thread(recorded, self._work.candidate_key):
            payload = event.value
            turn = self._restored.setdefault(payload["turn"], _Turn())
            turn.steps.extend(from_plain(step, TraceStep) for step in payload["steps"])
            if payload.get("inference") is not None:
                inference = from_plain(payload["inference"], InferenceRecord)
                turn.result = InferenceResult(inference)

    def begin(self, number: int, trial: TrialSpec) -> TrialSpec:
        """The trial of turn `number`: the prompt, what was said so far, and the follow-up."""
        turn = self._restored.get(number, _Turn())
        if number == 0:
            turn.asked = trial.prompt
        else:
            turn.asked = trial.follow_ups[number - 1]
        said: list[Message] = []
        for earlier in self._turns:
            said.extend(earlier.asked)
            said.extend(m for m in ConversationTrace(tuple(earlier.steps)).messages())
        self._turns.append(turn)
        return attrs.evolve(trial, prompt=(*said, *turn.asked)) if said else trial

    def finished(self, number: int) -> InferenceResult | None:
        """The result of a turn that an interrupted run had already finished."""
        return self._turns[number].result

    def recorded_now(self) -> ConversationTrace | None:
        """The current turn's steps so far, for an engine to resume from."""
        steps = self._turns[-1].steps
        return ConversationTrace(tuple(steps)) if steps else None

    async def record(self, step: TraceStep) -> None:
        """Make one step durable."""
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
        result = await self._tool_result(name, arguments, call_id)
        await self.record(result)
        return result

    async def _tool_result(
        self, name: str, arguments: Mapping[str, Any], call_id: str
    ) -> TraceStep:
        handler = self._handlers.get(name)
        content, error = "", None
        if handler is None:
            known = ", ".join(sorted(self._handlers)) or "none"
            error = f"no handler for tool {name!r}; handlers given: {known}"
        else:
            try:
                value = handler(**arguments)
                value = await value if inspect.isawaitable(value) else value
                content = value if isinstance(value, str) else str(value)
            except Exception as raised:  # noqa: BLE001 (the model is told, and it is recorded)
                error = f"tool {name!r} raised {type(raised).__name__}: {raised}"
        return TraceStep(
            kind="tool_result", name=name, call_id=call_id, content=content or error, error=error
        )

    async def finish(self, number: int, result: InferenceResult) -> None:
        """Close a turn: its answer becomes a message, durable if another turn follows."""
        turn = self._turns[number]
        reported = as_conversation(result)
        if reported is not None and not turn.steps:
            turn.steps.extend(_beyond(reported.steps, turn.asked))
        answer = result.inference.raw_text
        last = turn.steps[-1] if turn.steps else None
        if answer is not None and (last is None or last.content != answer):
            turn.steps.append(TraceStep(kind="message", role="assistant", content=answer))
        turn.result = result
        if self.keeps_steps:
            answer_steps = turn.steps[-1:] if turn.steps and turn.steps[-1] is not last else []
            await self._recorder.steps(self._work, number, answer_steps, inference=result.inference)

    def trace(self) -> ConversationTrace:
        """Everything that was said: what was sent, and what came back, in order."""
        steps: list[TraceStep] = []
        for turn in self._turns:
            steps.extend(TraceStep.of_message(message) for message in turn.asked)
            steps.extend(turn.steps)
        return ConversationTrace(tuple(steps))


def _beyond(steps: Sequence[TraceStep], asked: Sequence[Message]) -> Sequence[TraceStep]:
    """The steps after the messages that were sent, for engines that report those too."""
    sent = [TraceStep.of_message(message) for message in asked]
    return steps[len(sent) :] if list(steps[: len(sent)]) == sent else steps
