"""When each stage ran, how long it took and how it ended."""

from __future__ import annotations

from typing import Literal

import attrs

from themis.errors import ErrorCode, code_of

__all__ = ["FailureRecord", "RecordTimeline", "StageName", "TimelineStage", "TrialStatus"]

StageName = Literal["render", "generate", "reduce", "parse", "score", "judge", "load"]
TrialStatus = Literal["ok", "error", "skipped", "partial"]


@attrs.frozen(slots=True, kw_only=True)
class FailureRecord:
    """Why something has no result: a stable code, a message, and how often it was tried."""

    code: ErrorCode = attrs.field(converter=code_of)
    message: str
    stage: StageName
    retryable: bool = False
    attempts: int = 1


@attrs.frozen(slots=True, kw_only=True)
class TimelineStage:
    """One stage of a record. `start` and `end` are Unix seconds; `duration_ms` is measured."""

    stage: StageName
    component: str
    status: Literal["ok", "error", "skipped"]
    start: float
    end: float
    duration_ms: float
    error: str | None = None

    @classmethod
    def timed(
        cls,
        stage: StageName,
        component: str,
        *,
        start: float,
        seconds: float,
        error: str | None = None,
    ) -> TimelineStage:
        """A stage that took `seconds`; its duration is kept to the microsecond."""
        return cls(
            stage=stage,
            component=component,
            status="ok" if error is None else "error",
            start=start,
            end=start + seconds,
            duration_ms=round(seconds * 1000, 3),
            error=error,
        )


@attrs.frozen(slots=True)
class RecordTimeline:
    """The stages of one trial or candidate, in order."""

    stages: tuple[TimelineStage, ...] = ()
