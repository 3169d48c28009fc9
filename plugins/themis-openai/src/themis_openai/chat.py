"""The wire format of chat completions: how to ask, and how to read a reply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from themis.plugin import ContentPart, Message, TraceStep, TrialSpec
from themis_openai.chat_stream import ChatCollector
from themis_openai.config import OpenAIConfig
from themis_openai.parameters import json_schema, with_extras
from themis_openai.turn import ToolCall, Turn, counted, said

if TYPE_CHECKING:
    from themis.specs import InferenceParamsSpec, ToolSpec
    from themis_openai.credentials import Credentials
    from themis_openai.failures import Reporter

__all__ = ["ChatFormat"]

_SILENT_ENDS = frozenset({"length", "content_filter"})  # an answer may then be empty


class ChatFormat:
    """`POST /chat/completions`."""

    path = "/chat/completions"

    def __init__(self, config: OpenAIConfig) -> None:
        self._config = config
        self._tokens_field = config.tokens_field

    def check(self, trial: TrialSpec) -> str | None:
        """Why this API cannot carry `trial`; None when it can."""
        if trial.mcp_servers:
            return "was not asked: chat completions know no MCP servers; set api = 'responses'"
        return None

    def message(self, message: Message) -> Mapping[str, Any]:
        """One message, its images as URLs."""
        if isinstance(message.content, str):
            return {"role": message.role, "content": message.content}
        return {"role": message.role, "content": [_part(part) for part in message.content]}

    def tool_result(self, step: TraceStep) -> Mapping[str, Any]:
        """A tool's result, as a message."""
        return {"role": "tool", "tool_call_id": step.call_id, "content": said(step)}

    def request(
        self,
        trial: TrialSpec,
        sent: Sequence[Mapping[str, Any]],
        *,
        seed: int | None,
        credentials: Credentials,  # noqa: ARG002 (only the responses API sends some in a body)
    ) -> dict[str, Any]:
        """The body of a request."""
        body: dict[str, Any] = {"model": trial.model.model_id, "messages": sent}
        self._set_parameters(body, trial.params)
        if seed is not None:
            body["seed"] = seed
        if trial.tools:
            body["tools"] = [_function(tool) for tool in trial.tools]
        if self._config.stream:
            body["stream"] = True
            body["stream_options"] = {"include_usage": True}
        return with_extras(body, self._config, trial.params)

    def _set_parameters(self, body: dict[str, Any], params: InferenceParamsSpec) -> None:
        body["temperature"] = params.temperature
        body[self._tokens_field] = params.max_tokens
        if params.top_p is not None:
            body["top_p"] = params.top_p
        if params.top_k is not None:  # not OpenAI's, but that of most servers which speak its API
            body["top_k"] = params.top_k
        if params.stop_sequences:
            body["stop"] = params.stop_sequences
        if params.logprobs is not None:
            body["logprobs"] = True
            if params.logprobs:
                body["top_logprobs"] = params.logprobs
        schema = json_schema(params)
        if schema is not None:
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif params.response_format == "json":
            body["response_format"] = {"type": "json_object"}

    def read(self, body: Mapping[str, Any], reporter: Reporter) -> Turn:
        """The first choice as a turn."""
        choice = _first_choice(body, reporter)
        message = choice["message"]
        calls = _tool_calls(message, reporter)
        text, finish_reason = _said(choice, message)
        if text is None and not calls:
            raise reporter.wrong_shape("content (choices[0].message.content is null)")
        logprobs = choice.get("logprobs")
        return Turn(
            text=text,
            finish_reason=finish_reason,
            usage=counted(
                body.get("usage"), prompt="prompt_tokens", completion="completion_tokens"
            ),
            tool_calls=calls,
            logprobs=logprobs.get("content") if isinstance(logprobs, dict) else logprobs,
            reasoning=_reasoning(message),
            reply=[{name: value for name, value in message.items() if value is not None}],
        )

    def collector(self, reporter: Reporter) -> ChatCollector:
        """What gathers one stream."""
        return ChatCollector(reporter)


def _function(tool: ToolSpec) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}


def _part(part: ContentPart) -> dict[str, Any]:
    if part.type == "text":
        return {"type": "text", "text": part.text or ""}
    image: dict[str, Any] = {"url": part.image_url}
    if part.detail is not None:
        image["detail"] = part.detail
    return {"type": "image_url", "image_url": image}


def _first_choice(body: Mapping[str, Any], reporter: Reporter) -> Mapping[str, Any]:
    choices = body.get("choices")
    if not choices or not isinstance(choices, list):
        if isinstance(body.get("error"), dict):
            raise reporter.body_error(body["error"])
        raise reporter.wrong_shape("choices")
    choice = choices[0]
    if not isinstance(choice, dict) or not isinstance(choice.get("message"), dict):
        raise reporter.wrong_shape("choices[0].message")
    return choice


def _said(choice: Mapping[str, Any], message: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The text and the reason for its end; a refusal is both, and a cut answer may be empty."""
    text, finish_reason = message.get("content"), choice.get("finish_reason")
    if isinstance(text, list):  # some servers answer in parts
        text = "".join(part.get("text", "") for part in text)
    if not text and message.get("refusal"):
        return message["refusal"], "refusal"
    if text is None and (finish_reason in _SILENT_ENDS or _reasoning(message)):
        text = None if message.get("tool_calls") else ""
    return text, finish_reason


def _reasoning(message: Mapping[str, Any]) -> str | None:
    """The thoughts before the answer, in whichever field the server puts them."""
    found = message.get("reasoning_content") or message.get("reasoning")
    return found if isinstance(found, str) else None


def _tool_calls(message: Mapping[str, Any], reporter: Reporter) -> Sequence[ToolCall]:
    calls = message.get("tool_calls")
    if not calls:
        return ()
    try:
        return [
            ToolCall(
                call_id=_required(call["id"]),
                name=_required(call["function"]["name"]),
                arguments=call["function"].get("arguments") or "",
            )
            for call in calls
        ]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise reporter.wrong_shape("a usable tool call (id, function.name)") from error


def _required(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError
    return value
