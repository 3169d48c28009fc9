"""Tool rounds and picking up in the middle of them, in both APIs."""

from __future__ import annotations

import json

import pytest
from themis_openai.engine import STOPPED

from themis.plugin import ConversationTrace, InferenceRuntime, Message, TraceStep
from themis.records.canonical import canonical_bytes, decode
from themis.records.codec import from_plain, to_plain
from themis.specs import ToolSpec
from themis.testing import Answer, FaultServer, StepLog, ToolRequest, make_trial

ADD = ToolSpec(name="add", parameters={"type": "object"})
TRIAL = make_trial("add", tools=(ADD,))
TWO_ROUNDS = make_trial("add", tools=(ADD,), max_tool_rounds=2)
BOTH = pytest.mark.parametrize("api", ["chat", "responses"])
STREAMED = pytest.mark.parametrize("stream", [False, True])


def add_twice(messages, body):
    """Ask for 1 + 2, then for the sum and 3 in two calls, then say what came of it."""
    results = [message["content"] for message in messages if message["role"] == "tool"]
    if not results:
        return Answer(text="first", tools=[ToolRequest(name="add", arguments={"a": 1, "b": 2})])
    if len(results) == 1:
        total = int(results[0])
        return Answer(
            tools=[
                ToolRequest(name="add", arguments={"a": total, "b": 3}, call_id="call_2"),
                ToolRequest(name="add", arguments={"a": 0, "b": 0}, call_id="call_3"),
            ]
        )
    return f"results: {', '.join(results)}"


def runtime_of(log, **fields):
    return InferenceRuntime(record=log.record, call_tool=log.call_tool, **fields)


def adding():
    calls = []
    return calls, StepLog({"add": lambda a, b: calls.append((a, b)) or a + b})


def in_short(result):
    return [(s.kind, s.role, s.content, s.name, s.call_id) for s in result.conversation.steps]


def stored(steps):
    """Steps as they are after a store has kept them."""
    plain = decode(canonical_bytes([to_plain(step) for step in steps]))
    return ConversationTrace(tuple(from_plain(step, TraceStep) for step in plain))


@BOTH
@STREAMED
def test_tools_are_called_until_the_model_answers(ask, api, stream):
    calls, log = adding()
    with FaultServer(answer=add_twice) as server:
        result = ask(server, TRIAL, runtime=runtime_of(log), api=api, stream=stream)
    assert calls == [(1, 2), (3, 3), (0, 0)]
    assert result.inference.raw_text == "results: 3, 6, 0"
    assert server.count() == 3


@BOTH
def test_usage_and_latency_are_those_of_all_rounds(ask, api):
    with FaultServer(answer=add_twice, latency=0.01) as server:
        record = ask(server, TRIAL, runtime=runtime_of(adding()[1]), api=api).inference
    assert record.token_usage.completion >= 3
    assert record.latency_ms >= 30


@BOTH
def test_the_conversation_is_the_prompt_and_every_step(ask, api):
    with FaultServer(answer=add_twice) as server:
        conversation = ask(server, TRIAL, runtime=runtime_of(adding()[1]), api=api).conversation
    assert [(step.kind, step.content) for step in conversation.steps] == [
        ("message", "add"),
        ("message", "first"),
        ("tool_call", None),
        ("tool_result", "3"),
        ("message", None),
        ("tool_call", None),
        ("tool_result", "6"),
        ("tool_call", None),
        ("tool_result", "0"),
        ("message", "results: 3, 6, 0"),
    ]


@BOTH
def test_from_each_recorded_step_on_the_conversation_ends_the_same(ask, api):
    _, log = adding()
    with FaultServer(answer=add_twice) as server:
        whole = ask(server, TRIAL, runtime=runtime_of(log), api=api)
        last = server.calls[-1].body
    for kept in range(len(log.steps) + 1):
        _, later = adding()
        resumed = runtime_of(later, resume_from=stored(log.steps[:kept]))
        with FaultServer(answer=add_twice) as server:
            result = ask(server, TRIAL, runtime=resumed, api=api)
            assert server.calls[-1].body == last
        assert result.inference.raw_text == whole.inference.raw_text
        assert result.inference.token_usage == whole.inference.token_usage
        assert in_short(result) == in_short(whole)


@BOTH
def test_what_was_finished_before_an_interruption_is_not_done_again(ask, api):
    _, log = adding()
    with FaultServer(answer=add_twice) as server:
        ask(server, TRIAL, runtime=runtime_of(log), api=api)
    calls, later = adding()
    until_second_result = stored(log.steps[:6])
    with FaultServer(answer=add_twice) as server:
        ask(server, TRIAL, runtime=runtime_of(later, resume_from=until_second_result), api=api)
        assert server.count() == 1
    assert calls == [(0, 0)]


def test_a_tool_call_of_chat_goes_back_as_it_came(ask):
    with FaultServer(answer=add_twice) as server:
        ask(server, TRIAL, runtime=runtime_of(adding()[1]))
        messages = server.calls[1].body["messages"]
    call = {"id": "call_1", "type": "function", "function": {"name": "add"}}
    call["function"]["arguments"] = '{"a":1,"b":2}'
    assert messages[1:] == [
        {"role": "assistant", "content": "first", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "3"},
    ]


