"""How a call to a component ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from themis.errors import InferenceError
from themis.records.timeline import FailureRecord, StageName

if TYPE_CHECKING:
    from themis.errors import ThemisError

__all__ = ["CallNotStarted", "CallOutcome"]


class CallNotStarted(Exception):  # noqa: N818 (not an error: the run is ending)
    """The run is draining, so the call was not made (again). Record nothing: a resume makes it."""


@attrs.frozen(slots=True, kw_only=True)
class CallOutcome:
    """A value, or the error that ended the last attempt.

    `attempts` counts the calls made: 0 if the provider had been given up. `started_at` is the last
    attempt's start in Unix seconds, `seconds` its duration. `waited_seconds` is what went by before
    that, in queues, backoffs and earlier attempts.
    """

    value: Any = None
    error: ThemisError | None = None
    attempts: int = 1
    started_at: float = 0.0
    seconds: float = 0.0
    waited_seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether there is a value."""
        return self.error is None

    def failure(self, stage: StageName) -> FailureRecord | None:
        """What is recorded of a failed call; None if it did not fail."""
        if self.error is None:
            return None
        return FailureRecord(
            code=self.error.code,
            message=self.error.message,
            stage=stage,
            retryable=isinstance(self.error, InferenceError) and self.error.retryable,
            attempts=self.attempts,
        )
