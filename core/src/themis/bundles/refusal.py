"""Why a bundle is not taken."""

from __future__ import annotations

from themis.errors import SpecIssue, SpecValidationError

__all__ = ["refused"]


def refused(
    reason: str, *, file: str | None = None, line: int | None = None
) -> SpecValidationError:
    """The error that says what is wrong with a bundle, and where in its file."""
    issue = SpecIssue(f"the bundle is refused: {reason}", file=file, line=line)
    return SpecValidationError(str(issue), issues=[issue])
