from __future__ import annotations

import pytest

from themis.plugin import ContentPart, ErrorCode, InferenceRuntime, Message
from themis.specs import McpServerSpec, ToolSpec
from themis.testing import Answer, FaultServer, WrongShape, always, make_trial


@pytest.fixture
def sent(ask):
    """The body of the request for a trial."""

    def sent(trial=None, **options):
        with FaultServer(answer=lambda messages, body: "4") as server:
            ask(server, trial, api="responses", **options)
            return server.calls[0].body

    return sent


@pytest.fixture
def answered(ask):
    """The inference that comes of an answer."""

    def answered(answer, trial=None, **config):
        with FaultServer(answer=lambda messages, body: answer) as server:
            return ask(server, trial, api="responses", **config).inference

    return answered


@pytest.fixture
def read(ask):
    """The result of a body, as it is."""

    def read(body, **options):
        with FaultServer(faults=always(WrongShape(body))) as server:
            return ask(server, api="responses", **options)

    return read


def test_a_plain_trial_keeps_nothing_at_the_provider(sent):
    assert sent(make_trial("hi")) == {
        "model": "fake-model",
        "input": [{"role": "user", "content": "hi"}],
        "store": False,
        "temperature": 0.0,
        "max_output_tokens": 1024,
    }


def test_parameters_have_the_names_of_this_api(sent):
    params = {"top_p": 0.5, "top_k": 7, "logprobs": 2}
    body = sent(make_trial(params=params))
    assert (body["top_p"], body["top_k"], body["top_logprobs"]) == (0.5, 7, 2)
    assert body["include"] == ["message.output_text.logprobs"]


def test_what_extras_include_is_added(sent):
    extras = {"include": ["reasoning.encrypted_content"]}
    body = sent(make_trial(params={"logprobs": 0, "extras": extras}))
    assert body["include"] == ["message.output_text.logprobs", "reasoning.encrypted_content"]


def test_a_seed_is_left_out_for_this_api_has_none(sent):
    assert "seed" not in sent(runtime=InferenceRuntime(seed=1))


def test_json_mode_and_schemas_are_a_format_of_the_text(sent):
    body = sent(make_trial(params={"response_format": "json"}))
    assert body["text"] == {"format": {"type": "json_object"}}
    schema = {"type": "object"}
    body = sent(make_trial(params={"extras": {"json_schema": schema}}))
    assert body["text"]["format"] == {
        "type": "json_schema",
        "name": "answer",
        "schema": schema,
        "strict": True,
    }


def test_images_are_input_parts_of_users(sent):
    parts = (
        ContentPart(type="text", text="what?"),
        ContentPart(type="image", image_url="https://x.test/i.png"),
    )
    assert sent(make_trial([Message("user", parts)]))["input"][0]["content"] == [
        {"type": "input_text", "text": "what?"},
        {"type": "input_image", "image_url": "https://x.test/i.png", "detail": "auto"},
    ]


def test_tools_are_flat_functions(sent):
    tool = ToolSpec(name="add", description="Adds.", parameters={"type": "object"})
    assert sent(make_trial(tools=(tool,)))["tools"] == [
        {
            "type": "function",
            "name": "add",
            "description": "Adds.",
            "parameters": {"type": "object"},
            "strict": False,
        }
    ]


def test_an_mcp_server_is_a_tool_with_its_credentials_filled_in(sent):
    spec = McpServerSpec(
        server_label="docs",
        server_url="https://mcp.test/x",
        require_approval="never",
        headers={"Authorization": "Bearer env:DOCS_TOKEN"},
        allowed_tools=["search"],
    )
    runtime = InferenceRuntime(secrets={"DOCS_TOKEN": "tok-1234567"})
    assert sent(make_trial(mcp_servers=(spec,)), runtime=runtime)["tools"] == [
        {
            "type": "mcp",
            "server_label": "docs",
            "require_approval": "never",
            "server_url": "https://mcp.test/x",
            "headers": {"Authorization": "Bearer tok-1234567"},
            "allowed_tools": ["search"],
        }
    ]


