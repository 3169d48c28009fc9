"""Our wire types against the official SDK's own: what we send fits, what it describes we read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import orjson
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.chat.completion_create_params import (
    CompletionCreateParamsNonStreaming,
    CompletionCreateParamsStreaming,
)
from openai.types.responses import Response
from openai.types.responses.response_create_params import (
    ResponseCreateParamsNonStreaming,
    ResponseCreateParamsStreaming,
)
from pydantic import TypeAdapter

from themis.plugin import ContentPart, InferenceRuntime, Message
from themis.specs import McpServerSpec, ToolSpec
from themis.testing import Answer, FaultServer, StepLog, ToolRequest, WrongShape, always, make_trial
from themis.testing.openai_wire import chat_body, chat_events, responses_body

TYPES = {
    ("chat", False): CompletionCreateParamsNonStreaming,
    ("chat", True): CompletionCreateParamsStreaming,
    ("responses", False): ResponseCreateParamsNonStreaming,
    ("responses", True): ResponseCreateParamsStreaming,
}
PARAMS = {"temperature": 0.5, "top_p": 0.9, "logprobs": 2, "max_tokens": 50}
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}
PROMPT = [
    Message("system", "Be brief."),
    Message("user", (ContentPart(type="text", text="what?"),)),
    Message("assistant", "An image?"),
    Message("user", (ContentPart(type="image", image_url="https://x.test/i.png", detail="low"),)),
]
TOOL = ToolSpec(name="add", description="Adds.", parameters=SCHEMA)
BOTH = pytest.mark.parametrize("api", ["chat", "responses"])


def consumed(value):
    """Validated values are lazy where the SDK says Iterable: reading them validates them."""
    if isinstance(value, Mapping):
        return {key: consumed(entry) for key, entry in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [consumed(entry) for entry in value]
    return value


def assert_fits(body, api):
    """Valid for the SDK, and without a field that it does not know (those it would drop)."""
    kind = TYPES[api, body.get("stream", False)]
    assert consumed(TypeAdapter(kind).validate_python(body)) == body


@pytest.fixture
def bodies(ask):
    """The bodies sent while a trial is inferred, whose model asks for a tool once."""

    def bodies(trial, **options):
        def answer(messages, body):
            if "tools" not in body or messages[-1]["role"] == "tool":
                return "4"
            return Answer(tools=[ToolRequest(name="add", arguments={"a": 1})])

        log = StepLog({"add": lambda a: a})
        runtime = InferenceRuntime(record=log.record, call_tool=log.call_tool, seed=7)
        with FaultServer(answer=answer) as server:
            ask(server, trial, runtime=runtime, **options)
            return [call.body for call in server.calls]

    return bodies


@BOTH
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "form", [{}, {"response_format": "json"}, {"extras": {"json_schema": SCHEMA}}]
)
def test_a_request_fits_the_sdks_types(bodies, api, stream, form):
    (body,) = bodies(make_trial(PROMPT, params={**PARAMS, **form}), api=api, stream=stream)
    assert_fits(body, api)


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
def test_parameters_that_only_chat_has_fit_too(bodies, field):
    params = {**PARAMS, "stop_sequences": ["x"]}
    (body,) = bodies(make_trial(params=params), max_tokens_field=field)
    assert_fits(body, "chat")


@BOTH
def test_a_conversation_with_tools_fits_the_sdks_types(bodies, api):
    sent = bodies(make_trial(PROMPT, tools=(TOOL,)), api=api)
    assert len(sent) == 2
    for body in sent:
        assert_fits(body, api)


@pytest.mark.parametrize(
    "where",
    [
        {"server_url": "https://mcp.test/x", "headers": {"X-Team": "evals"}},
        {"connector_id": "connector_gmail", "headers": {"authorization": "env:TOKEN"}},
    ],
)
def test_mcp_servers_fit_the_sdks_types(ask, where):
    spec = McpServerSpec(require_approval="never", allowed_tools=["search"], **where)
    runtime = InferenceRuntime(secrets={"TOKEN": "tok-1234567"})
    with FaultServer() as server:
        ask(server, make_trial(mcp_servers=(spec,)), runtime=runtime, api="responses")
        assert_fits(server.calls[0].body, "responses")


@pytest.mark.parametrize("field", ["top_k", "min_p"])
def test_a_field_that_the_sdk_does_not_know_is_noticed(field):
    with pytest.raises(AssertionError):
        assert_fits({"model": "m", "messages": [], field: 1}, "chat")


def test_a_completion_made_by_the_sdks_model_is_read(ask):
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    usage["completion_tokens_details"] = {"reasoning_tokens": 1}
    message = {"role": "assistant", "content": "4"}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    frame = {"id": "c", "object": "chat.completion", "created": 1, "model": "m"}
    body = ChatCompletion.model_validate({**frame, "choices": [choice], "usage": usage})
    with FaultServer(faults=always(WrongShape(body.model_dump_json().encode()))) as server:
        record = ask(server).inference
    assert (record.raw_text, record.token_usage.total) == ("4", 3)
    assert record.token_usage.reasoning == 1


def test_a_response_made_by_the_sdks_model_is_read(ask):
    part = {"type": "output_text", "text": "4", "annotations": []}
    message = {"type": "message", "id": "m", "role": "assistant", "status": "completed"}
    frame = {"id": "r", "object": "response", "created_at": 1, "model": "m", "tools": []}
    frame |= {"parallel_tool_calls": True, "tool_choice": "auto", "status": "completed"}
    given = {**frame, "output": [{**message, "content": [part]}]}
    body = Response.model_validate(given).model_dump_json().encode()
    with FaultServer(faults=always(WrongShape(body))) as server:
        record = ask(server, api="responses").inference
    assert (record.raw_text, record.finish_reason) == ("4", "stop")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(text="4", reasoning="hm"),
        Answer(refusal="no"),
        Answer(tools=[ToolRequest(name="add", arguments={"a": 1})]),
    ],
)
def test_what_the_testing_server_says_is_valid_for_the_sdk(answer):
    request = {"model": "m", "messages": [], "logprobs": True, "top_logprobs": 1}
    ChatCompletion.model_validate(chat_body(answer, request, index=0), strict=False)
    Response.model_validate(responses_body(answer, request, index=0), strict=False)
    for event in chat_events(answer, request, index=0)[:-1]:
        ChatCompletionChunk.model_validate(orjson.loads(event.removeprefix(b"data: ")))
