from __future__ import annotations

import socket

import pytest

from themis.plugin import ErrorCode, InferenceRuntime
from themis.testing import (
    DroppedConnection,
    FaultServer,
    MidStreamDisconnect,
    NeverAnswers,
    NotJson,
    RateLimited,
    StatusError,
    TruncatedBody,
    WrongShape,
    always,
)


def outcome(error):
    return error.code, error.retryable


@pytest.fixture
def fails_with(failure):
    """The error of a call to a server that always has `fault`."""

    def fails_with(fault, **options):
        with FaultServer(faults=always(fault)) as server:
            return failure(server, **options)

    return fails_with


@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [
        (301, ErrorCode.SCHEMA_MISMATCH, False),
        (400, ErrorCode.SCHEMA_MISMATCH, False),
        (401, ErrorCode.PROVIDER_AUTH, False),
        (402, ErrorCode.PROVIDER_RATE_LIMIT, False),
        (403, ErrorCode.PROVIDER_AUTH, False),
        (404, ErrorCode.SCHEMA_MISMATCH, False),
        (408, ErrorCode.PROVIDER_TIMEOUT, True),
        (409, ErrorCode.PROVIDER_UNAVAILABLE, True),
        (422, ErrorCode.SCHEMA_MISMATCH, False),
        (429, ErrorCode.PROVIDER_RATE_LIMIT, True),
        (500, ErrorCode.PROVIDER_UNAVAILABLE, True),
        (503, ErrorCode.PROVIDER_UNAVAILABLE, True),
        (529, ErrorCode.PROVIDER_UNAVAILABLE, True),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_each_status_has_its_code_and_says_whether_to_retry(
    fails_with, status, code, retryable, stream
):
    error = fails_with(StatusError(status), stream=stream)
    assert outcome(error) == (code, retryable)
    assert f"answered {status}: injected fault" in error.message


def test_a_rate_limit_keeps_when_to_come_back(fails_with):
    assert fails_with(RateLimited(1.5)).retry_after == 1.5


def test_an_overloaded_server_may_say_when_to_come_back(fails_with):
    assert fails_with(StatusError(503, (("retry-after", "2"),))).retry_after == 2


def test_a_used_up_quota_is_not_retried(fails_with):
    error = fails_with(
        StatusError(429, message="You exceeded your quota", error_code="insufficient_quota")
    )
    assert outcome(error) == (ErrorCode.PROVIDER_RATE_LIMIT, False)
    assert error.message.endswith("no quota left: add credit or use another key")


def test_a_prompt_over_the_context_length_says_what_to_do(fails_with):
    fault = StatusError(400, message="too long", error_code="context_length_exceeded")
    error = fails_with(fault)
    assert outcome(error) == (ErrorCode.SCHEMA_MISMATCH, False)
    assert error.message.endswith(
        "the prompt is too long for the model: shorten it, or lower max_tokens"
    )


def test_a_refused_parameter_is_named_with_the_way_to_leave_it_out(fails_with):
    body = b'{"error": {"message": "no", "code": "unsupported_value", "param": "temperature"}}'
    error = fails_with(StatusError(400, body=body))
    assert error.message.endswith('leave it out with omit_params = ["temperature"]')


def test_an_unknown_model_says_what_to_check(fails_with):
    error = fails_with(StatusError(404, message="no such model"))
    assert error.message.endswith("/v1 answered 404: no such model; check model_id and base_url")
    assert error.message.startswith("model 'fake-model' at http://127.0.0.1:")


def test_a_redirect_is_not_followed(fails_with):
    error = fails_with(StatusError(307, (("location", "https://elsewhere.test/"),)))
    assert error.message.endswith("it redirects: set base_url to where the API really is")


@pytest.mark.parametrize("body", [b"<html>Bad gateway</html>", b"", b"[]", b'{"detail": 3}'])
def test_an_error_body_of_any_form_is_quoted(fails_with, body):
    error = fails_with(StatusError(502, body=body))
    assert outcome(error) == (ErrorCode.PROVIDER_UNAVAILABLE, True)
    assert body.decode() in error.message


def test_an_error_message_is_cut(fails_with):
    error = fails_with(StatusError(500, message="long " * 10_000))
    assert len(error.message) < 700
    assert error.message.endswith("...")


def test_a_server_that_never_answers_is_a_timeout(fails_with):
    error = fails_with(NeverAnswers(), timeout=0.05)
    assert outcome(error) == (ErrorCode.PROVIDER_TIMEOUT, True)
    assert error.message.endswith(
        "did not answer within 0.05 s; raise timeout in the model's extras"
    )


def test_a_server_that_is_not_there_is_unavailable(failure):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    error = failure(f"http://127.0.0.1:{port}/v1")
    assert outcome(error) == (ErrorCode.PROVIDER_UNAVAILABLE, True)
    assert "cannot be reached" in error.message
    assert error.message.endswith("is it running?")


def test_an_unknown_host_is_unavailable(failure):
    error = failure("http://nowhere.invalid/v1")
    assert outcome(error) == (ErrorCode.PROVIDER_UNAVAILABLE, True)
    assert "model 'fake-model' at http://nowhere.invalid/v1 cannot be reached" in error.message


@pytest.mark.parametrize("stream", [False, True])
def test_a_connection_dropped_before_the_head_is_unavailable(fails_with, stream):
    error = fails_with(DroppedConnection(), stream=stream)
    assert outcome(error) == (ErrorCode.PROVIDER_UNAVAILABLE, True)
    assert error.message.endswith("closed the connection before it answered")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", [DroppedConnection(after_headers=True), TruncatedBody()])
def test_a_body_that_breaks_off_is_unavailable(fails_with, fault, stream):
    error = fails_with(fault, stream=stream)
    assert outcome(error) == (ErrorCode.PROVIDER_UNAVAILABLE, True)
    assert error.message.endswith("broke off in the middle of its answer")


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_a_stream_that_breaks_off_is_unavailable(fails_with, api):
    error = fails_with(MidStreamDisconnect(events=2), stream=True, api=api)
    assert outcome(error) == (ErrorCode.PROVIDER_UNAVAILABLE, True)


@pytest.mark.parametrize("stream", [False, True])
def test_a_success_that_is_no_json_is_retried(fails_with, stream):
    error = fails_with(NotJson(), stream=stream)
    assert outcome(error) == (ErrorCode.PARSE_ERROR, True)
    assert error.message.endswith(
        "answered with something that is no JSON object: <html><body>Bad gateway</body></html>"
    )


@pytest.mark.parametrize(
    ("api", "body", "missing"),
    [
        ("chat", b'{"choices": []}', "choices"),
        ("chat", b'{"object": "list"}', "choices"),
        ("chat", b'{"choices": [{}]}', "choices[0].message"),
        (
            "chat",
            b'{"choices": [{"message": {"content": null}, "finish_reason": "stop"}]}',
            "content (choices[0].message.content is null)",
        ),
        (
            "chat",
            b'{"choices": [{"message": {"tool_calls": [{"function": {}}]}}]}',
            "a usable tool call (id, function.name)",
        ),
        ("responses", b'{"id": "r"}', "output"),
        ("responses", b'{"output": []}', "a message (output has none)"),
        (
            "responses",
            b'{"output": [], "status": "queued"}',
            "a finished response (its status is 'queued')",
        ),
    ],
)
def test_a_success_of_the_wrong_shape_says_what_is_missing(fails_with, api, body, missing):
    error = fails_with(WrongShape(body), api=api)
    assert outcome(error) == (ErrorCode.PARSE_ERROR, False)
    assert error.message.endswith(
        f"answered without {missing}; is it an OpenAI-compatible endpoint?"
    )


@pytest.mark.parametrize("api", ["chat", "responses"])
@pytest.mark.parametrize(
    "body", [b'{"choices": [3], "output": [3]}', b'{"choices": {"0": 1}, "output": {}}']
)
def test_a_success_with_fields_of_the_wrong_type_is_a_parse_error(fails_with, api, body):
    assert outcome(fails_with(WrongShape(body), api=api)) == (ErrorCode.PARSE_ERROR, False)


def test_an_error_inside_a_success_is_that_error(fails_with):
    error = fails_with(WrongShape(b'{"error": {"code": 429, "message": "busy"}}'))
    assert outcome(error) == (ErrorCode.PROVIDER_RATE_LIMIT, True)
    assert error.message.endswith("reported an error in its answer: busy")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("server_error", (ErrorCode.PROVIDER_UNAVAILABLE, True)),
        ("rate_limit_exceeded", (ErrorCode.PROVIDER_RATE_LIMIT, True)),
        ("invalid_prompt", (ErrorCode.SCHEMA_MISMATCH, False)),
    ],
)
def test_a_failed_response_has_the_code_of_its_error(fails_with, code, expected):
    body = b'{"status": "failed", "output": [], "error": {"code": "%b", "message": "m"}}'
    error = fails_with(WrongShape(body % code.encode()), api="responses")
    assert outcome(error) == expected


def test_an_answer_over_the_size_limit_is_not_read(failure):
    with FaultServer(answer=lambda messages, body: "x" * 5000) as server:
        error = failure(server, max_response_bytes=2000)
        streamed = failure(server, max_response_bytes=2000, stream=True)
    assert outcome(error) == (ErrorCode.PARSE_ERROR, False)
    assert error.message.endswith(
        "answered with more than 2000 bytes; raise max_response_bytes if it is right"
    )
    assert streamed.message == error.message


def test_the_quicker_of_the_two_timeouts_counts(failure):
    with FaultServer(faults=always(NeverAnswers())) as server:
        error = failure(server, runtime=InferenceRuntime(timeout_seconds=0.05))
    assert "within 0.05 s" in error.message
