"""A real HTTP server that speaks the OpenAI API, answers as told and fails as told.

    with FaultServer(faults=first_attempts(RateLimited(0.1))) as server:
        run(base_url=server.base_url)
    assert server.count() == 2 * items

`python -m themis.testing --latency 0.05` serves from a process of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from themis.testing.faults import Call, Reply, Schedule
from themis.testing.loopback import HttpRequest, LoopbackServer, Script, response_head
from themis.testing.openai_wire import (
    Answer,
    chat_body,
    chat_events,
    json_bytes,
    messages_of,
    responses_body,
    responses_events,
)

__all__ = ["AnswerFunction", "FaultServer", "echo_answer", "last_text"]

AnswerFunction = Callable[[Sequence[Mapping[str, Any]], Mapping[str, Any]], str | Answer]


def last_text(messages: Sequence[Mapping[str, Any]]) -> str:
    """The text of the last user message; image parts are left out."""
    said = [message["content"] for message in messages if message.get("role") == "user"]
    content = said[-1] if said else ""
    if isinstance(content, str):
        return content
    return " ".join(part["text"] for part in content if "text" in part)


def echo_answer(messages: Sequence[Mapping[str, Any]], body: Mapping[str, Any]) -> str:  # noqa: ARG001
    """Answer with the last user message."""
    return last_text(messages)


class FaultServer:
    """Chat completions and responses on a loopback port, with injected faults; a context manager.

    `answer(messages, body)` gives the text (or an `Answer`); it runs in the server's thread.
    `faults` says which request fails how. `latency` is the seconds before a reply, `event_gap`
    those between the events of a stream. `calls` holds every request received, in order.
    """

    def __init__(
        self,
        *,
        answer: AnswerFunction = echo_answer,
        faults: Schedule | None = None,
        latency: float = 0.0,
        event_gap: float = 0.0,
        port: int = 0,
    ) -> None:
        self._answer = answer
        self._faults = faults
        self._latency = float(latency)
        self._gap = float(event_gap)
        self._server = LoopbackServer(self._respond, port=port)
        self._attempts: Counter[bytes] = Counter()
        self.calls: list[Call] = []

    @property
    def base_url(self) -> str:
        """What to configure as the engine's base_url."""
        return f"http://127.0.0.1:{self._server.port}/v1"

    @property
    def peak_in_flight(self) -> int:
        """The most requests that were being answered at once."""
        return self._server.peak

    @property
    def connections(self) -> int:
        """Connections accepted so far."""
        return self._server.accepted

    def count(self, *, ok_only: bool = False) -> int:
        """Requests received; with `ok_only` those that got no fault."""
        return sum(1 for call in self.calls if not (ok_only and call.fault))

    def counts(self, key: Callable[[Call], str] | None = None) -> Counter[str]:
        """Requests by `key` of the call, by default the text of its last user message."""
        chosen = key or (lambda call: last_text(messages_of(call.body)))
        return Counter(chosen(call) for call in self.calls)

    def start(self) -> Self:
        """Listen."""
        self._server.start()
        return self

    def stop(self) -> None:
        """Close every connection; raises when the answer function did."""
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _respond(self, request: HttpRequest) -> Script:
        path = request.path.partition("?")[0]
        if request.method != "POST" or not path.endswith(("/chat/completions", "/responses")):
            return (_not_found(request),)
        call = self._note(request)
        reply = self._reply(call, chat=path.endswith("/chat/completions"))
        if self._faults is not None:
            call.fault = self._faults(call)
        return reply.script() if call.fault is None else call.fault.script(reply)

    def _note(self, request: HttpRequest) -> Call:
        attempt = self._attempts[request.body]
        self._attempts[request.body] += 1
        call = Call(
            index=len(self.calls), attempt=attempt, path=request.path, headers=request.headers,
            raw=request.body,
        )  # fmt: skip
        self.calls.append(call)
        return call

    def _reply(self, call: Call, *, chat: bool) -> Reply:
        body, index = call.body, call.index
        given = self._answer(messages_of(body), body)
        answer = Answer(text=given) if isinstance(given, str) else given
        streamed = bool(body.get("stream"))
        if streamed:
            pieces = (chat_events if chat else responses_events)(answer, body, index=index)
        else:
            whole = (chat_body if chat else responses_body)(answer, body, index=index)
            pieces = (json_bytes(whole),)
        return Reply(
            pieces=pieces, headers={"x-request-id": f"req-{index}"}, streamed=streamed,
            latency=self._latency, gap=self._gap,
        )  # fmt: skip


def _not_found(request: HttpRequest) -> bytes:
    message = f"Invalid URL ({request.method} {request.path})"
    body = json_bytes({"error": {"message": message, "type": "invalid_request_error"}})
    head = {"content-type": "application/json", "content-length": str(len(body))}
    return response_head(404, head) + body
