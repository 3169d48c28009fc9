from __future__ import annotations

import pytest

from themis.plugin import ContentPart, ErrorCode, InferenceRuntime, Message
from themis.specs import McpServerSpec, ToolSpec
from themis.testing import Answer, FaultServer, StatusError, WrongShape, always, make_trial

IMAGE = ContentPart(type="image", image_url="data:image/png;base64,AA==", detail="low")


@pytest.fixture
def sent(ask):
    """The body of the request for a trial."""

    def sent(trial=None, **options):
        with FaultServer(answer=lambda messages, body: "4") as server:
            ask(server, trial, **options)
            return server.calls[0].body

    return sent


@pytest.fixture
def answered(ask):
    """The inference that comes of an answer."""

    def answered(answer, trial=None, **config):
        with FaultServer(answer=lambda messages, body: answer) as server:
            return ask(server, trial, **config).inference

    return answered


def test_a_plain_trial_sends_model_messages_temperature_and_length(sent):
    assert sent(make_trial("hi")) == {
        "model": "fake-model",
        "messages": [{"role": "user", "content": "hi"}],
        "temperature": 0.0,
        "max_tokens": 1024,
    }


def test_every_parameter_has_its_name_in_the_api(sent):
    params = {"top_p": 0.5, "top_k": 7, "stop_sequences": ["\n"], "logprobs": 2, "temperature": 1}
    body = sent(make_trial(params=params), runtime=InferenceRuntime(seed=11))
    del body["messages"]
    assert body == {
        "model": "fake-model",
        "temperature": 1,
        "max_tokens": 1024,
        "top_p": 0.5,
        "top_k": 7,
        "stop": ["\n"],
        "logprobs": True,
        "top_logprobs": 2,
        "seed": 11,
    }


def test_logprobs_of_0_asks_for_no_alternatives(sent):
    body = sent(make_trial(params={"logprobs": 0}))
    assert body["logprobs"] is True
    assert "top_logprobs" not in body


def test_newer_models_take_the_length_under_another_name(sent):
    body = sent(max_tokens_field="max_completion_tokens")
    assert body["max_completion_tokens"] == 1024
    assert "max_tokens" not in body


def test_json_mode_asks_for_an_object_and_reads_it(sent, answered):
    trial = make_trial(params={"response_format": "json"})
    assert sent(trial)["response_format"] == {"type": "json_object"}
    assert answered('{"a": 1}', trial).structured_output == {"a": 1}


def test_output_that_is_no_json_after_all_stays_text(answered):
    record = answered("sorry", make_trial(params={"response_format": "json"}))
    assert (record.raw_text, record.structured_output) == ("sorry", None)


def test_text_that_happens_to_be_json_is_not_read(answered):
    assert answered("4").structured_output is None


def test_a_bare_schema_gets_a_name_and_is_strict(sent):
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    body = sent(make_trial(params={"extras": {"json_schema": schema}}))
    assert body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": schema, "strict": True},
    }
    assert "json_schema" not in body


def test_a_whole_schema_is_sent_as_it_is(sent):
    whole = {"name": "n", "schema": {"type": "object"}, "strict": False}
    body = sent(make_trial(params={"extras": {"json_schema": whole}}))
    assert body["response_format"]["json_schema"] == whole


def test_extras_win_over_the_configurations_extra_body(sent):
    trial = make_trial(params={"extras": {"reasoning_effort": "high"}})
    body = sent(trial, extra_body={"reasoning_effort": "low", "service_tier": "flex"})
    assert (body["reasoning_effort"], body["service_tier"]) == ("high", "flex")


def test_parameters_that_a_model_refuses_can_be_left_out(sent):
    body = sent(omit_params=("temperature", "seed"), runtime=InferenceRuntime(seed=1))
    assert "temperature" not in body
    assert "seed" not in body


def test_images_are_sent_as_parts(sent):
    message = Message("user", (ContentPart(type="text", text="what?"), IMAGE))
    assert sent(make_trial([message]))["messages"][0]["content"] == [
        {"type": "text", "text": "what?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA==", "detail": "low"}},
    ]


