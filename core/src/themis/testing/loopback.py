"""A minimal HTTP/1.1 server on a loopback port, running in a thread of its own.

It is given a function from a request to a script: what to write, how long to wait, how to end. It
exists to misbehave on purpose, which a real server framework does not let one do.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import Enum
from typing import Self

import attrs

__all__ = ["Ending", "HttpRequest", "LoopbackServer", "Script", "response_head"]

_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 429: "Too Many Requests"}


class Ending(Enum):
    """How a script ends, when not by finishing its response: the connection does not live on."""

    CLOSE = "close"  # what was written arrives, then the connection is closed
    RESET = "reset"  # the connection is torn down at once
    HOLD = "hold"  # nothing more ever happens


Script = tuple[bytes | float | Ending, ...]
"""Bytes are written, numbers are seconds to wait; without an Ending the connection is kept."""


@attrs.frozen(slots=True, kw_only=True)
class HttpRequest:
    """One request as it arrived; header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def response_head(status: int, headers: dict[str, str]) -> bytes:
    """The status line and headers of a response, up to where its body starts."""
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Status')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class LoopbackServer:
    """Serves scripts on 127.0.0.1 until stopped; a context manager.

    `accepted` counts connections, `active` requests being answered, `peak` the most of those.

    `respond` is called in the server's thread. An exception it raises is answered with a 500 and
    raised again by `stop()`, so that a test cannot miss it.
    """

    def __init__(self, respond: Callable[[HttpRequest], Script], *, port: int = 0) -> None:
        self._respond = respond
        self.port = port
        self.accepted = 0
        self.active = 0
        self.peak = 0
        self._failure: Exception | None = None
        self._connections: set[_Connection] = set()
        self._started = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: asyncio.Server | None = None

    def start(self) -> Self:
        """Listen; returns when the port accepts connections."""
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(self._listen(self._loop))
        self.port = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._serve, name="themis-testing", daemon=True)
        self._thread.start()
        self._started.wait()
        return self

    def stop(self) -> None:
        """Close every connection and end the thread; may be called twice."""
        if self._loop is None or self._thread is None:
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop, self._thread = None, None
        if self._failure is not None:
            failure, self._failure = self._failure, None
            msg = "the server's answer function raised; its error is the cause of this one"
            raise RuntimeError(msg) from failure

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    async def _listen(self, loop: asyncio.AbstractEventLoop) -> asyncio.Server:
        return await loop.create_server(
            lambda: _Connection(self), "127.0.0.1", self.port, backlog=2048
        )

    def _serve(self) -> None:
        assert self._loop is not None
        assert self._server is not None
        asyncio.set_event_loop(self._loop)
        self._loop.call_soon(self._started.set)
        try:
            self._loop.run_forever()
        finally:
            self._server.close()
            for connection in tuple(self._connections):
                connection.abort()
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()

    def script_for(self, request: HttpRequest) -> Script:
        """What `respond` says, or a 500 when it raises."""
        try:
            return self._respond(request)
        except Exception as error:  # noqa: BLE001 (raised again by `stop`)
            self._failure = self._failure or error
            body = b'{"error": {"message": "the test\'s answer function raised"}}'
            return (response_head(500, {"content-length": str(len(body))}) + body,)

    def opened(self, connection: _Connection) -> None:
        """Note a connection, to be closed at the end."""
        self.accepted += 1
        self._connections.add(connection)

    def closed(self, connection: _Connection) -> None:
        """Forget a connection."""
        self._connections.discard(connection)

    def busy(self, change: int) -> None:
        """Count requests being answered."""
        self.active += change
        self.peak = max(self.peak, self.active)


class _Connection(asyncio.Protocol):
    """One client connection: reads a request, plays its script, reads the next."""

    def __init__(self, server: LoopbackServer) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self._script: Iterator[bytes | float | Ending] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (the protocol's name)
        self._finish()
        self._transport = None
        self._server.closed(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._next_request()

    def abort(self) -> None:
        """Tear the connection down now."""
        self._finish()
        if self._transport is not None:
            self._transport.abort()

    def _next_request(self) -> None:
        if self._script is not None:
            return
        request = _take_request(self._buffer)
        if request is not None:
            self._server.busy(1)
            self._script = iter(self._server.script_for(request))
            self._play()

    def _play(self) -> None:
        assert self._script is not None
        for step in self._script:
            if isinstance(step, bytes):
                self._write(step)
            elif isinstance(step, float):
                if step > 0:
                    self._timer = self._loop.call_later(step, self._play)
                    return
            else:
                self._end(step)
                return
        self._finish()
        self._next_request()

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _end(self, ending: Ending) -> None:
        if ending is Ending.HOLD or self._transport is None:
            return
        if ending is Ending.RESET:
            self._transport.abort()
        else:
            self._transport.close()

    def _finish(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._script is not None:
            self._script = None
            self._server.busy(-1)


def _take_request(buffer: bytearray) -> HttpRequest | None:
    """Remove one whole request from the front of `buffer`, or None when it is not all there."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    first, *lines = buffer[:end].decode("latin-1").split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    stop = end + 4
    with suppress(KeyError):
        stop += int(headers["content-length"])
    if len(buffer) < stop:
        return None
    body = bytes(buffer[end + 4 : stop])
    del buffer[:stop]
    method, path, _ = first.split(" ", 2)
    return HttpRequest(method=method, path=path, headers=headers, body=body)