def test_a_tool_call_of_responses_goes_back_without_the_id_of_what_is_not_kept(ask):
    with FaultServer(answer=add_twice) as server:
        ask(server, TRIAL, runtime=runtime_of(adding()[1]), api="responses")
        items = server.calls[1].body["input"]
    assert items[1] == {"role": "assistant", "content": "first"}
    assert items[2]["type"] == "function_call"
    assert "id" not in items[2]
    assert items[3] == {"type": "function_call_output", "call_id": "call_1", "output": "3"}


@BOTH
def test_a_model_that_never_stops_asking_is_stopped(ask, api):
    asks = Answer(text="again", tools=[ToolRequest(name="add", arguments={"a": 1, "b": 1})])
    calls, log = adding()
    with FaultServer(answer=lambda messages, body: asks) as server:
        runtime = runtime_of(log)
        record = ask(server, TWO_ROUNDS, runtime=runtime, api=api).inference
        assert server.count() == 3
    assert (record.raw_text, record.finish_reason) == ("again", STOPPED)
    assert len(calls) == 2


def test_a_server_that_repeats_its_call_ids_gets_each_result_once(ask):
    asks = Answer(tools=[ToolRequest(name="add", arguments={"a": 1, "b": 1})])
    _, log = adding()
    with FaultServer(answer=lambda messages, body: asks) as server:
        ask(server, TWO_ROUNDS, runtime=runtime_of(log))
        messages = server.calls[-1].body["messages"]
    assert [m["tool_call_id"] for m in messages if m["role"] == "tool"] == ["call_1", "call_1"]
    keys = [step.call_id for step in log.steps if step.kind == "tool_call"]
    assert keys == ["call_1", "call_1#1"]


@pytest.mark.parametrize("written", ['{"a": 1', "[1]", '"x"'])
def test_arguments_that_are_no_object_are_the_models_to_put_right(ask, written):
    def answer(messages, body):
        if messages[-1]["role"] == "tool":
            return messages[-1]["content"]
        return Answer(tools=[ToolRequest(name="add", arguments=written)])

    calls, log = adding()
    with FaultServer(answer=answer) as server:
        record = ask(server, TRIAL, runtime=runtime_of(log)).inference
    assert record.raw_text == f"the arguments of add are no JSON object: {written}"
    assert calls == []
    assert log.steps[-1].error == record.raw_text


def test_a_tool_without_arguments_may_send_none(ask):
    def answer(messages, body):
        if messages[-1]["role"] == "tool":
            return "done"
        return Answer(tools=[ToolRequest(name="now", arguments="")])

    log = StepLog({"now": lambda: "noon"})
    with FaultServer(answer=answer) as server:
        assert ask(server, TRIAL, runtime=runtime_of(log)).inference.raw_text == "done"


def test_a_plain_answer_records_no_step(ask):
    log = StepLog()
    with FaultServer() as server:
        result = ask(server, runtime=runtime_of(log))
    assert log.steps == []
    assert result.conversation is None


def test_the_state_in_a_step_is_plain_json(ask):
    _, log = adding()
    with FaultServer(answer=add_twice) as server:
        ask(server, TRIAL, runtime=runtime_of(log))
    state = json.loads(json.dumps(log.steps[0].arguments))
    assert sorted(state) == ["latency_ms", "reply", "tool_calls", "usage"]


def after_one_turn(ask, api):
    """The steps of a finished turn, and the messages of the next one."""
    _, log = adding()
    with FaultServer(answer=add_twice) as server:
        whole = ask(server, TRIAL, runtime=runtime_of(log), api=api)
    earlier = stored(whole.conversation.steps)
    prompt = (*earlier.messages(), Message("user", "and once more"))
    return earlier, make_trial(prompt, tools=(ADD,))


@BOTH
def test_a_follow_up_turn_shows_the_model_the_tool_calls_before_it(ask, api):
    earlier, trial = after_one_turn(ask, api)
    with FaultServer(answer=lambda messages, body: "done") as server:
        ask(server, trial, runtime=InferenceRuntime(earlier=earlier), api=api)
        body = server.calls[0].body
    sent = body["messages" if api == "chat" else "input"]
    results = [m.get("content") or m.get("output") for m in sent if "call_id" in str(m.keys())]
    assert [r for r in results if r in {"3", "6", "0"}] == ["3", "6", "0"]
    assert sent[-1] == {"role": "user", "content": "and once more"}
    assert [m for m in sent if m.get("content") == "first"] == sent[1:2]


@BOTH
def test_a_later_turn_counts_its_own_rounds_tokens_and_steps(ask, api):
    earlier, trial = after_one_turn(ask, api)

    def answer(messages, body):
        if messages[-1]["role"] == "tool":
            return f"got {messages[-1]['content']}"
        return Answer(tools=[ToolRequest(name="add", arguments={"a": 5, "b": 5})])

    calls, log = adding()
    with FaultServer(answer=answer) as server:
        result = ask(server, trial, runtime=runtime_of(log, earlier=earlier), api=api)
    assert calls == [(5, 5)]
    assert result.inference.raw_text == "got 10"
    assert [step.kind for step in log.steps] == ["message", "tool_call", "tool_result"]
