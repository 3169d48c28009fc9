"""Version 3: leases of workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["VERSION", "statements"]

VERSION = 3


def statements(dialect_name: str) -> Sequence[str]:  # noqa: ARG001 (both databases read these)
    """The statements that bring a store of version 2 to version 3."""
    return [
        """CREATE TABLE leases (
            name TEXT NOT NULL PRIMARY KEY, holder TEXT NOT NULL, epoch BIGINT NOT NULL,
            expires_at BIGINT NOT NULL)"""
    ]
