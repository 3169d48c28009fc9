"""Version 2: metrics that score a whole trial or ask a judge, and how far a run has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["VERSION", "statements"]

VERSION = 2


def statements(dialect_name: str) -> Sequence[str]:  # noqa: ARG001 (both databases read these)
    """The statements that bring a store of version 1 to version 2."""
    return (
        "ALTER TABLE metrics ADD COLUMN whole_trial SMALLINT NOT NULL DEFAULT 0",
        "ALTER TABLE metrics ADD COLUMN stage TEXT",
        "ALTER TABLE runs ADD COLUMN through_stage TEXT",
    )
