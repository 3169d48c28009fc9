"""Credentials that are written out in a spec: found in every field, and refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from themis.errors import SpecIssue, SpecValidationError
from themis.records.secrets import literal_secrets

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from themis.specs import Spec

__all__ = ["credential_issues", "refuse_credentials"]

_ADVICE = "a credential is never written into a spec; write 'env:NAME' and set NAME"


def credential_issues(
    spec: Spec, *, where: str = "", without: Collection[str] = ()
) -> Iterator[SpecIssue]:
    """One finding per field that holds a credential itself; `without` are fields left unread."""
    for path in literal_secrets(spec.model_dump(mode="json", exclude=set(without)), where):
        yield SpecIssue(_ADVICE, key=path)


def refuse_credentials(spec: Spec, *, where: str = "", without: Collection[str] = ()) -> None:
    """Raise one SpecValidationError with an issue per credential, where there is any."""
    issues = list(credential_issues(spec, where=where, without=without))
    if issues:
        raise SpecValidationError("\n".join(map(str, issues)), issues=issues)
