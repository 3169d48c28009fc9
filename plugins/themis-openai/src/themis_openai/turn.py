"""One reply of a model, whichever API it came by, and what a wire format has to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import attrs

from themis.plugin import Message, TokenUsage, TraceStep, TrialSpec
from themis_openai.credentials import Credentials
from themis_openai.failures import Reporter

__all__ = ["Collector", "ToolCall", "Turn", "WireFormat", "counted", "merged", "said"]


@attrs.frozen(slots=True, kw_only=True)
class ToolCall:
    """A tool the model asks for; `arguments` is the JSON text it wrote, right or wrong."""

    call_id: str
    name: str
    arguments: str


@attrs.frozen(slots=True, kw_only=True)
class Turn:
    """What the model said. `reply` is what goes back to it, verbatim, when it is asked again.

    `text` None: the model said nothing and asked for tools. `steps` are what the server itself
    did on the way (calls to MCP servers).
    """

    text: str | None
    finish_reason: str | None
    usage: TokenUsage | None
    tool_calls: Sequence[ToolCall] = ()
    logprobs: Any = None
    reasoning: str | None = None
    reply: Sequence[Mapping[str, Any]] = ()
    steps: Sequence[TraceStep] = ()


class Collector(Protocol):
    """Gathers the events of a stream into the body it would have been without streaming."""

    @property
    def speaking(self) -> bool:
        """Whether the first token has arrived."""
        ...

    def add(self, event: Mapping[str, Any]) -> None:
        """Take one event."""
        ...

    def body(self) -> Mapping[str, Any] | None:
        """The whole body; None while the answer is incomplete."""
        ...


class WireFormat(Protocol):
    """One of the two APIs: how to ask, and how to read what comes."""

    path: str

    def check(self, trial: TrialSpec) -> str | None:
        """Why this API cannot carry `trial`; None when it can."""
        ...

    def message(self, message: Message) -> Mapping[str, Any]:
        """One message, as it is sent."""
        ...

    def tool_result(self, step: TraceStep) -> Mapping[str, Any]:
        """The result of a tool call, as it is sent."""
        ...

    def request(
        self,
        trial: TrialSpec,
        sent: Sequence[Mapping[str, Any]],
        *,
        seed: int | None,
        credentials: Credentials,
    ) -> dict[str, Any]:
        """The body of a request."""
        ...

    def read(self, body: Mapping[str, Any], reporter: Reporter) -> Turn:
        """The turn in a response's body; raises InferenceError when it has none."""
        ...

    def collector(self, reporter: Reporter) -> Collector:
        """What gathers one stream."""
        ...


def said(step: TraceStep) -> str:
    """What a tool's result tells the model: its text, or its error."""
    if isinstance(step.content, tuple):
        return Message("tool", step.content).text
    return step.content or step.error or ""


def counted(usage: Any, *, prompt: str, completion: str) -> TokenUsage | None:
    """Token counts from a `usage` object, whose fields the two APIs name differently."""
    if not isinstance(usage, dict):
        return None
    inputs = usage.get(f"{prompt}_details") or {}
    outputs = usage.get(f"{completion}_details") or {}
    return TokenUsage(
        prompt=usage.get(prompt),
        completion=usage.get(completion),
        total=usage.get("total_tokens"),
        reasoning=outputs.get("reasoning_tokens"),
        cached=inputs.get("cached_tokens"),
    )


def merged(first: TokenUsage | None, second: TokenUsage | None) -> TokenUsage | None:
    """The sum of two counts; what neither says stays unknown."""
    if first is None or second is None:
        return first or second
    return TokenUsage(
        prompt=_sum(first.prompt, second.prompt),
        completion=_sum(first.completion, second.completion),
        total=_sum(first.total, second.total),
        reasoning=_sum(first.reasoning, second.reasoning),
        cached=_sum(first.cached, second.cached),
    )


def _sum(first: int | None, second: int | None) -> int | None:
    return (first or 0) + (second or 0) if (first, second) != (None, None) else None
