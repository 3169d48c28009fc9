"""Chunks of a streamed chat completion, put together to the completion they are parts of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from themis_openai.failures import Reporter

__all__ = ["ChatCollector"]

_TEXTS = ("content", "refusal", "reasoning_content", "reasoning")


class ChatCollector:
    """Gathers the chunks of one stream; only the first choice is read."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._texts: dict[str, list[str]] = {}
        self._tools: dict[int, dict[str, Any]] = {}
        self._logprobs: list[Any] = []
        self._finish_reason: str | None = None
        self._usage: Mapping[str, Any] | None = None

    @property
    def speaking(self) -> bool:
        """Whether the first token (of text, reasoning or a tool call) has arrived."""
        return bool(self._texts or self._tools)

    def add(self, event: Mapping[str, Any]) -> None:
        """Take one chunk."""
        if isinstance(event.get("error"), dict):
            raise self._reporter.body_error(event["error"])
        if event.get("usage"):
            self._usage = event["usage"]
        for choice in event.get("choices") or ():
            if choice.get("index", 0) == 0:
                self._choice(choice)

    def body(self) -> Mapping[str, Any] | None:
        """The whole completion; None when no chunk said that it was finished."""
        if self._finish_reason is None:
            return None
        message: dict[str, Any] = {"role": "assistant", "content": None}
        message |= {name: _joined(parts) for name, parts in self._texts.items()}
        if self._tools:
            message["tool_calls"] = [self._tools[index] for index in sorted(self._tools)]
        elif message["content"] is None:
            message["content"] = ""
        choice: dict[str, Any] = {"message": message, "finish_reason": self._finish_reason}
        choice["logprobs"] = {"content": self._logprobs} if self._logprobs else None
        return {"choices": [choice], "usage": self._usage}

    def _choice(self, choice: Mapping[str, Any]) -> None:
        delta = choice.get("delta") or {}
        for name in _TEXTS:
            if delta.get(name):
                self._texts.setdefault(name, []).append(delta[name])
        for part in delta.get("tool_calls") or ():
            self._tool(part)
        logprobs = choice.get("logprobs")
        if logprobs:
            self._logprobs += logprobs.get("content") or ()
        self._finish_reason = choice.get("finish_reason") or self._finish_reason

    def _tool(self, part: Mapping[str, Any]) -> None:
        """Add a piece of a tool call; its first piece has id and name, the rest only arguments."""
        function = part.get("function") or {}
        call = self._tools.setdefault(
            self._index(part),
            {"id": None, "type": "function", "function": {"name": "", "arguments": ""}},
        )
        call["id"] = part.get("id") or call["id"]
        call["function"]["name"] += function.get("name") or ""
        call["function"]["arguments"] += function.get("arguments") or ""

    def _index(self, part: Mapping[str, Any]) -> int:
        """Which call a piece belongs to; some servers leave the index out."""
        index = part.get("index")
        if isinstance(index, int):
            return index
        last = len(self._tools) - 1
        fresh = part.get("id") and (last < 0 or part["id"] != self._tools[last]["id"])
        return last + 1 if fresh else max(last, 0)


def _joined(parts: list[str]) -> str:
    """The whole text; a character that was cut into two surrogates is one again."""
    text = "".join(parts)
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
