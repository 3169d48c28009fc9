from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pytest
from themis.plugin import ErrorCode, InferenceError, InferenceResult, InferenceRuntime
from themis.testing import (
    Call,
    EngineKit,
    Fault,
    FaultServer,
    NeverAnswers,
    NotJson,
    RateLimited,
    StatusError,
    WrongShape,
    always,
    make_trial,
)
from themis.testing.kits import EngineFailure

from {{ cookiecutter.__package }}.engine import ChatEngine, ChatEngineConfig

FAULTS: dict[EngineFailure, Fault] = {
    "timeout": NeverAnswers(),
    "rate_limit": RateLimited(retry_after=7),
    "auth": StatusError(401),
    "unavailable": StatusError(503),
}


def fault_of(call: Call) -> Fault | None:
    """The fault that the request's path names."""
    return next((fault for name, fault in FAULTS.items() if f"/{name}/" in call.path), None)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer(faults=fault_of) as started:
        yield started


class TestChatEngine(EngineKit):
    ref: ClassVar[str] = "{{ cookiecutter.__distribution }}/{{ cookiecutter.__component }}"

    @pytest.fixture(autouse=True)
    def _with_a_server(self, server: FaultServer) -> None:
        self._url = server.base_url

    def settings(self) -> Mapping[str, Any]:
        return {"base_url": self._url}

    def failing_engine(self, failure: EngineFailure) -> Any:
        return self.make(base_url=f"{self._url}/{failure}", timeout=0.3)


def ask(url: str, runtime: InferenceRuntime | None = None, **config: Any) -> InferenceResult:
    async def main() -> InferenceResult:
        engine = ChatEngine(ChatEngineConfig(base_url=url, **config))
        try:
            return await engine.infer(make_trial("Hello"), {}, runtime or InferenceRuntime())
        finally:
            await engine.close()

    return asyncio.run(main())


def test_the_reply_is_recorded_with_its_usage(server: FaultServer) -> None:
    inference = ask(server.base_url).inference
    assert inference.raw_text == "Hello"
    assert inference.finish_reason == "stop"
    assert inference.token_usage is not None
    assert inference.token_usage.completion == 1


def test_the_seed_is_sent(server: FaultServer) -> None:
    ask(server.base_url, InferenceRuntime(seed=7))
    assert server.calls[0].body["seed"] == 7


def test_the_key_is_taken_from_the_secrets(server: FaultServer) -> None:
    runtime = InferenceRuntime(secrets={"MY_KEY": "s3cret-value"})
    ask(server.base_url, runtime, api_key_env="MY_KEY")
    assert server.calls[0].headers["authorization"] == "Bearer s3cret-value"


def test_a_key_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)
    with pytest.raises(InferenceError, match="set the environment variable MY_KEY") as raised:
        ask("http://localhost:9", api_key_env="MY_KEY")
    assert raised.value.code is ErrorCode.PROVIDER_AUTH


@pytest.mark.parametrize("fault", [NotJson(), WrongShape()])
def test_a_reply_that_is_no_completion_is_a_parse_error(fault: Fault) -> None:
    with (
        FaultServer(faults=always(fault)) as server,
        pytest.raises(InferenceError, match="no chat completion") as raised,
    ):
        ask(server.base_url)
    assert raised.value.code is ErrorCode.PARSE_ERROR


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(InferenceError, match="cannot be reached") as raised:
        ask("http://127.0.0.1:9")
    assert raised.value.code is ErrorCode.PROVIDER_UNAVAILABLE
