"""What a server's refusals are to Themis: the code decides whether a run tries again."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from themis.plugin import ErrorCode, InferenceError

__all__ = ["refusal", "wrong_shape"]

_CODES = {
    401: ErrorCode.PROVIDER_AUTH,
    403: ErrorCode.PROVIDER_AUTH,
    408: ErrorCode.PROVIDER_TIMEOUT,
    429: ErrorCode.PROVIDER_RATE_LIMIT,
}


def refusal(url: str, status: int, headers: Mapping[str, str]) -> InferenceError:
    """The error for an HTTP status other than 200.

    The body is not quoted: it may repeat what was sent, credentials too.
    """
    other = ErrorCode.PROVIDER_UNAVAILABLE if status >= 500 else ErrorCode.SCHEMA_MISMATCH
    code = _CODES.get(status, other)
    known = status in {each.value for each in HTTPStatus}
    reason = f" {HTTPStatus(status).phrase}" if known else ""
    return InferenceError(
        f"{url} answered {status}{reason}",
        code=code,
        retry_after=_seconds(headers.get("Retry-After")),
    )


def wrong_shape(url: str, problem: Exception) -> InferenceError:
    """The error for a reply that is no chat completion."""
    msg = f"{url} answered with something that is no chat completion: {problem!r}"
    return InferenceError(msg, code=ErrorCode.PARSE_ERROR)


def _seconds(text: str | None) -> float | None:
    """A Retry-After in seconds; dates and nonsense are left to the run's own back-off."""
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return seconds if 0 <= seconds < 86_400 else None
