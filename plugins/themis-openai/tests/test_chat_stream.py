from __future__ import annotations

import pytest
from themis_openai.chat_stream import ChatCollector
from themis_openai.failures import Reporter

from themis.plugin import InferenceError


@pytest.fixture
def collector():
    return ChatCollector(Reporter("model 'm'", "check the key", lambda text: text))


def delta(finish_reason=None, **fields):
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": finish_reason}]}


def message(collector):
    return collector.body()["choices"][0]["message"]


def test_pieces_of_text_are_joined(collector):
    for event in (delta(role="assistant"), delta(content="a"), delta(content="b"), delta("stop")):
        collector.add(event)
    assert message(collector)["content"] == "ab"


def test_a_character_cut_in_two_is_whole_again(collector):
    for event in (delta(content="\ud83d"), delta(content="\udc4b"), delta("stop")):
        collector.add(event)
    assert message(collector)["content"] == "👋"


def test_the_first_token_is_that_of_text_reasoning_or_a_tool(collector):
    collector.add(delta(role="assistant", content=""))
    assert not collector.speaking
    collector.add(delta(reasoning_content="hm"))
    assert collector.speaking


def test_tool_calls_are_put_together_by_their_index(collector):
    head = {"id": "c1", "function": {"name": "add", "arguments": ""}}
    other = {"id": "c2", "function": {"name": "sub", "arguments": "{}"}}
    collector.add(delta(tool_calls=[{"index": 0, **head}]))
    collector.add(delta(tool_calls=[{"index": 1, **other}]))
    collector.add(delta(tool_calls=[{"index": 0, "function": {"arguments": '{"a"'}}]))
    collector.add(delta("tool_calls", tool_calls=[{"index": 0, "function": {"arguments": ":1}"}}]))
    calls = message(collector)["tool_calls"]
    assert [(call["id"], call["function"]["arguments"]) for call in calls] == [
        ("c1", '{"a":1}'),
        ("c2", "{}"),
    ]


def test_whole_tool_calls_without_an_index_are_kept_apart(collector):
    for name in ("add", "sub"):
        call = {"id": f"id-{name}", "function": {"name": name, "arguments": "{}"}}
        collector.add(delta("tool_calls", tool_calls=[call]))
    assert [call["id"] for call in message(collector)["tool_calls"]] == ["id-add", "id-sub"]


def test_only_the_first_choice_is_read(collector):
    collector.add(delta("stop", content="a"))
    collector.add({"choices": [{"index": 1, "delta": {"content": "b"}}]})
    assert message(collector)["content"] == "a"


def test_usage_comes_with_a_chunk_of_its_own(collector):
    collector.add(delta("stop", content="a"))
    collector.add({"choices": [], "usage": {"prompt_tokens": 3}})
    assert collector.body()["usage"] == {"prompt_tokens": 3}


def test_without_a_finish_reason_the_answer_is_incomplete(collector):
    collector.add(delta(content="a"))
    assert collector.body() is None


def test_an_error_in_the_middle_is_raised(collector):
    with pytest.raises(InferenceError, match="reported an error in its answer: overloaded"):
        collector.add({"error": {"message": "overloaded"}})
