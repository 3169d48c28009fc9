"""What went wrong, in the core's terms: one InferenceError for each way a call can fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
import attrs
import orjson

from themis.plugin import ErrorCode, InferenceError
from themis_openai.retry_after import retry_after

__all__ = ["FILTERED_CODES", "MAX_QUOTE", "Reporter", "error_of"]

MAX_QUOTE = 500
FILTERED_CODES = frozenset({"content_filter", "content_policy_violation"})
_QUOTA_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
_RATE_CODES = frozenset({"rate_limit_exceeded", "rate_limit_error"})
_REFUSED_PARAMETER = frozenset({"unsupported_parameter", "unsupported_value", "unknown_parameter"})
_TRANSIENT_CLIENT_STATUS = frozenset({409, 425})


@attrs.frozen(slots=True)
class Reporter:
    """Words errors for one model at one server; `scrub` takes the secrets out of every text."""

    place: str
    key_advice: str
    scrub: Callable[[str], str] = attrs.field(repr=False)

    def status(self, status: int, headers: Mapping[str, str], data: bytes) -> InferenceError:
        """The error behind a response that is no success."""
        error = error_of(data)
        said = self._quote(
            str(error.get("message") or data[: 4 * MAX_QUOTE].decode("utf-8", "replace"))
        )
        return self._classified(f"answered {status}{said}", status, error, headers)

    def body_error(self, error: Mapping[str, Any]) -> InferenceError:
        """The error that a server reports inside a 200, or in the middle of a stream."""
        code = error.get("code")
        status = code if isinstance(code, int) and 400 <= code < 600 else 500
        if code in _RATE_CODES or code in _QUOTA_CODES:
            status = 429
        elif isinstance(code, str) and code.startswith("invalid"):
            status = 400
        said = self._quote(str(error.get("message", "")))
        return self._classified(f"reported an error in its answer{said}", status, error, {})

    def connection(self, error: Exception, *, seconds: float | None) -> InferenceError:
        """The error behind an exception of the HTTP client."""
        if isinstance(error, TimeoutError):
            text = f"did not answer within {seconds:g} s; raise timeout in the model's extras"
            return self._error(text, ErrorCode.PROVIDER_TIMEOUT)
        if isinstance(error, (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError)):
            text = f"has no certificate that is trusted here{self._quote(str(error))}"
            return self._error(text, retryable=False)
        if isinstance(error, aiohttp.ClientConnectorError):
            reason = error.os_error.strerror or str(error.os_error)
            return self._error(f"cannot be reached{self._quote(reason)}; is it running?")
        if isinstance(error, aiohttp.ClientPayloadError):
            return self._error("broke off in the middle of its answer")
        if isinstance(error, (aiohttp.ServerDisconnectedError, ConnectionResetError)):
            return self._error("closed the connection before it answered")
        return self._error(f"failed ({type(error).__name__}){self._quote(str(error))}")

    def broken_stream(self) -> InferenceError:
        """A stream that ended before the answer did."""
        return self._error("ended its stream before the answer was complete")

    def not_json(self, data: bytes) -> InferenceError:
        """A success whose body is no JSON object."""
        said = self._quote(data[:200].decode("utf-8", "replace"))
        text = f"answered with something that is no JSON object{said}"
        return self._error(text, ErrorCode.PARSE_ERROR, retryable=True)

    def wrong_shape(self, what: str) -> InferenceError:
        """JSON that is not what the API promises."""
        text = f"answered without {what}; is it an OpenAI-compatible endpoint?"
        return self._error(text, ErrorCode.PARSE_ERROR)

    def too_large(self, limit: int) -> InferenceError:
        """An answer over the limit."""
        text = f"answered with more than {limit} bytes; raise max_response_bytes if it is right"
        return self._error(text, ErrorCode.PARSE_ERROR)

    def refused_here(self, what: str) -> InferenceError:
        """A request that this engine cannot make, found before anything is sent."""
        return self._error(what, ErrorCode.SCHEMA_MISMATCH)

    def _classified(
        self, what: str, status: int, error: Mapping[str, Any], headers: Mapping[str, str]
    ) -> InferenceError:
        wait = retry_after(headers)
        if status in (401, 403):
            return self._error(f"{what}; {self.key_advice}", ErrorCode.PROVIDER_AUTH)
        if status == 402 or _QUOTA_CODES & {error.get("code"), error.get("type")}:
            text = f"{what}; the account has no quota left: add credit or use another key"
            return self._error(text, ErrorCode.PROVIDER_RATE_LIMIT, retryable=False)
        if status == 429:
            return self._error(what, ErrorCode.PROVIDER_RATE_LIMIT, wait=wait)
        if status == 408:
            return self._error(what, ErrorCode.PROVIDER_TIMEOUT, wait=wait)
        if status >= 500 or status in _TRANSIENT_CLIENT_STATUS:
            return self._error(what, ErrorCode.PROVIDER_UNAVAILABLE, wait=wait)
        return self._error(f"{what}; {_advice(status, error)}", ErrorCode.SCHEMA_MISMATCH)

    def _quote(self, text: str) -> str:
        text = " ".join(self.scrub(text).split())
        if len(text) > MAX_QUOTE:
            text = text[:MAX_QUOTE] + "..."
        return f": {text}" if text else ""

    def _error(
        self,
        what: str,
        code: ErrorCode = ErrorCode.PROVIDER_UNAVAILABLE,
        *,
        retryable: bool | None = None,
        wait: float | None = None,
    ) -> InferenceError:
        message = self.scrub(f"{self.place} {what}")
        return InferenceError(message, code=code, retryable=retryable, retry_after=wait)


def error_of(data: bytes) -> Mapping[str, Any]:
    """The `error` object of an error body; {} when it has none. A plain string is its message."""
    try:
        body = orjson.loads(data)
    except ValueError:
        return {}
    error = body.get("error", body) if isinstance(body, dict) else {}
    if isinstance(error, str):
        return {"message": error}
    return error if isinstance(error, dict) else {}


def _advice(status: int, error: Mapping[str, Any]) -> str:
    code = error.get("code")
    if status < 400:
        return "it redirects: set base_url to where the API really is"
    if status == 404:
        return "check model_id and base_url"
    if code == "context_length_exceeded":
        return "the prompt is too long for the model: shorten it, or lower max_tokens"
    if code in _REFUSED_PARAMETER and error.get("param"):
        return f'the model refuses it: leave it out with omit_params = ["{error["param"]}"]'
    return "the request is at fault, so it is not retried"
