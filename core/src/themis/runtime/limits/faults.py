"""What a component raised, as an error of the tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeGuard

from themis.errors import ErrorCode, InferenceError, ItemError, MetricError, ThemisError
from themis.records.timeline import StageName
from themis.runtime.limits.deadline import DeadlineExceeded

__all__ = ["error_of", "is_whole", "text_of"]

_LONGEST_TEXT = 2000

_FILE_ERRORS = (FileNotFoundError, PermissionError, FileExistsError, IsADirectoryError)


def error_of(
    error: BaseException, *, component: str, stage: StageName, deadline: float | None
) -> ThemisError:
    """The ThemisError for whatever a component raised; its own ones are passed on as they are."""
    if is_whole(error):
        return error
    found = _translate(error, component=component, stage=stage, deadline=deadline)
    found.__cause__ = error
    return found


def is_whole(error: BaseException) -> TypeGuard[ThemisError]:
    """Whether it is a ThemisError with a code and a message: a class may forget `super()`."""
    return (
        isinstance(error, ThemisError)
        and type(getattr(error, "code", None)) is ErrorCode
        and isinstance(getattr(error, "message", None), str)
    )


def _translate(
    error: BaseException, *, component: str, stage: StageName, deadline: float | None
) -> ThemisError:
    if isinstance(error, DeadlineExceeded):
        message = (
            f"{component} did not answer within {deadline:g} s; if it needs longer, "
            f"raise deadline_seconds[{stage!r}]"
        )
        return InferenceError(message, code=ErrorCode.PROVIDER_TIMEOUT)
    raised = f"{component} raised {type(error).__name__}: {text_of(error)}"
    if stage in ("generate", "judge"):
        return _provider_error(error, raised)
    if stage == "score":
        return MetricError(raised)
    if stage == "parse":
        return ThemisError(raised, code=ErrorCode.PARSE_ERROR)
    return ItemError(raised)


def _provider_error(error: BaseException, raised: str) -> InferenceError:
    if any(isinstance(cause, TimeoutError) for cause in _causes(error)):
        return InferenceError(raised, code=ErrorCode.PROVIDER_TIMEOUT)
    if any(_is_network(cause) for cause in _causes(error)):
        return InferenceError(raised, code=ErrorCode.PROVIDER_UNAVAILABLE)
    message = (
        f"{raised}; a component says what failed, and whether a retry helps, by InferenceError"
    )
    return InferenceError(message, code=ErrorCode.PROVIDER_UNAVAILABLE, retryable=False)


def text_of(error: BaseException) -> str:
    """What the error says, shortened; a component's own `__str__` may itself raise."""
    try:
        return f"{error!s:.{_LONGEST_TEXT}}"
    except Exception as broken:  # noqa: BLE001 (a component's own __str__ is no reason to stop)
        return f"(its text cannot be shown: {type(broken).__name__})"


def _is_network(error: BaseException) -> bool:
    return isinstance(error, OSError) and not isinstance(error, _FILE_ERRORS)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from: client libraries wrap the socket's own error."""
    cause: BaseException | None = error
    for _ in range(10):
        if cause is None:
            return
        yield cause
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