def test_a_connector_takes_its_token_in_a_field_of_its_own(sent):
    spec = McpServerSpec(
        connector_id="connector_gmail",
        require_approval="never",
        headers={"authorization": "env:GMAIL"},
    )
    runtime = InferenceRuntime(secrets={"GMAIL": "tok-1234567"})
    (tool,) = sent(make_trial(mcp_servers=(spec,)), runtime=runtime)["tools"]
    assert tool["connector_id"] == tool["server_label"] == "connector_gmail"
    assert tool["authorization"] == "tok-1234567"
    assert "headers" not in tool


def test_an_mcp_credential_that_is_not_set_says_so(failure):
    spec = McpServerSpec(
        server_url="https://mcp.test/x",
        require_approval="never",
        headers={"Authorization": "Bearer env:THEMIS_NO_SUCH_TOKEN"},
    )
    with FaultServer() as server:
        error = failure(server, make_trial(mcp_servers=(spec,)), api="responses")
    assert error.code is ErrorCode.PROVIDER_AUTH
    assert error.message == (
        "Authorization is taken from THEMIS_NO_SUCH_TOKEN, which is not set; "
        "export it or add it to the run's secrets"
    )


def test_stop_sequences_need_the_other_api(failure):
    with FaultServer() as server:
        error = failure(server, make_trial(params={"stop_sequences": ["x"]}), api="responses")
    assert error.message.endswith(
        "was not asked: the responses API knows no stop sequences; set api = 'chat'"
    )


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_has_its_usage_reason_reasoning_and_logprobs(answered, stream):
    answer = Answer(text="a b", reasoning="hm", reasoning_tokens=3, cached_tokens=1)
    record = answered(answer, make_trial(params={"logprobs": 1}), stream=stream)
    assert (record.raw_text, record.finish_reason) == ("a b", "stop")
    assert record.reasoning_trace == "hm"
    usage = record.token_usage
    assert (usage.prompt, usage.completion, usage.reasoning, usage.cached) == (3, 4, 3, 1)
    assert [entry["token"] for entry in record.logprobs] == ["a", "b"]
    assert (record.time_to_first_token_ms is not None) is stream


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_an_incomplete_response_is_an_outcome(answered, reason, stream):
    record = answered(Answer(text=None, finish_reason=reason), stream=stream)
    assert (record.raw_text, record.finish_reason) == ("", reason)


def test_a_refusal_is_an_outcome_with_its_text(answered):
    record = answered(Answer(refusal="I cannot"))
    assert (record.raw_text, record.finish_reason) == ("I cannot", "refusal")


def test_a_response_that_a_filter_failed_is_an_outcome(read):
    body = b'{"status": "failed", "output": [], "error": {"code": "content_filter"}}'
    record = read(body).inference
    assert (record.raw_text, record.finish_reason) == ("", "content_filter")


def test_what_an_mcp_server_did_is_part_of_the_conversation(read):
    body = (
        b'{"status": "completed", "output": [{"type": "mcp_list_tools"},'
        b'{"type": "mcp_call", "id": "m1", "server_label": "docs", "name": "search",'
        b'"arguments": "{}", "output": "found", "error": null},'
        b'{"type": "message", "content": [{"type": "output_text", "text": "4"}]}]}'
    )
    result = read(body)
    assert result.inference.raw_text == "4"
    kinds = [(step.kind, step.name, step.content) for step in result.conversation.steps]
    assert kinds[1:] == [
        ("tool_call", "docs.search", None),
        ("tool_result", "docs.search", "found"),
        ("message", None, "4"),
    ]


def test_an_mcp_call_that_waits_for_approval_says_how_to_go_on(failure):
    body = (
        b'{"status": "completed", "output": [{"type": "mcp_approval_request", "id": "a",'
        b'"server_label": "docs", "name": "search", "arguments": "{}"}]}'
    )
    with FaultServer(faults=always(WrongShape(body))) as server:
        error = failure(server, api="responses")
    assert error.message.endswith(
        "asks for approval to call 'search' at the MCP server 'docs', and nobody can give it in "
        "a run; set require_approval = 'never'"
    )
