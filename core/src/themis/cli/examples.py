"""Examples at the end of a command's help."""

from __future__ import annotations

__all__ = ["examples"]


def examples(*lines: str) -> str:
    """The lines as they stand, for a command's `epilog`; click would fill a paragraph."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])
