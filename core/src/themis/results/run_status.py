"""How a run stands, in the words of the experiment API."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["RunStatus"]


class RunStatus(StrEnum):
    """`partial_failure`: it ended, and some cases failed. `failed`: all of them did."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    PARTIAL_FAILURE = "partial_failure"
    FAILED = "failed"

    @classmethod
    def of(cls, recorded: str) -> RunStatus:
        """The status of a run as a store has it: what was only planned or stopped is pending."""
        return cls.PENDING if recorded in {"planned", "interrupted"} else cls(recorded)
