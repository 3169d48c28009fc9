from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from themis.testing import (
    Answer,
    DroppedConnection,
    FaultServer,
    MidStreamDisconnect,
    NeverAnswers,
    NotJson,
    RateLimited,
    Slow,
    StatusError,
    ToolRequest,
    TruncatedBody,
    WrongShape,
    always,
    at_rates,
    first_attempts,
    in_order,
)

HELLO = {"model": "m", "messages": [{"role": "user", "content": "hello there"}]}


@contextmanager
def connected(server: FaultServer, timeout: float = 5) -> Iterator[http.client.HTTPConnection]:
    place = urlsplit(server.base_url)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=timeout)
    try:
        yield connection
    finally:
        connection.close()


def post(server, body=HELLO, path="/v1/chat/completions", timeout=5.0):
    with connected(server, timeout) as connection:
        connection.request("POST", path, json.dumps(body))
        response = connection.getresponse()
        return response, response.read()


def sent_text(body=HELLO, path="/v1/chat/completions", **options):
    with FaultServer(**options) as server:
        return json.loads(post(server, body, path)[1])


def test_the_default_answer_is_the_last_user_message():
    body = sent_text()
    assert body["choices"][0]["message"]["content"] == "hello there"
    assert body["choices"][0]["finish_reason"] == "stop"
    assert body["usage"]["total_tokens"] > 0


def test_an_answer_function_sees_messages_and_body():
    body = sent_text(answer=lambda messages, body: f"{body['model']}:{len(messages)}")
    assert body["choices"][0]["message"]["content"] == "m:1"


def test_the_responses_api_gives_the_same_answer_in_its_own_form():
    body = sent_text({"model": "m", "input": "hi"}, "/v1/responses")
    assert body["status"] == "completed"
    assert body["output"][0]["content"][0]["text"] == "hi"


def test_tool_results_of_the_responses_api_reach_the_answer_function_as_messages():
    given = [{"type": "function_call_output", "call_id": "c", "output": "4"}]
    seen = []
    sent_text(
        {"model": "m", "input": given},
        "/v1/responses",
        answer=lambda messages, body: seen.extend(messages) or "ok",
    )
    assert seen == [{"role": "tool", "tool_call_id": "c", "content": "4"}]


def test_an_answer_may_ask_for_tools():
    tool = ToolRequest(name="add", arguments={"a": 1}, call_id="c1")
    body = sent_text(answer=lambda messages, body: Answer(tools=[tool]))
    choice = body["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["tool_calls"][0]["function"] == {
        "name": "add",
        "arguments": '{"a":1}',
    }


def test_a_connection_is_kept_for_many_requests():
    with FaultServer() as server, connected(server) as connection:
        for _ in range(3):
            connection.request("POST", "/v1/chat/completions", json.dumps(HELLO))
            assert connection.getresponse().read()
        assert server.count() == 3


def test_a_stream_ends_in_done_and_carries_usage_when_asked():
    body = {**HELLO, "stream": True, "stream_options": {"include_usage": True}}
    with FaultServer() as server:
        events = post(server, body)[1].decode().split("\n\n")
    chunks = [json.loads(event.removeprefix("data: ")) for event in events[:-2]]
    assert events[-2:] == ["data: [DONE]", ""]
    text = "".join(c["choices"][0]["delta"].get("content", "") for c in chunks if c["choices"])
    assert text == "hello there"
    assert chunks[-1]["usage"]["total_tokens"] > 0


def test_requests_are_counted_by_their_last_user_message():
    other = {"model": "m", "messages": [{"role": "user", "content": "other"}]}
    with FaultServer() as server:
        for body in (HELLO, HELLO, other):
            post(server, body)
        assert server.counts() == {"hello there": 2, "other": 1}
        assert server.counts(key=lambda call: call.path) == {"/v1/chat/completions": 3}


@pytest.mark.parametrize(
    ("fault", "status"),
    [(RateLimited(0.5), 429), (StatusError(500), 500), (StatusError(503), 503)],
)
def test_a_status_fault_answers_with_an_error_body(fault, status):
    with FaultServer(faults=always(fault)) as server:
        response, body = post(server)
    assert response.status == status
    assert "message" in json.loads(body)["error"]


