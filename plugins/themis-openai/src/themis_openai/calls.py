"""One call to a model: a request built, sent and read, whole or streamed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
import attrs

from themis.plugin import InferenceRuntime, TrialSpec
from themis_openai.config import OpenAIConfig
from themis_openai.credentials import Credentials
from themis_openai.failures import FILTERED_CODES, Reporter, error_of
from themis_openai.json_bytes import decode, encode
from themis_openai.sse import EventReader
from themis_openai.transport import Transport
from themis_openai.turn import Turn, WireFormat

__all__ = ["Caller", "Spoken"]

_REQUEST_IDS = ("x-request-id", "apim-request-id")
_DONE = b"[DONE]"


@attrs.frozen(slots=True, kw_only=True)
class Spoken:
    """A turn, and how the call that brought it went."""

    turn: Turn
    latency_ms: float
    first_token_ms: float | None
    request_id: str | None


@attrs.frozen(slots=True, kw_only=True)
class _Received:
    """A response: its body as a value when it was streamed, else as bytes."""

    status: int
    headers: Mapping[str, str]
    data: bytes = b""
    body: Mapping[str, Any] | None = None
    first_token_ms: float | None = None


class Caller:
    """Makes the calls of one engine."""

    def __init__(self, config: OpenAIConfig, wire: WireFormat) -> None:
        self._config = config
        self._wire = wire
        self._transport = Transport(config, wire.path)

    async def close(self) -> None:
        """Close the running loop's session."""
        await self._transport.close()

    def reporter(self, trial: TrialSpec, credentials: Credentials) -> Reporter:
        """Who words the errors of calls for `trial`."""
        name = self._config.api_key_env
        if name is None:
            advice = "no key was sent: name its environment variable in api_key_env"
        elif name not in credentials.values:
            advice = f"no key was sent: {name} is not set"
        else:
            advice = f"check the key in {name}, and what it may use"
        place = f"model {trial.model.model_id!r} at {self._config.base_url}"
        return Reporter(place, advice, credentials.scrub)

    async def ask(
        self,
        trial: TrialSpec,
        sent: Sequence[Mapping[str, Any]],
        *,
        runtime: InferenceRuntime,
        credentials: Credentials,
        reporter: Reporter,
    ) -> Spoken:
        """Send the conversation so far; raises InferenceError when no turn comes of it."""
        request = self._wire.request(trial, sent, seed=runtime.seed, credentials=credentials)
        seconds = min(self._config.timeout, runtime.timeout_seconds or self._config.timeout)
        started = time.perf_counter()
        async with self._transport.open(
            encode(request), sent=credentials, reporter=reporter, seconds=seconds
        ) as response:
            received = await self._receive(response, reporter, started)
        latency_ms = (time.perf_counter() - started) * 1000
        turn, body_id = self._turn(received, credentials, reporter)
        return Spoken(
            turn=turn,
            latency_ms=latency_ms,
            first_token_ms=received.first_token_ms,
            request_id=_request_id(received.headers, credentials) or body_id,
        )

    async def _receive(
        self, response: aiohttp.ClientResponse, reporter: Reporter, started: float
    ) -> _Received:
        status, headers = response.status, response.headers
        if status == 200 and response.content_type == "text/event-stream":
            body, first = await self._gather(response, reporter)
            first_ms = None if first is None else (first - started) * 1000
            return _Received(status=status, headers=headers, body=body, first_token_ms=first_ms)
        data = await self._transport.read(response, reporter)
        return _Received(status=status, headers=headers, data=data)

    async def _gather(
        self, response: aiohttp.ClientResponse, reporter: Reporter
    ) -> tuple[Mapping[str, Any], float | None]:
        """The body that a stream's events add up to, and when its first token came."""
        stream = _Stream(self._wire, reporter, self._config.max_response_bytes)
        try:
            async for piece in response.content.iter_any():
                stream.feed(piece)
        except aiohttp.ClientPayloadError:
            if stream.body() is None:  # a connection lost after the answer has lost nothing
                raise
        stream.close()
        body = stream.body()
        if body is None:
            raise reporter.broken_stream()
        return body, stream.first_token

    def _turn(
        self, received: _Received, credentials: Credentials, reporter: Reporter
    ) -> tuple[Turn, str | None]:
        """The turn of a response, and the id in its body."""
        if not 200 <= received.status < 300:
            return self._refused(received, credentials, reporter), None
        data = received.data if received.body is None else encode(received.body)
        clean = credentials.scrub_body(data)
        body = received.body
        if body is None or clean != data:
            body = _object(clean, reporter)
        try:
            turn = self._wire.read(body, reporter)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise reporter.wrong_shape(f"the fields it should have ({error!r})") from error
        body_id = body.get("id")
        return turn, body_id if isinstance(body_id, str) else None

    def _refused(self, received: _Received, credentials: Credentials, reporter: Reporter) -> Turn:
        """A filtered prompt is an outcome of the trial; any other refusal is an error."""
        data = credentials.scrub_body(received.data)
        if received.status == 400 and error_of(data).get("code") in FILTERED_CODES:
            return Turn(text="", finish_reason="content_filter", usage=None)
        raise reporter.status(received.status, received.headers, data)


class _Stream:
    """The events of one stream on their way into a collector."""

    def __init__(self, wire: WireFormat, reporter: Reporter, limit: int) -> None:
        self._collector = wire.collector(reporter)
        self._reader = EventReader()
        self._reporter = reporter
        self._left = self._limit = limit
        self.first_token: float | None = None

    def feed(self, piece: bytes) -> None:
        """Take a piece, cut anywhere."""
        self._left -= len(piece)
        if self._left < 0:
            raise self._reporter.too_large(self._limit)
        self._take(self._reader.feed(piece))

    def close(self) -> None:
        """Take what the end of the stream left over."""
        self._take(self._reader.close())

    def body(self) -> Mapping[str, Any] | None:
        """The whole body, or None while it is incomplete."""
        return self._collector.body()

    def _take(self, events: Sequence[bytes]) -> None:
        for event in events:
            if event.strip() == _DONE:
                continue
            try:
                self._collector.add(_object(event, self._reporter))
            except (AttributeError, KeyError, TypeError) as error:
                raise self._reporter.wrong_shape(f"a usable event ({error!r})") from error
            if self.first_token is None and self._collector.speaking:
                self.first_token = time.perf_counter()


def _object(data: bytes, reporter: Reporter) -> Mapping[str, Any]:
    try:
        value = decode(data)
    except (ValueError, RecursionError) as error:
        raise reporter.not_json(data) from error
    if not isinstance(value, dict):
        raise reporter.not_json(data)
    return value


def _request_id(headers: Mapping[str, str], credentials: Credentials) -> str | None:
    for name in _REQUEST_IDS:
        if name in headers:
            return credentials.scrub(headers[name])
    return None
