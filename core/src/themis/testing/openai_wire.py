"""Bodies of chat completions and responses, as a server of the OpenAI API writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

__all__ = [
    "Answer",
    "ToolRequest",
    "chat_body",
    "chat_events",
    "json_bytes",
    "messages_of",
    "responses_body",
    "responses_events",
]

_CHUNK = 16


@attrs.frozen(slots=True, kw_only=True)
class ToolRequest:
    """A tool the simulated model asks for; `arguments` are sent as JSON, a string as it is."""

    name: str
    arguments: Mapping[str, Any] | str = attrs.field(factory=dict)
    call_id: str = "call_1"

    def text(self) -> str:
        """The arguments as they go over the wire."""
        if isinstance(self.arguments, str):
            return self.arguments
        return json_bytes(dict(self.arguments)).decode()


@attrs.frozen(slots=True, kw_only=True)
class Answer:
    """What the simulated model says, when plain text is not enough."""

    text: str | None = None
    tools: Sequence[ToolRequest] = ()
    reasoning: str | None = None
    refusal: str | None = None
    finish_reason: str | None = None
    reasoning_tokens: int = 0
    cached_tokens: int = 0

    @property
    def reason(self) -> str:
        """The finish reason, by default what the content implies."""
        return self.finish_reason or ("tool_calls" if self.tools else "stop")


def json_bytes(value: Any) -> bytes:
    """`value` as JSON in ASCII; unlike orjson it takes lone surrogates, which models do write."""
    return json.dumps(value, separators=(",", ":")).encode()


def messages_of(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The request's messages in the form of chat completions, whichever API it speaks."""
    if "messages" in body:
        return list(body["messages"])
    given = body.get("input", [])
    entries = [{"role": "user", "content": given}] if isinstance(given, str) else given
    return [_as_message(entry) for entry in entries]


def _as_message(entry: dict[str, Any]) -> dict[str, Any]:
    if entry.get("type") == "function_call_output":
        call_id, output = entry["call_id"], entry["output"]
        return {"role": "tool", "tool_call_id": call_id, "content": output}
    if entry.get("type") == "function_call":
        function = {"name": entry["name"], "arguments": entry["arguments"]}
        call = {"id": entry["call_id"], "type": "function", "function": function}
        return {"role": "assistant", "content": None, "tool_calls": [call]}
    return entry


def chat_body(answer: Answer, request: Mapping[str, Any], *, index: int) -> dict[str, Any]:
    """A whole chat completion."""
    message: dict[str, Any] = {"role": "assistant", "content": answer.text}
    message["refusal"] = answer.refusal
    if answer.reasoning is not None:
        message["reasoning_content"] = answer.reasoning
    if answer.tools:
        message["tool_calls"] = [_chat_tool(tool) for tool in answer.tools]
    choice: dict[str, Any] = {"index": 0, "message": message, "finish_reason": answer.reason}
    choice["logprobs"] = _logprobs(answer, request) if request.get("logprobs") else None
    return {
        **_chat_frame(request, index),
        "choices": [choice],
        "usage": _chat_usage(answer, request),
    }


def chat_events(answer: Answer, request: Mapping[str, Any], *, index: int) -> tuple[bytes, ...]:
    """The same completion as server-sent events, ending in `[DONE]`."""
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"reasoning_content": part} for part in _parts(answer.reasoning)]
    deltas += [{"content": part} for part in _parts(answer.text)]
    deltas += [{"refusal": part} for part in _parts(answer.refusal)]
    for position, tool in enumerate(answer.tools):
        deltas += _tool_deltas(tool, position)
    frame = {**_chat_frame(request, index), "object": "chat.completion.chunk"}
    ends: list[str | None] = [*(None for _ in deltas), answer.reason]
    choices: list[dict[str, Any]] = [
        {"index": 0, "delta": delta, "finish_reason": end}
        for delta, end in zip([*deltas, {}], ends, strict=True)
    ]
    if request.get("logprobs") and len(choices) > 1:
        choices[1]["logprobs"] = _logprobs(answer, request)
    chunks = [{**frame, "choices": [choice]} for choice in choices]
    if request.get("stream_options", {}).get("include_usage"):
        chunks.append({**frame, "choices": [], "usage": _chat_usage(answer, request)})
    return (*(b"data: " + json_bytes(chunk) + b"\n\n" for chunk in chunks), b"data: [DONE]\n\n")


def responses_body(answer: Answer, request: Mapping[str, Any], *, index: int) -> dict[str, Any]:
    """A whole response of the responses API."""
    stopped = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(answer.reason)
    return {
        "id": f"resp_{index}", "object": "response", "created_at": 1_700_000_000,
        "model": request.get("model"), "status": "incomplete" if stopped else "completed",
        "incomplete_details": {"reason": stopped} if stopped else None, "error": None,
        "instructions": None, "metadata": {}, "parallel_tool_calls": True, "tool_choice": "auto",
        "tools": [], "output": _output_items(answer, request, index),
        "usage": _responses_usage(answer, request),
    }  # fmt: skip


