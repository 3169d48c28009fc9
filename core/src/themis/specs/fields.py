"""Which fields a spec has at a place in it: for messages that name them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Tag
from pydantic.fields import FieldInfo

from themis.specs.positions import KeyPath

__all__ = ["models_at"]


def models_at(model: type[BaseModel], loc: KeyPath) -> list[Mapping[str, FieldInfo]]:
    """The fields of each model that may be at `loc`, pydantic's place of an error."""
    found: list[Any] = [model]
    for part in loc:
        found = _tagged(found, part) or [
            member
            for entry in found
            for bare in _bare(entry)
            for inner in _step(bare, part)
            for member in _members(inner)
        ]
    bare = [inner for entry in found for inner in _bare(entry)]
    return [entry.model_fields for entry in bare if _is_model(entry)]


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _members(annotation: Any) -> Iterator[Any]:
    """The alternatives of an annotation, unwrapped; one with a tag of its own keeps it."""
    if _tag(annotation) is not None:
        yield annotation
    elif get_origin(annotation) is Annotated:
        yield from _members(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for member in get_args(annotation):
            yield from _members(member)
    else:
        yield annotation


def _tag(annotation: Any) -> str | None:
    """The tag by which pydantic's errors name an alternative of a union."""
    if get_origin(annotation) is not Annotated:
        return None
    return next((entry.tag for entry in get_args(annotation)[1:] if isinstance(entry, Tag)), None)


def _bare(annotation: Any) -> Iterator[Any]:
    if _tag(annotation) is None:
        yield annotation
    else:
        for member in _members(get_args(annotation)[0]):
            yield from _bare(member)


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
    tagged = [inner for entry in found if _tag(entry) == part for inner in _bare(entry)]
    return tagged or [entry for entry in found if _is_model(entry) and part in _literals(entry)]


def _literals(model: type[BaseModel]) -> set[Any]:
    return {
        value
        for field in model.model_fields.values()
        if get_origin(field.annotation) is Literal
        for value in get_args(field.annotation)
    }
