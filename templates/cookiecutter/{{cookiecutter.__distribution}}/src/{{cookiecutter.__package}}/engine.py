"""Chat models behind an HTTP API."""

from __future__ import annotations

import asyncio
import io
import json
import os
import time
from collections.abc import Mapping
from typing import Any

import aiohttp
from pydantic import BaseModel, ConfigDict, Field
from themis.plugin import (
    ErrorCode,
    InferenceError,
    InferenceRecord,
    InferenceResult,
    InferenceRuntime,
    TokenUsage,
    TrialSpec,
)

from {{ cookiecutter.__package }}.failures import refusal, wrong_shape

__all__ = ["ChatEngine", "ChatEngineConfig"]


class ChatEngineConfig(BaseModel):
    """A model's `extras`. Every field is part of the keys of outputs, but for `exclude=True` ones.

    It names the variable that holds the API key and never holds the key: a plan is recorded.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str = Field(
        "http://localhost:8000/v1", description="Where the API is, up to /chat/completions."
    )
    api_key_env: str | None = Field(
        None, exclude=True, description="The secret or environment variable with the API key."
    )
    timeout: float = Field(120.0, gt=0, exclude=True, description="Seconds that a call may take.")


class ChatEngine:
    """Asks `POST {base_url}/chat/completions`, as most servers of models understand it.

    One engine makes all the calls of a run, many at once, in one event loop. It retries nothing:
    the run does, by the code of the InferenceError that is raised.
    """

    component_id = "{{ cookiecutter.__component }}"

    def __init__(self, config: ChatEngineConfig) -> None:
        self._config = config
        self._session: aiohttp.ClientSession | None = None

    async def infer(
        self,
        trial: TrialSpec,
        context: Mapping[str, Any],  # noqa: ARG002 (a model sees the prompt, not the item)
        runtime: InferenceRuntime,
    ) -> InferenceResult:
        """The model's reply.

        Raises:
            InferenceError: no reply came of it; the code says why.
        """
        started = time.perf_counter()
        body = await self._post(_request(trial, runtime), runtime)
        latency_ms = (time.perf_counter() - started) * 1000
        try:
            return InferenceResult(_record(body, latency_ms))
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as problem:
            raise wrong_shape(self._config.base_url, problem) from problem

    async def close(self) -> None:
        """Close the connections; may be called twice."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _post(self, request: Mapping[str, Any], runtime: InferenceRuntime) -> Any:
        """The JSON that the server answers."""
        url, limit = self._config.base_url, self._config.timeout
        seconds = min(limit, runtime.timeout_seconds or limit)
        try:
            async with (
                asyncio.timeout(seconds),
                self._opened().post(
                    f"{url.rstrip('/')}/chat/completions",
                    data=io.BytesIO(json.dumps(request).encode()),
                    headers=self._headers(runtime),
                    allow_redirects=False,
                ) as response,
            ):
                if response.status != 200:
                    raise refusal(url, response.status, response.headers)
                return await response.json(content_type=None)
        except TimeoutError as problem:
            msg = f"{url} did not answer within {seconds:g} s"
            raise InferenceError(msg, code=ErrorCode.PROVIDER_TIMEOUT) from problem
        except aiohttp.ClientError as problem:
            msg = f"{url} cannot be reached: {problem}"
            raise InferenceError(msg, code=ErrorCode.PROVIDER_UNAVAILABLE) from problem
        except ValueError as problem:
            raise wrong_shape(url, problem) from problem

    def _opened(self) -> aiohttp.ClientSession:
        """The session, opened by the first call: it belongs to the loop of the run."""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0)  # the run limits how many calls there are
            timeout = aiohttp.ClientTimeout(total=None)
            self._session = aiohttp.ClientSession(connector=connector, timeout=timeout)
        return self._session

    def _headers(self, runtime: InferenceRuntime) -> dict[str, str]:
        name, headers = self._config.api_key_env, {"Content-Type": "application/json"}
        if name is None:
            return headers
        key = runtime.secrets.get(name) or os.environ.get(name)
        if not key:
            msg = f"the API key is not set: set the environment variable {name}"
            raise InferenceError(msg, code=ErrorCode.PROVIDER_AUTH)
        return {**headers, "Authorization": f"Bearer {key}"}


def _request(trial: TrialSpec, runtime: InferenceRuntime) -> dict[str, Any]:
    params = trial.params
    asked = {
        "model": trial.model.model_id,
        "messages": [{"role": each.role, "content": each.text} for each in trial.prompt],
        "temperature": params.temperature,
        "top_p": params.top_p,
        "max_tokens": params.max_tokens,
        "stop": list(params.stop_sequences) or None,
        "seed": runtime.seed,
        **params.extras,
    }
    return {name: value for name, value in asked.items() if value is not None}


def _record(body: Mapping[str, Any], latency_ms: float) -> InferenceRecord:
    choice, usage = body["choices"][0], body.get("usage") or {}
    return InferenceRecord(
        raw_text=str(choice["message"]["content"] or ""),
        finish_reason=choice.get("finish_reason"),
        latency_ms=latency_ms,
        provider_request_id=body.get("id"),
        token_usage=TokenUsage(
            prompt=usage.get("prompt_tokens"),
            completion=usage.get("completion_tokens"),
            total=usage.get("total_tokens"),
        ),
    )
