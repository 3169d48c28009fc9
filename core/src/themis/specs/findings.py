"""What pydantic found wrong, as issues that point into a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from themis.records.secrets import redact
from themis.specs.fields import models_at

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

    from themis.errors import SpecIssue
    from themis.specs.documents import Document
    from themis.specs.positions import KeyPath

__all__ = ["SECTIONS", "file_issues", "nearest", "value_findings"]

SECTIONS = frozenset({"benchmark", "catalog", "plugins", "prices", "project", "runtime"})
"""The tables that a file may have beside the fields of its benchmark or project."""


def file_issues(
    error: ValidationError,
    *,
    document: Document,
    model: type[BaseModel],
    section: KeyPath,
    beside: frozenset[str] = SECTIONS,
) -> list[SpecIssue]:
    """Every finding of `error`, at its key and line. `section` is where the model's values are.

    `beside` are the tables that may stand beside the model's fields.
    """
    values = _entered(document.values, section)
    return [
        document.issue((*section, *path), message)
        for detail in error.errors(include_url=False)
        for path, message in _findings(detail, model, values, beside)
    ]


def value_findings(
    error: ValidationError, *, model: type[BaseModel], values: Any
) -> Iterator[tuple[KeyPath, str]]:
    """Every finding of `error` about `values` that were given in Python, with its place in them."""
    for detail in error.errors(include_url=False):
        yield from _findings(detail, model, values, frozenset())


def nearest(name: str, known: list[str]) -> str:
    """`; did you mean 'x'?`, or what there is to choose from."""
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(sorted(known))}"


def _findings(
    detail: ErrorDetails, model: type[BaseModel], values: Any, beside: frozenset[str]
) -> Iterator[tuple[KeyPath, str]]:
    path = _written_path(detail, values)
    context = detail.get("ctx", {})
    if detail["type"] == "problems":
        for problem in context["problems"]:
            yield (*path, *problem.path), problem.message
    elif detail["type"] == "union_tag_invalid":
        kind = str(context["discriminator"]).strip("'")
        expected = str(context["expected_tags"])
        yield (*path, kind), f"{context['tag']!r} is unknown; use one of {expected}"
    elif detail["type"] == "union_tag_not_found":
        kind = str(context["discriminator"]).strip("'")
        yield (*path, kind), "is required and missing; it says what the entry is"
    elif detail["type"] == "extra_forbidden":
        known = _fields_beside(model, detail["loc"], beside)
        yield path, f"is no field{nearest(str(path[-1]), known)}"
    elif detail["type"] == "missing":
        yield path, f"is required and missing; add it{_meaning(model, detail['loc'])}"
    else:
        yield path, detail["msg"].removeprefix("Value error, ") + _given(detail)


def _fields_beside(model: type[BaseModel], loc: KeyPath, beside: frozenset[str]) -> list[str]:
    fields = {name for found in models_at(model, loc[:-1]) for name in found}
    return sorted(fields | beside if len(loc) == 1 else fields)


def _meaning(model: type[BaseModel], loc: KeyPath) -> str:
    for found in models_at(model, loc[:-1]):
        if loc[-1] in found:
            return f" ({found[str(loc[-1])].description})"
    return ""


def _given(detail: ErrorDetails) -> str:
    """The refused value, where it is short and no secret."""
    value, key = detail["input"], str(detail["loc"][-1] if detail["loc"] else "")
    if not isinstance(value, (str, int, float, bool)) or len(str(value)) > 60:
        return ""
    return f"; got {redact({key: value})[key]!r}"


def _written_path(detail: ErrorDetails, values: Any) -> KeyPath:
    """The place as the file has it: pydantic puts union tags in."""
    path: list[str | int] = []
    loc = detail["loc"]
    for index, part in enumerate(loc):
        inside = _inside(values, part)
        if not inside and not (index == len(loc) - 1 and detail["type"] == "missing"):
            continue
        path.append(part)
        values = values[part] if inside else None
    return tuple(path)


def _inside(values: Any, part: str | int) -> bool:
    if isinstance(values, Mapping):
        return part in values
    return isinstance(values, list) and isinstance(part, int) and part < len(values)


def _entered(values: Any, path: KeyPath) -> Any:
    for part in path:
        values = values[part]
    return values