def test_a_rate_limit_says_when_to_come_back():
    with FaultServer(faults=always(RateLimited(0.5))) as server:
        assert post(server)[0].headers["retry-after"] == "0.5"


def test_a_server_that_never_answers_keeps_the_connection_open():
    with FaultServer(faults=always(NeverAnswers())) as server:
        with pytest.raises(TimeoutError):
            post(server, timeout=0.05)
        assert server.count() == 1


def test_a_slow_reply_is_the_right_one():
    with FaultServer(faults=always(Slow(0.02))) as server:
        assert json.loads(post(server)[1])["choices"]


def test_a_truncated_body_is_shorter_than_its_head_says():
    with (
        FaultServer(faults=always(TruncatedBody())) as server,
        pytest.raises(http.client.IncompleteRead),
    ):
        post(server)


@pytest.mark.parametrize("fault", [NotJson(), WrongShape()])
def test_a_wrong_body_comes_with_status_200(fault):
    with FaultServer(faults=always(fault)) as server:
        response, body = post(server)
    assert response.status == 200
    assert body == fault.body


def test_a_connection_dropped_before_the_head_gives_no_response():
    with (
        FaultServer(faults=always(DroppedConnection())) as server,
        pytest.raises((ConnectionError, http.client.RemoteDisconnected)),
    ):
        post(server)


def test_a_connection_dropped_after_the_head_gives_no_body():
    with (
        FaultServer(faults=always(DroppedConnection(after_headers=True))) as server,
        pytest.raises(http.client.IncompleteRead),
    ):
        post(server)


def test_a_stream_can_break_after_some_events():
    with (
        FaultServer(faults=always(MidStreamDisconnect(events=2))) as server,
        pytest.raises(http.client.IncompleteRead) as raised,
    ):
        post(server, {**HELLO, "stream": True})
    assert raised.value.partial.count(b"data: ") == 2


def test_faults_in_order_go_to_the_first_requests():
    with FaultServer(faults=in_order(StatusError(500), None, StatusError(503))) as server:
        assert [post(server)[0].status for _ in range(4)] == [500, 200, 503, 200]
        assert server.count(ok_only=True) == 2


def test_first_attempts_fail_once_for_each_body():
    other = {"model": "m", "messages": [{"role": "user", "content": "other"}]}
    with FaultServer(faults=first_attempts(StatusError(500))) as server:
        statuses = [post(server, body)[0].status for body in (HELLO, other, HELLO, other)]
    assert statuses == [500, 500, 200, 200]


def test_faults_at_rates_depend_on_the_body_and_not_on_the_order():
    bodies = [{"model": str(n), "messages": HELLO["messages"]} for n in range(40)]

    def outcomes(order):
        with FaultServer(faults=at_rates({StatusError(500): 0.5}, seed=3)) as server:
            return {body["model"]: post(server, body)[0].status for body in order}

    forward = outcomes(bodies)
    assert forward == outcomes(bodies[::-1])
    assert 10 < list(forward.values()).count(500) < 30


def test_an_unknown_path_is_a_404_and_no_call():
    with FaultServer() as server:
        response, body = post(server, path="/v1/embeddings")
        assert response.status == 404
        assert "Invalid URL (POST /v1/embeddings)" in json.loads(body)["error"]["message"]
        assert server.count() == 0


def test_the_peak_of_requests_in_flight_is_known():
    with FaultServer(latency=0.1) as server:
        threads = [threading.Thread(target=post, args=(server,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.peak_in_flight == 4


def test_an_answer_function_that_raises_fails_the_test_at_the_end():
    def broken(messages, body):
        raise ZeroDivisionError

    server = FaultServer(answer=broken).start()
    assert post(server)[0].status == 500
    with pytest.raises(RuntimeError, match="answer function raised"):
        server.stop()


def test_stopping_twice_is_fine():
    server = FaultServer().start()
    server.stop()
    server.stop()
