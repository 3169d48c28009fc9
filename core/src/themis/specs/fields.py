"""Which fields a spec has at a place in it: for messages that name them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from themis.specs.positions import KeyPath

__all__ = ["models_at"]


def models_at(model: type[BaseModel], loc: KeyPath) -> list[Mapping[str, FieldInfo]]:
    """The fields of each model that may be at `loc`, pydantic's place of an error."""
    found: list[Any] = [model]
    for part in loc:
        found = _tagged(found, part) or [
            member for entry in found for inner in _step(entry, part) for member in _members(inner)
        ]
    return [entry.model_fields for entry in found if _is_model(entry)]


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _members(annotation: Any) -> Iterator[Any]:
    """The alternatives of an annotation, unwrapped."""
    if get_origin(annotation) is Annotated:
        yield from _members(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for member in get_args(annotation):
            yield from _members(member)
    else:
        yield annotation


def _step(annotation: Any, part: str | int) -> Iterator[Any]:
    if _is_model(annotation):
        field = annotation.model_fields.get(part)
        if field is not None:
            yield field.annotation
    elif get_origin(annotation) in (list, dict):
        yield get_args(annotation)[-1]


def _tagged(found: list[Any], part: str | int) -> list[Any]:
    """Where `part` is the tag of a union: the members that carry it."""
    if len(found) < 2:
        return []
    return [entry for entry in found if _is_model(entry) and part in _literals(entry)]


def _literals(model: type[BaseModel]) -> set[Any]:
    return {
        value
        for field in model.model_fields.values()
        if get_origin(field.annotation) is Literal
        for value in get_args(field.annotation)
    }
