"""When a provider says to come back, in seconds from now."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

__all__ = ["retry_after"]

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_RESETS = ("requests", "tokens")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds by `retry-after-ms`, `Retry-After`, else `x-ratelimit-reset*`; None: not said.

    `headers` are looked up case-insensitively by the mapping. Retry-After is seconds or an HTTP
    date (RFC 9110, 10.2.3).
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    told = headers.get("retry-after")
    if told is not None:
        seconds = _number(told)
        return _until_date(told) if seconds is None else seconds
    return _reset(headers)


def _reset(headers: Mapping[str, str]) -> float | None:
    """The reset of what is used up; when nothing says it is, the later one."""
    resets = {kind: _moment(headers.get(f"x-ratelimit-reset-{kind}")) for kind in _RESETS}
    used_up = [
        seconds
        for kind, seconds in resets.items()
        if seconds is not None and headers.get(f"x-ratelimit-remaining-{kind}") == "0"
    ]
    known = used_up or [seconds for seconds in resets.values() if seconds is not None]
    return max(known) if known else _moment(headers.get("x-ratelimit-reset"))


def _moment(text: str | None) -> float | None:
    """A number of seconds, a duration (`6m0s`, `20ms`), or a Unix time in s or ms."""
    number = _number(text)
    if number is not None:
        if number > 1e11:
            number /= 1000
        return max(0.0, number - time.time()) if number > 1e9 else number
    parts = _DURATION.findall(text or "")
    if not parts:
        return None
    return sum(float(amount) * _SECONDS[unit] for amount, unit in parts)


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else -1.0
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None


def _until_date(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, moment.timestamp() - time.time())
