"""The wire format of the responses API: how to ask, and how to read a reply.

Nothing is kept at the provider (`store` is false): each request carries the whole conversation,
so that an interrupted one continues from what was recorded here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from themis.plugin import ContentPart, Message, TraceStep, TrialSpec
from themis_openai.config import OpenAIConfig
from themis_openai.failures import FILTERED_CODES
from themis_openai.parameters import json_schema, with_extras
from themis_openai.responses_output import ResponsesCollector, read_items
from themis_openai.turn import Turn, counted, said

if TYPE_CHECKING:
    from themis.specs import InferenceParamsSpec, McpServerSpec, ToolSpec
    from themis_openai.credentials import Credentials
    from themis_openai.failures import Reporter

__all__ = ["ResponsesFormat"]

_UNFINISHED = {"max_output_tokens": "length", "content_filter": "content_filter"}
_LOGPROBS = "message.output_text.logprobs"


class ResponsesFormat:
    """`POST /responses`."""

    path = "/responses"

    def __init__(self, config: OpenAIConfig) -> None:
        self._config = config

    def check(self, trial: TrialSpec) -> str | None:
        """Why this API cannot carry `trial`; None when it can."""
        if trial.params.stop_sequences:
            return "was not asked: the responses API knows no stop sequences; set api = 'chat'"
        return None

    def message(self, message: Message) -> Mapping[str, Any]:
        """One message; only those of a user carry images."""
        if isinstance(message.content, str) or message.role == "assistant":
            return {"role": message.role, "content": message.text}
        return {"role": message.role, "content": [_part(part) for part in message.content]}

    def tool_result(self, step: TraceStep) -> Mapping[str, Any]:
        """A tool's result, as an input item."""
        return {"type": "function_call_output", "call_id": step.call_id, "output": said(step)}

    def request(
        self,
        trial: TrialSpec,
        sent: Sequence[Mapping[str, Any]],
        *,
        seed: int | None,  # noqa: ARG002 (this API has none)
        credentials: Credentials,
    ) -> dict[str, Any]:
        """The body of a request."""
        body: dict[str, Any] = {"model": trial.model.model_id, "input": sent, "store": False}
        self._set_parameters(body, trial.params)
        tools = [_function(tool) for tool in trial.tools]
        tools += [_mcp(server, credentials) for server in trial.mcp_servers]
        if tools:
            body["tools"] = tools
        if self._config.stream:
            body["stream"] = True
        return with_extras(body, self._config, trial.params)

    def _set_parameters(self, body: dict[str, Any], params: InferenceParamsSpec) -> None:
        body["temperature"] = params.temperature
        body["max_output_tokens"] = params.max_tokens
        if params.top_p is not None:
            body["top_p"] = params.top_p
        if params.top_k is not None:
            body["top_k"] = params.top_k
        if params.logprobs is not None:
            body["include"] = [_LOGPROBS]
            if params.logprobs:
                body["top_logprobs"] = params.logprobs
        schema = json_schema(params)
        if schema is not None:
            body["text"] = {"format": {"type": "json_schema", **schema}}
        elif params.response_format == "json":
            body["text"] = {"format": {"type": "json_object"}}

    def read(self, body: Mapping[str, Any], reporter: Reporter) -> Turn:
        """The response's output as a turn."""
        items = body.get("output")
        if body.get("status") == "failed" or (items is None and body.get("error")):
            return self._failed(body, reporter)
        if not isinstance(items, list):
            raise reporter.wrong_shape("output")
        found = read_items(items, reporter)
        finish_reason = self._finish_reason(body, reporter)
        if found.tool_calls and finish_reason == "stop":
            finish_reason = "tool_calls"
        text = found.text
        if text is None and not found.tool_calls:
            if finish_reason == "stop" and not found.reasoning:
                raise reporter.wrong_shape("a message (output has none)")
            text = ""
        return Turn(
            text=text,
            finish_reason="refusal" if found.refused else finish_reason,
            usage=_usage(body),
            tool_calls=found.tool_calls,
            logprobs=found.logprobs,
            reasoning=found.reasoning,
            reply=found.reply,
            steps=found.steps,
        )

    def collector(self, reporter: Reporter) -> ResponsesCollector:
        """What gathers one stream."""
        return ResponsesCollector(reporter)

    def _failed(self, body: Mapping[str, Any], reporter: Reporter) -> Turn:
        error = body.get("error") or {}
        if error.get("code") in FILTERED_CODES:
            return Turn(text="", finish_reason="content_filter", usage=_usage(body))
        raise reporter.body_error(error)

    def _finish_reason(self, body: Mapping[str, Any], reporter: Reporter) -> str:
        status = body.get("status", "completed")
        if status == "completed":
            return "stop"
        if status == "incomplete":
            reason: str = (body.get("incomplete_details") or {}).get("reason", "incomplete")
            return _UNFINISHED.get(reason, reason)
        raise reporter.wrong_shape(f"a finished response (its status is {status!r})")


def _usage(body: Mapping[str, Any]) -> Any:
    return counted(body.get("usage"), prompt="input_tokens", completion="output_tokens")


def _part(part: ContentPart) -> dict[str, Any]:
    if part.type == "text":
        return {"type": "input_text", "text": part.text or ""}
    return {"type": "input_image", "image_url": part.image_url, "detail": part.detail or "auto"}


def _function(tool: ToolSpec) -> dict[str, Any]:
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
        "strict": False,
    }


def _mcp(server: McpServerSpec, credentials: Credentials) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "type": "mcp",
        "server_label": server.label,
        "require_approval": server.require_approval,
    }
    if server.server_url is not None:
        entry["server_url"] = server.server_url
    else:
        entry["connector_id"] = server.connector_id
    if server.headers:
        entry |= _mcp_credentials(credentials.filled(server.headers), connector=server.connector_id)
    if server.allowed_tools:
        entry["allowed_tools"] = server.allowed_tools
    return entry


def _mcp_credentials(headers: dict[str, str], *, connector: str | None) -> dict[str, Any]:
    """Headers for a server; for a connector, its OAuth token, which has a field of its own."""
    if connector is None:
        return {"headers": headers}
    named = {name.lower(): value for name, value in headers.items()}
    token = named.pop("authorization", "").removeprefix("Bearer ")
    return {**({"authorization": token} if token else {}), **({"headers": named} if named else {})}