def responses_events(
    answer: Answer, request: Mapping[str, Any], *, index: int
) -> tuple[bytes, ...]:
    """The same response as server-sent events."""
    whole = responses_body(answer, request, index=index)
    opening = {**whole, "status": "in_progress", "output": [], "usage": None}
    events: list[dict[str, Any]] = [{"type": "response.created", "response": opening}]
    place = {"item_id": f"msg_{index}", "output_index": 0, "content_index": 0}
    delta = {"type": "response.output_text.delta", **place}
    events += [{**delta, "delta": part} for part in _parts(answer.text)]
    events.append({"type": f"response.{whole['status']}", "response": whole})
    return tuple(
        b"event: %b\ndata: %b\n\n" % (event["type"].encode(), json_bytes(event)) for event in events
    )


def _parts(text: str | None) -> list[str]:
    return [text[at : at + _CHUNK] for at in range(0, len(text), _CHUNK)] if text else []


def _chat_frame(request: Mapping[str, Any], index: int) -> dict[str, Any]:
    frame = {"id": f"chatcmpl-{index}", "object": "chat.completion", "created": 1_700_000_000}
    return {**frame, "model": request.get("model")}


def _chat_tool(tool: ToolRequest) -> dict[str, Any]:
    function = {"name": tool.name, "arguments": tool.text()}
    return {"id": tool.call_id, "type": "function", "function": function}


def _tool_deltas(tool: ToolRequest, position: int) -> list[dict[str, Any]]:
    opening = {"id": tool.call_id, "type": "function", "index": position}
    head = {**opening, "function": {"name": tool.name, "arguments": ""}}
    rest = [{"index": position, "function": {"arguments": part}} for part in _parts(tool.text())]
    return [{"tool_calls": [entry]} for entry in (head, *rest)]


def _logprobs(answer: Answer, request: Mapping[str, Any]) -> dict[str, Any]:
    return {"content": _token_logprobs(answer, request), "refusal": None}


def _token_logprobs(answer: Answer, request: Mapping[str, Any]) -> list[dict[str, Any]]:
    top = range(request.get("top_logprobs") or 0)
    return [
        {
            "token": word, "bytes": list(word.encode()), "logprob": -0.5,
            "top_logprobs": [{"token": word, "bytes": None, "logprob": -0.5 - n} for n in top],
        }
        for word in (answer.text or "").split()
    ]  # fmt: skip


def _counts(answer: Answer, request: Mapping[str, Any]) -> tuple[int, int]:
    prompt = sum(len(str(message.get("content"))) for message in messages_of(request))
    return max(1, prompt // 4), max(1, len(answer.text or "") // 4) + answer.reasoning_tokens


def _chat_usage(answer: Answer, request: Mapping[str, Any]) -> dict[str, Any]:
    prompt, completion = _counts(answer, request)
    return {
        "prompt_tokens": prompt, "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": answer.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": answer.reasoning_tokens},
    }  # fmt: skip


def _responses_usage(answer: Answer, request: Mapping[str, Any]) -> dict[str, Any]:
    prompt, completion = _counts(answer, request)
    return {
        "input_tokens": prompt, "output_tokens": completion, "total_tokens": prompt + completion,
        "input_tokens_details": {"cached_tokens": answer.cached_tokens, "cache_write_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": answer.reasoning_tokens},
    }  # fmt: skip


def _output_items(answer: Answer, request: Mapping[str, Any], index: int) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    if answer.reasoning is not None:
        summary = [{"type": "summary_text", "text": answer.reasoning}]
        items.append({"type": "reasoning", "id": f"rs_{index}", "summary": summary})
    content = _message_content(answer, request)
    if content:
        frame = {"type": "message", "id": f"msg_{index}", "status": "completed"}
        items.append({**frame, "role": "assistant", "content": content})
    for tool in answer.tools:
        call = {"name": tool.name, "arguments": tool.text(), "status": "completed"}
        frame = {"type": "function_call", "id": f"fc_{tool.call_id}", "call_id": tool.call_id}
        items.append({**frame, **call})
    return items


def _message_content(answer: Answer, request: Mapping[str, Any]) -> list[dict[str, Any]]:
    if answer.refusal is not None:
        return [{"type": "refusal", "refusal": answer.refusal}]
    if answer.text is None:
        return []
    part: dict[str, Any] = {"type": "output_text", "text": answer.text, "annotations": []}
    if "message.output_text.logprobs" in request.get("include", ()):
        part["logprobs"] = _token_logprobs(answer, request)
    return [part]
