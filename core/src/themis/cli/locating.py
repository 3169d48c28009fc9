"""Findings of a plan, with the file and line of what they are about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from themis.errors import SpecIssue, SpecValidationError
from themis.specs.positions import key_path

if TYPE_CHECKING:
    from themis.specs.files import BenchmarkFile

__all__ = ["located_in"]


@contextmanager
def located_in(loaded: BenchmarkFile) -> Iterator[None]:
    """Give the findings of what is raised within the place in the file that has their key."""
    try:
        yield
    except SpecValidationError as error:
        if not error.issues or any(issue.file for issue in error.issues):
            raise
        issues = [_located(loaded, issue) for issue in error.issues]
        message = "\n".join(dict.fromkeys(map(str, issues)))
        raise SpecValidationError(message, code=error.code, issues=issues) from error


def _located(loaded: BenchmarkFile, issue: SpecIssue) -> SpecIssue:
    path = key_path(issue.key)
    for document in loaded.documents:
        for table in ((), ("benchmark",)):
            if path and (*table, path[0]) in document.positions:
                at = document.issue((*table, *path), issue.message)
                return SpecIssue(
                    issue.message, key=issue.key, file=at.file, line=at.line, column=at.column
                )
    return issue
