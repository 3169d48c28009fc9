from __future__ import annotations

import asyncio

import pytest
from themis_openai.config import OpenAIConfig
from themis_openai.engine import OpenAIEngine

from themis.plugin import InferenceError, InferenceRuntime
from themis.testing import make_trial


@pytest.fixture
def ask():
    """Ask a server once, in a loop of its own: the InferenceResult."""

    def ask(server, trial=None, *, runtime=None, **config):
        async def main():
            url = server if isinstance(server, str) else server.base_url
            engine = OpenAIEngine(OpenAIConfig(base_url=url, **{"api_key_env": None, **config}))
            try:
                given = runtime or InferenceRuntime()
                return await engine.infer(trial or make_trial(), {}, given)
            finally:
                await engine.close()

        return asyncio.run(main())

    return ask


@pytest.fixture
def failure(ask):
    """Ask a server that fails: the InferenceError."""

    def failure(server, trial=None, **options):
        with pytest.raises(InferenceError) as raised:
            ask(server, trial, **options)
        return raised.value

    return failure
