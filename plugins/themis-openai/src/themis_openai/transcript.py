"""What has been said so far, in the form it is sent: made from the prompt and recorded steps.

An assistant's step that asks for tools carries in `arguments` all that is needed to go on later:
`reply` (what is sent back to the model, verbatim), `tool_calls` (id, the id it is recorded under,
name, arguments), `usage` and `latency_ms`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from themis.plugin import ConversationTrace, InferenceRuntime, Message, TokenUsage, TraceStep
from themis_openai.turn import ToolCall, Turn, WireFormat, merged

__all__ = ["PendingCall", "Transcript"]


@attrs.frozen(slots=True)
class PendingCall:
    """A tool call without a result yet; `key` is what it is recorded under."""

    call: ToolCall
    key: str


class Transcript:
    """One turn of a conversation: `sent` is the wire's form of all, `steps` the turn's record.

    `rounds`, `usage` and `latency_ms` count this turn alone; `sent` begins with the turns before.
    """

    def __init__(
        self, prompt: Sequence[Message], runtime: InferenceRuntime, wire: WireFormat
    ) -> None:
        self._wire = wire
        self._prompt = prompt
        self._wire_ids: dict[str, str] = {}
        self.sent: list[Mapping[str, Any]] = []
        self._begin()
        earlier = runtime.earlier or ConversationTrace()
        for step in earlier.steps:
            self._take(step)
        self.sent += [wire.message(message) for message in prompt[len(earlier.messages()) :]]
        self._begin()
        for step in runtime.resume_from.steps if runtime.resume_from is not None else ():
            self._take(step)

    def _begin(self) -> None:
        self._called: set[str] = set()
        self.steps: list[TraceStep] = []
        self.pending: list[PendingCall] = []
        self.rounds = 0
        self.usage: TokenUsage | None = None
        self.latency_ms = 0.0

    @property
    def trace(self) -> ConversationTrace:
        """The prompt and every step since."""
        return ConversationTrace.of_messages(self._prompt).then(*self.steps)

    async def ask_for_tools(self, turn: Turn, latency_ms: float, runtime: InferenceRuntime) -> None:
        """Record that the model asked for tools; its calls are pending from here on."""
        usage = None if turn.usage is None else attrs.asdict(turn.usage)
        state = {
            "reply": list(turn.reply),
            "tool_calls": [self._entry(call) for call in turn.tool_calls],
            "usage": usage,
            "latency_ms": latency_ms,
        }
        step = TraceStep(kind="message", role="assistant", content=turn.text, arguments=state)
        await self.record([*turn.steps, step], runtime)

    async def record(self, steps: Sequence[TraceStep], runtime: InferenceRuntime) -> None:
        """Make steps durable, and go on from them."""
        for step in steps:
            await runtime.record(step)
            self._take(step)

    def take_result(
        self, pending: PendingCall, arguments: Mapping[str, Any], result: TraceStep
    ) -> None:
        """Go on from a call and its result, both of which the runtime has recorded."""
        name, key = pending.call.name, pending.key
        self._take(TraceStep(kind="tool_call", name=name, call_id=key, arguments=arguments))
        self._take(attrs.evolve(result, call_id=key))

    def _take(self, step: TraceStep) -> None:
        if step.kind == "tool_call" and step.call_id in self._called:
            return  # an interrupted call, made again
        if step.kind == "tool_call" and step.call_id is not None:
            self._called.add(step.call_id)
        self.steps.append(step)
        if step.kind == "message" and isinstance(step.arguments, Mapping):
            self._asked(step.arguments)
        elif step.kind == "message" and step.role is not None and step.content is not None:
            self.sent.append(self._wire.message(Message(step.role, step.content)))
        elif step.kind == "tool_result" and step.call_id in self._wire_ids:
            self._answered(step, step.call_id)

    def _asked(self, state: Mapping[str, Any]) -> None:
        self.sent.extend(state["reply"])
        self.rounds += 1
        self.latency_ms += state["latency_ms"]
        if state["usage"] is not None:
            self.usage = merged(self.usage, TokenUsage(**state["usage"]))
        for entry in state["tool_calls"]:
            call = ToolCall(call_id=entry["id"], name=entry["name"], arguments=entry["arguments"])
            self._wire_ids[entry["key"]] = call.call_id
            self.pending.append(PendingCall(call, entry["key"]))

    def _answered(self, step: TraceStep, key: str) -> None:
        before = len(self.pending)
        self.pending = [pending for pending in self.pending if pending.key != key]
        if len(self.pending) < before:
            wire_step = attrs.evolve(step, call_id=self._wire_ids[key])
            self.sent.append(self._wire.tool_result(wire_step))

    def _entry(self, call: ToolCall) -> dict[str, str]:
        """A call with the key of its record: some servers use the same ids in every round."""
        known = call.call_id in self._wire_ids
        key = f"{call.call_id}#{self.rounds}" if known else call.call_id
        return {"id": call.call_id, "key": key, "name": call.name, "arguments": call.arguments}
