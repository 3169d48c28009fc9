"""HTTP: one session for each event loop, bounded bodies, and failures in the core's terms."""

from __future__ import annotations

import asyncio
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from io import BytesIO
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import aiohttp
from yarl import URL

from themis_openai.config import OpenAIConfig
from themis_openai.credentials import Credentials
from themis_openai.failures import Reporter

__all__ = ["Transport"]

_FAILURES = (aiohttp.ClientError, TimeoutError, OSError)
_LARGE = 2**20
"""Larger bodies are sent piece by piece, so that other calls go on meanwhile."""


class Transport:
    """Posts JSON to one URL. Sessions are made inside the running loop, on first use."""

    def __init__(self, config: OpenAIConfig, path: str) -> None:
        self._config = config
        self._base = URL(config.base_url + path)
        self._target: tuple[Mapping[str, str], URL] = ({}, self._base)
        self._sessions: WeakKeyDictionary[asyncio.AbstractEventLoop, aiohttp.ClientSession] = (
            WeakKeyDictionary()
        )
        self._timeouts: dict[float, aiohttp.ClientTimeout] = {}

    @asynccontextmanager
    async def open(
        self, body: bytes, *, sent: Credentials, reporter: Reporter, seconds: float
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """A response whose body has not been read; failures while it is read are mapped too."""
        try:
            async with self._session(sent).post(
                self._url(sent),
                data=body if len(body) < _LARGE else BytesIO(body),
                headers=sent.headers,
                timeout=self._timeout(seconds),
                allow_redirects=False,
            ) as response:
                yield response
        except _FAILURES as error:
            # Without the cause: the client's errors show headers and proxies in their repr.
            raise reporter.connection(error, seconds=seconds) from None

    async def read(self, response: aiohttp.ClientResponse, reporter: Reporter) -> bytes:
        """The body, up to the configured size."""
        limit = self._config.max_response_bytes
        length = response.content_length
        if length is not None and length > limit:
            raise reporter.too_large(limit)
        if length is not None and "Content-Encoding" not in response.headers:
            return await response.read()
        data = bytearray()
        async for piece in response.content.iter_any():
            data += piece
            if len(data) > limit:
                raise reporter.too_large(limit)
        return bytes(data)

    async def close(self) -> None:
        """Close the running loop's session; may be called twice."""
        session = self._sessions.pop(asyncio.get_running_loop(), None)
        if session is not None:
            await session.close()

    def _url(self, sent: Credentials) -> URL:
        query, url = self._target
        if query is not sent.query:
            query, url = self._target = (sent.query, self._base.update_query(sent.query))
        return url

    def _session(self, sent: Credentials) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        session = self._sessions.get(loop)
        if session is None or session.closed:
            session = self._sessions[loop] = self._new_session(sent)
        return session

    def _new_session(self, sent: Credentials) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=self._config.max_connections, ttl_dns_cache=300)
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            proxy=sent.proxy or _environment_proxy(self._config.base_url),
        )

    def _timeout(self, seconds: float) -> aiohttp.ClientTimeout:
        timeout = self._timeouts.get(seconds)
        if timeout is None:
            timeout = self._timeouts[seconds] = aiohttp.ClientTimeout(
                total=seconds, sock_connect=self._config.connect_timeout
            )
        return timeout


def _environment_proxy(url: str) -> str | None:
    """What HTTPS_PROXY, HTTP_PROXY and NO_PROXY say; read once a session, not once a call."""
    parts = urlsplit(url)
    if urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    return urllib.request.getproxies().get(parts.scheme)
