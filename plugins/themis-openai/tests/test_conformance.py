"""The engine passes the core's kits, against a server on this machine."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from themis.testing import (
    EngineKit,
    FaultServer,
    NeverAnswers,
    PluginKit,
    RateLimited,
    StatusError,
    always,
)

FAULTS = {
    "timeout": NeverAnswers(),
    "rate_limit": RateLimited(7),
    "auth": StatusError(401),
    "unavailable": StatusError(503),
}


class TestPlugin(PluginKit):
    distribution = "themis-openai"


class TestOpenAI(EngineKit):
    ref = "themis-openai/openai"

    @pytest.fixture(autouse=True)
    def _servers(self):
        with ExitStack() as self.opened:
            self.server = self.opened.enter_context(FaultServer())
            yield

    def settings(self):
        return {"base_url": self.server.base_url, "api_key_env": None}

    def failing_engine(self, failure):
        server = self.opened.enter_context(FaultServer(faults=always(FAULTS[failure])))
        return self.make(base_url=server.base_url, timeout=0.3)


class TestOpenAIStreamed(TestOpenAI):
    def settings(self):
        return {**super().settings(), "stream": True}


class TestOpenAIResponses(TestOpenAI):
    def settings(self):
        return {**super().settings(), "api": "responses"}
