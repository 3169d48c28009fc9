"""Messages, and the recorded course of a conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "ContentPart",
    "ConversationTrace",
    "Message",
    "Role",
    "StepKind",
    "TraceStep",
    "WorkflowTrace",
]

Role = Literal["system", "developer", "user", "assistant", "tool"]
StepKind = Literal["message", "tool_call", "tool_result"]


@attrs.frozen(slots=True, kw_only=True)
class ContentPart:
    """One part of a message: `text`, or an image by `image_url` (http(s) or data URL)."""

    type: Literal["text", "image"]
    text: str | None = None
    image_url: str | None = None
    detail: str | None = None


@attrs.frozen(slots=True)
class Message:
    """One rendered message, as it is sent."""

    role: Role
    content: str | tuple[ContentPart, ...]

    @property
    def text(self) -> str:
        """The text of the message; image parts are left out."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content if part.text is not None)


@attrs.frozen(slots=True, kw_only=True)
class TraceStep:
    """One recorded step: a message, a tool call (name, call_id, arguments) or its result."""

    kind: StepKind
    role: Role | None = None
    content: str | tuple[ContentPart, ...] | None = None
    name: str | None = None
    call_id: str | None = None
    arguments: Any = None
    error: str | None = None

    @classmethod
    def of_message(cls, message: Message) -> TraceStep:
        """The step that records `message`."""
        return cls(kind="message", role=message.role, content=message.content)


@attrs.frozen(slots=True)
class ConversationTrace:
    """The steps of one conversation, in order."""

    steps: tuple[TraceStep, ...] = ()

    @classmethod
    def of_messages(cls, messages: Iterable[Message]) -> ConversationTrace:
        """A trace that holds only `messages`."""
        return cls(tuple(TraceStep.of_message(message) for message in messages))

    def messages(self) -> tuple[Message, ...]:
        """The messages among the steps."""
        return tuple(
            Message(step.role, step.content)
            for step in self.steps
            if step.kind == "message" and step.role is not None and step.content is not None
        )

    def then(self, *steps: TraceStep) -> ConversationTrace:
        """This trace followed by `steps`."""
        return ConversationTrace(self.steps + steps)


WorkflowTrace = ConversationTrace
"""A trace whose steps are an agent's: its tool calls and their results among the messages."""
