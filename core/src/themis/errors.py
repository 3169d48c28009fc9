"""Every error Themis raises: one tree, one stable code per cause.

A message says what happened, to which thing, and what to do next. Programs branch on
`ThemisError.code`; the text is for people.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ErrorCode",
    "InferenceError",
    "ItemError",
    "MetricError",
    "OptionalDependencyError",
    "PluginError",
    "SpecIssue",
    "SpecValidationError",
    "StorageError",
    "ThemisError",
    "WorkflowBuildError",
    "code_of",
    "seconds_of",
]


class ErrorCode(StrEnum):
    """Stable names of causes; they are stored with recorded failures."""

    PROVIDER_TIMEOUT = "provider_timeout"
    PROVIDER_AUTH = "provider_auth"
    PROVIDER_RATE_LIMIT = "provider_rate_limit"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    PARSE_ERROR = "parse_error"
    SCHEMA_MISMATCH = "schema_mismatch"
    METRIC_COMPUTATION = "metric_computation"
    STORAGE_WRITE = "storage_write"
    STORAGE_READ = "storage_read"
    PLUGIN_INCOMPATIBLE = "plugin_incompatible"
    MISSING_OPTIONAL_DEPENDENCY = "missing_optional_dependency"
    CIRCUIT_BREAKER = "circuit_breaker"
    ITEM_LOAD = "item_load"


def code_of(code: ErrorCode | str) -> ErrorCode:
    """The code itself, or the one of that name.

    Raises:
        ValueError: there is none; the message lists those that there are.
    """
    if type(code) is ErrorCode:
        return code
    try:
        return ErrorCode(code)
    except ValueError:
        msg = f"{code!r:.100} is no error code; use one of {', '.join(ErrorCode)}"
        raise ValueError(msg) from None


class ThemisError(Exception):
    """Base of the tree. `code` is the stable cause; `str(error)` is the message."""

    def __init__(self, message: str, *, code: ErrorCode | str) -> None:
        super().__init__(message)
        self.message = str(message)
        self.code = code_of(code)


class SpecIssue:
    """One finding in a spec or file: where (file, line, key) and what to do."""

    __slots__ = ("column", "file", "key", "line", "message")

    def __init__(
        self,
        message: str,
        *,
        key: str = "",
        file: str | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        self.message = message
        self.key = key
        self.file = file
        self.line = line
        self.column = column

    def __str__(self) -> str:
        """`file:line: key: message`, leaving out what is not known."""
        place = self.file or ""
        if self.line is not None:
            place += f":{self.line}"
            if self.column is not None:
                place += f":{self.column}"
        return ": ".join(part for part in (place, self.key, self.message) if part)

    def __repr__(self) -> str:
        return f"SpecIssue({str(self)!r})"


class SpecValidationError(ThemisError, ValueError):
    """A spec, file or reference that cannot be used; `issues` holds every finding."""

    def __init__(
        self,
        message: str,
        *,
        code: ErrorCode = ErrorCode.SCHEMA_MISMATCH,
        issues: Sequence[SpecIssue] = (),
    ) -> None:
        super().__init__(message, code=code)
        self.issues = tuple(issues)


class PluginError(SpecValidationError):
    """A component that is unknown, ambiguous, incompatible or broken."""

    def __init__(self, message: str, *, issues: Sequence[SpecIssue] = ()) -> None:
        super().__init__(message, code=ErrorCode.PLUGIN_INCOMPATIBLE, issues=issues)


class OptionalDependencyError(ThemisError, ImportError):
    """An optional package is needed and absent; the message names the extra to install."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code=ErrorCode.MISSING_OPTIONAL_DEPENDENCY)


class ItemError(ThemisError):
    """A dataset, or one of its items, cannot be loaded, identified or rendered."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code=ErrorCode.ITEM_LOAD)


class MetricError(ThemisError):
    """A metric cannot score this candidate. Recorded as the metric's outcome, never raised out."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code=ErrorCode.METRIC_COMPUTATION)


class WorkflowBuildError(MetricError, ValueError):
    """A metric cannot build an evaluation workflow for its subject. Recorded as its outcome."""


class StorageError(ThemisError):
    """The store cannot be read or written."""

    def __init__(self, message: str, *, code: ErrorCode = ErrorCode.STORAGE_READ) -> None:
        super().__init__(message, code=code)


class InferenceError(ThemisError):
    """A call to a model failed. Engines raise it; the runtime retries or records it.

    `retryable` None means the code decides (timeouts, rate limits and unavailability are
    retried). `retry_after` is the provider's own wish, in seconds, or as its header says it; what
    is no number of seconds is no wish.
    """

    def __init__(
        self,
        message: str,
        *,
        code: ErrorCode | str = ErrorCode.PROVIDER_UNAVAILABLE,
        retryable: bool | None = None,
        retry_after: float | str | None = None,
    ) -> None:
        super().__init__(message, code=code)
        self.retryable = self.code in _RETRYABLE if retryable is None else bool(retryable)
        self.retry_after = seconds_of(retry_after)


def seconds_of(asked: Any) -> float | None:
    """A wish to wait, in seconds; None where it is no number, and no text of one."""
    if asked is None:
        return None
    try:
        seconds = float(asked)
    except (TypeError, ValueError, OverflowError):
        return None
    return None if math.isnan(seconds) else seconds


_RETRYABLE = frozenset(
    {ErrorCode.PROVIDER_TIMEOUT, ErrorCode.PROVIDER_RATE_LIMIT, ErrorCode.PROVIDER_UNAVAILABLE}
)