def test_tools_are_declared_as_functions(sent):
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    tool = ToolSpec(name="weather", description="Tells it.", parameters=schema)
    assert sent(make_trial(tools=(tool,)))["tools"] == [
        {
            "type": "function",
            "function": {"name": "weather", "description": "Tells it.", "parameters": schema},
        }
    ]


@pytest.mark.parametrize("text", ["", "héé 👋", "a\x00b", "x" * 200_000, "\ud83d"])
def test_any_prompt_can_be_sent(sent, text):
    assert sent(make_trial([Message("user", text)]))["messages"][0]["content"] == text


@pytest.mark.parametrize("stream", [False, True])
def test_a_lone_surrogate_in_an_answer_is_read(ask, stream):
    body = b'{"choices": [{"message": {"content": "\\ud83d"}, "finish_reason": "stop"}]}'
    with FaultServer(faults=always(WrongShape(body))) as server:
        assert ask(server, stream=stream).inference.raw_text == "\ud83d"


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_has_its_usage_reason_ids_and_times(answered, stream):
    answer = Answer(text="four", reasoning="hm", reasoning_tokens=3, cached_tokens=1)
    record = answered(answer, stream=stream)
    assert (record.raw_text, record.finish_reason) == ("four", "stop")
    assert record.reasoning_trace == "hm"
    assert record.provider_request_id == "req-0"
    usage = record.token_usage
    assert (usage.prompt, usage.completion, usage.total) == (3, 4, 7)
    assert (usage.reasoning, usage.cached) == (3, 1)
    assert record.latency_ms > 0
    assert (record.time_to_first_token_ms is not None) is stream


@pytest.mark.parametrize("stream", [False, True])
def test_logprobs_come_as_the_provider_gives_them(answered, stream):
    record = answered("a b", make_trial(params={"logprobs": 1}), stream=stream)
    assert [entry["token"] for entry in record.logprobs] == ["a", "b"]
    assert record.logprobs[0]["top_logprobs"][0]["logprob"] == -0.5


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_an_empty_answer_that_was_cut_is_an_outcome(answered, reason, stream):
    record = answered(Answer(text=None, finish_reason=reason), stream=stream)
    assert (record.raw_text, record.finish_reason) == ("", reason)


@pytest.mark.parametrize("stream", [False, True])
def test_a_refusal_is_an_outcome_with_its_text(answered, stream):
    record = answered(Answer(refusal="I cannot"), stream=stream)
    assert (record.raw_text, record.finish_reason) == ("I cannot", "refusal")


def test_a_prompt_that_a_filter_stops_is_an_outcome(ask):
    fault = StatusError(400, message="filtered", error_code="content_filter")
    with FaultServer(faults=always(fault)) as server:
        record = ask(server).inference
    assert (record.raw_text, record.finish_reason) == ("", "content_filter")


def test_an_answer_in_parts_is_joined(ask):
    body = b'{"choices": [{"message": {"content": [{"type": "text", "text": "4"}]}}], "id": "c1"}'
    with FaultServer(faults=always(WrongShape(body))) as server:
        assert ask(server).inference.raw_text == "4"


def test_mcp_servers_need_the_other_api(failure):
    server_spec = McpServerSpec(server_url="https://mcp.test/x", require_approval="never")
    with FaultServer() as server:
        error = failure(server, make_trial(mcp_servers=(server_spec,)))
        assert server.count() == 0
    assert (error.code, error.retryable) == (ErrorCode.SCHEMA_MISMATCH, False)
    assert error.message.endswith(
        "was not asked: chat completions know no MCP servers; set api = 'responses'"
    )


@pytest.mark.parametrize(
    ("trial", "text"),
    [
        (
            make_trial(params={"extras": {"stream": True, "n": 2}}),
            "params.extras sets n, stream, which the engine sets itself",
        ),
        (
            make_trial(params={"extras": {"json_schema": "x"}}),
            "params.extras.json_schema is no JSON schema (an object)",
        ),
        (
            make_trial([Message("tool", "4")]),
            "its prompt has a tool message, and no tool call that it answers",
        ),
    ],
)
def test_a_trial_that_cannot_be_sent_says_why(failure, trial, text):
    with FaultServer() as server:
        error = failure(server, trial)
    assert error.message.endswith(f"was not asked: {text}")
    assert (error.code, error.retryable) == (ErrorCode.SCHEMA_MISMATCH, False)
