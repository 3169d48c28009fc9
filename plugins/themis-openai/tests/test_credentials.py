from __future__ import annotations

import traceback

import pytest
from themis_openai.config import OpenAIConfig
from themis_openai.credentials import Keyring

from themis.plugin import ErrorCode, InferenceError, InferenceRuntime
from themis.testing import FaultServer, StatusError, WrongShape, always

KEY = "sk-test-0123456789"


@pytest.fixture(autouse=True)
def _no_key_in_the_environment(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def credentials(secrets=None, **config):
    return Keyring(OpenAIConfig(**config)).credentials(secrets or {})


def test_a_key_of_the_runtime_comes_before_the_environments(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "from-environment")
    assert credentials().headers["Authorization"] == "Bearer from-environment"
    given = credentials({"OPENAI_API_KEY": KEY})
    assert given.headers["Authorization"] == f"Bearer {KEY}"


def test_a_key_that_changes_is_used_at_the_next_call(monkeypatch):
    keyring = Keyring(OpenAIConfig())
    monkeypatch.setenv("OPENAI_API_KEY", "first-key")
    first = keyring.credentials({})
    assert keyring.credentials({}) is first
    monkeypatch.setenv("OPENAI_API_KEY", "second-key")
    assert keyring.credentials({}).headers["Authorization"] == "Bearer second-key"


def test_a_line_end_after_a_key_is_no_part_of_it():
    given = credentials({"OPENAI_API_KEY": f"{KEY}\n"})
    assert given.headers["Authorization"] == f"Bearer {KEY}"


def test_a_key_that_no_header_can_hold_is_an_error_that_does_not_show_it():
    with pytest.raises(InferenceError) as raised:
        credentials({"OPENAI_API_KEY": "sk-\nevil: 1"})
    assert raised.value.code is ErrorCode.PROVIDER_AUTH
    assert raised.value.message == (
        "OPENAI_API_KEY: its value holds characters that an HTTP header cannot; set it anew"
    )


def test_openai_without_a_key_is_an_error_before_anything_is_sent():
    with pytest.raises(InferenceError) as raised:
        credentials()
    assert (raised.value.code, raised.value.retryable) == (ErrorCode.PROVIDER_AUTH, False)
    assert raised.value.message == (
        "the API key is taken from OPENAI_API_KEY, which is not set; "
        "export it or add it to the run's secrets"
    )


def test_another_server_may_want_no_key():
    assert "Authorization" not in credentials(base_url="http://localhost:8000/v1").headers


def test_azure_takes_the_key_in_its_own_header():
    given = credentials(
        {"AZURE_KEY": KEY},
        base_url="https://x.openai.azure.test/openai/deployments/d",
        api_key_env="AZURE_KEY",
        api_key_header="api-key",
    )
    assert given.headers["api-key"] == KEY
    assert "Authorization" not in given.headers


def test_headers_and_query_take_their_secrets_by_name():
    given = credentials(
        {"TOKEN": KEY},
        base_url="http://x.test",
        headers={"X-Auth-Token": "Bearer env:TOKEN", "X-Team": "evals"},
        query={"sig": "env:TOKEN"},
    )
    assert given.headers["X-Auth-Token"] == f"Bearer {KEY}"
    assert given.headers["X-Team"] == "evals"
    assert given.query == {"sig": KEY}


def test_organization_and_project_are_sent_as_openai_names_them():
    headers = credentials({"OPENAI_API_KEY": KEY}, organization="o", project="p").headers
    assert (headers["OpenAI-Organization"], headers["OpenAI-Project"]) == ("o", "p")


def test_a_repr_shows_no_secret():
    given = credentials({"OPENAI_API_KEY": KEY})
    assert KEY not in repr(given)


@pytest.mark.parametrize(
    "echo",
    [
        StatusError(401, message=f"Incorrect API key provided: {KEY}."),
        StatusError(500, body=f"<pre>Authorization: Bearer {KEY}</pre>".encode()),
        StatusError(400, message=KEY * 100),
        WrongShape(f'["{KEY}"]'.encode()),
        WrongShape(f'{{"error": {{"message": "{KEY}"}}}}'.encode()),
        WrongShape(b'{"error": {"message": "sk\\u002dtest-0123456789"}}'),
    ],
)
def test_a_server_that_repeats_the_key_cannot_make_it_known(failure, echo):
    runtime = InferenceRuntime(secrets={"OPENAI_API_KEY": KEY})
    with FaultServer(faults=always(echo)) as server:
        error = failure(server, runtime=runtime, api_key_env="OPENAI_API_KEY")
        assert server.calls[0].headers["authorization"] == f"Bearer {KEY}"
    told = "".join(traceback.format_exception(error)) + repr(error)
    assert "0123456789" not in told


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_repeats_the_key_is_masked(ask, stream):
    runtime = InferenceRuntime(secrets={"OPENAI_API_KEY": KEY})
    with FaultServer(answer=lambda messages, body: f"your key is {KEY}!") as server:
        result = ask(server, runtime=runtime, api_key_env="OPENAI_API_KEY", stream=stream)
    assert result.inference.raw_text == "your key is [redacted]!"


def test_a_placeholder_for_a_key_masks_nothing(ask):
    runtime = InferenceRuntime(secrets={"OPENAI_API_KEY": "EMPTY"})
    with FaultServer(answer=lambda messages, body: "EMPTY") as server:
        result = ask(server, runtime=runtime, api_key_env="OPENAI_API_KEY")
    assert result.inference.raw_text == "EMPTY"


def test_a_refused_key_is_named_by_its_variable(failure):
    runtime = InferenceRuntime(secrets={"OPENAI_API_KEY": KEY})
    with FaultServer(faults=always(StatusError(401, message="no"))) as server:
        error = failure(server, runtime=runtime, api_key_env="OPENAI_API_KEY")
        without = failure(server, api_key_env="OPENAI_API_KEY")
    assert error.message.endswith(
        "answered 401: no; check the key in OPENAI_API_KEY, and what it may use"
    )
    assert without.message.endswith("answered 401: no; no key was sent: OPENAI_API_KEY is not set")
