"""Against a server that nobody here wrote. Without Node these skip, except where CI is set."""

from __future__ import annotations

import asyncio
import os

import pytest
from themis_openai.config import OpenAIConfig
from themis_openai.engine import OpenAIEngine

from themis.plugin import ErrorCode, InferenceError, InferenceRuntime
from themis.specs import ToolSpec
from themis.testing import StepLog, make_trial
from themis.testing.aimock import AimockServer, AimockUnavailableError

FIXTURES = [
    {
        "match": {"userMessage": "weather", "hasToolResult": False},
        "response": {"toolCalls": [{"name": "weather", "arguments": {"city": "Oslo"}}]},
    },
    {
        "match": {"userMessage": "weather", "hasToolResult": True},
        "response": {"content": "It is 4 degrees in Oslo."},
    },
    {
        "match": {"userMessage": "2 + 2"},
        "response": {"content": "The answer is 4.", "reasoning": "two and two"},
    },
]
CHAOS = {"drop": 0.1, "malformed": 0.1, "disconnect": 0.1, "ratelimit": 0.1}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("api", ["chat", "responses"]),
    pytest.mark.parametrize("stream", [False, True]),
]


def started(**options):
    try:
        return AimockServer(FIXTURES, **options).start()
    except AimockUnavailableError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def aimock():
    server = started()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def chaotic():
    server = started(chaos=CHAOS)
    yield server
    server.stop()


def test_an_answer_is_read(ask, aimock, api, stream):
    record = ask(aimock, make_trial("2 + 2?"), api=api, stream=stream).inference
    assert record.raw_text == "The answer is 4."
    assert record.finish_reason == "stop"
    assert record.provider_request_id.startswith("req-")
    assert record.token_usage.total is not None


def test_reasoning_is_kept(ask, aimock, api, stream):
    record = ask(aimock, make_trial("2 + 2?"), api=api, stream=stream).inference
    assert record.reasoning_trace == "two and two"


def test_a_tool_is_called_and_its_result_used(ask, aimock, api, stream):
    cities = []
    log = StepLog({"weather": lambda city: cities.append(city) or "4 degrees"})
    runtime = InferenceRuntime(record=log.record, call_tool=log.call_tool)
    trial = make_trial("the weather?", tools=(ToolSpec(name="weather"),))
    result = ask(aimock, trial, runtime=runtime, api=api, stream=stream)
    assert cities == ["Oslo"]
    assert result.inference.raw_text == "It is 4 degrees in Oslo."


def test_a_prompt_without_a_fixture_is_an_error_that_is_not_retried(failure, aimock, api, stream):
    error = failure(aimock, make_trial("unheard of"), api=api, stream=stream)
    assert error.code is ErrorCode.SCHEMA_MISMATCH
    assert not error.retryable


def test_every_fault_ends_as_an_error_that_is_retried(chaotic, api, stream):
    async def outcomes():
        engine = OpenAIEngine(
            OpenAIConfig(base_url=chaotic.base_url, api_key_env=None, api=api, stream=stream)
        )
        trial, runtime = make_trial("2 + 2?"), InferenceRuntime()
        calls = [engine.infer(trial, {}, runtime) for _ in range(200)]
        ended = await asyncio.gather(*calls, return_exceptions=True)
        await engine.close()
        return ended

    before = chaotic.count()
    ended = asyncio.run(outcomes())
    errors = [end for end in ended if isinstance(end, Exception)]
    assert 30 < len(errors) < 130
    assert all(isinstance(error, InferenceError) and error.retryable for error in errors)
    assert {error.code for error in errors} == {
        ErrorCode.PROVIDER_UNAVAILABLE,
        ErrorCode.PROVIDER_RATE_LIMIT,
        ErrorCode.PARSE_ERROR,
    }
    assert all(e.retry_after for e in errors if e.code is ErrorCode.PROVIDER_RATE_LIMIT)
    assert chaotic.count() - before == 200
