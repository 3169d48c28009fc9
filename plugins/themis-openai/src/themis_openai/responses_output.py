"""The output items of the responses API, whole or streamed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from themis.plugin import InferenceError, TraceStep
from themis_openai.turn import ToolCall

if TYPE_CHECKING:
    from themis_openai.failures import Reporter

__all__ = ["OutputItems", "ResponsesCollector", "read_items"]

_ENDS = frozenset({"response.completed", "response.incomplete", "response.failed"})


@attrs.define(slots=True)
class OutputItems:
    """What the items of one response say. `text` None: there was no message among them."""

    text: str | None = None
    refused: bool = False
    logprobs: list[Any] | None = None
    reasoning: str | None = None
    tool_calls: list[ToolCall] = attrs.field(factory=list)
    steps: list[TraceStep] = attrs.field(factory=list)
    reply: list[Mapping[str, Any]] = attrs.field(factory=list)

    def add_message(self, item: Mapping[str, Any]) -> None:
        """A message: its text, or its refusal."""
        text = ""
        for part in item["content"]:
            if part["type"] == "refusal":
                self.refused = True
            text += part.get("text") or part.get("refusal") or ""
            if part.get("logprobs"):
                self.logprobs = [*(self.logprobs or ()), *part["logprobs"]]
        self.text = text if self.text is None else f"{self.text}\n{text}"
        self.reply.append({"role": "assistant", "content": text})

    def add_reasoning(self, item: Mapping[str, Any]) -> None:
        """Reasoning: sent back only when it is encrypted, for nothing is kept at the provider."""
        parts = [*(item.get("summary") or ()), *(item.get("content") or ())]
        text = "\n".join(part["text"] for part in parts)
        if text:
            self.reasoning = f"{self.reasoning}\n{text}" if self.reasoning else text
        if item.get("encrypted_content"):
            self.reply.append(item)

    def add_function_call(self, item: Mapping[str, Any]) -> None:
        """A tool that is to be called here. Its id names a kept item, so it is not sent back."""
        call = ToolCall(call_id=item["call_id"], name=item["name"], arguments=item["arguments"])
        self.tool_calls.append(call)
        self.reply.append({name: value for name, value in item.items() if name != "id"})

    def add_mcp_call(self, item: Mapping[str, Any]) -> None:
        """A tool that the provider called at an MCP server."""
        name, call_id = f"{item['server_label']}.{item['name']}", item["id"]
        error = item.get("error")
        self.steps += [
            TraceStep(kind="tool_call", name=name, call_id=call_id, arguments=item["arguments"]),
            TraceStep(
                kind="tool_result",
                name=name,
                call_id=call_id,
                content=item.get("output") or "",
                error=None if error is None else str(error),
            ),
        ]
        self.reply.append(item)


def read_items(items: Sequence[Mapping[str, Any]], reporter: Reporter) -> OutputItems:
    """What `items` say; items of unknown types are passed over."""
    found = OutputItems()
    for item in items:
        kind = item["type"]
        if kind == "message":
            found.add_message(item)
        elif kind == "reasoning":
            found.add_reasoning(item)
        elif kind == "function_call":
            found.add_function_call(item)
        elif kind == "mcp_call":
            found.add_mcp_call(item)
        elif kind == "mcp_approval_request":
            raise _unapproved(item, reporter)
    return found


class ResponsesCollector:
    """Waits for the event that carries the whole response; notes when the first token came."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._body: Mapping[str, Any] | None = None
        self.speaking = False

    def add(self, event: Mapping[str, Any]) -> None:
        """Take one event."""
        kind = event.get("type", "")
        if kind in _ENDS:
            self._body = event["response"]
        elif kind == "error" or "error" in event:
            error = event.get("error")
            raise self._reporter.body_error(error if isinstance(error, dict) else event)
        elif kind.endswith(".delta"):
            self.speaking = True

    def body(self) -> Mapping[str, Any] | None:
        """The whole response; None while it is under way."""
        return self._body


def _unapproved(item: Mapping[str, Any], reporter: Reporter) -> InferenceError:
    return reporter.refused_here(
        f"asks for approval to call {item.get('name')!r} at the MCP server "
        f"{item.get('server_label')!r}, and nobody can give it in a run; "
        "set require_approval = 'never'"
    )
