"""The fields of a spec: pydantic's and attrs', described alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

import attrs
from pydantic import BaseModel
from pydantic.fields import FieldInfo

__all__ = ["FieldDescription", "constraints_of", "fields_of", "is_spec", "type_text"]

_FACTORY: type[Any] = type(attrs.Factory(list))
_COMPUTED = "computed from other fields"
_LIMITS = (
    ("gt", "> {}"),
    ("ge", ">= {}"),
    ("lt", "< {}"),
    ("le", "<= {}"),
    ("multiple_of", "a multiple of {}"),
    ("min_length", "length >= {}"),
    ("max_length", "length <= {}"),
    ("pattern", "matches {}"),
)


@attrs.frozen(slots=True, kw_only=True)
class FieldDescription:
    """What is known of a field besides its value."""

    name: str
    type: str
    description: str = ""
    default: Any = None
    has_default: bool = False
    constraints: tuple[str, ...] = ()


def is_spec(value: object) -> bool:
    """Whether a value has fields of its own: a pydantic model or an attrs object."""
    return not isinstance(value, type) and (isinstance(value, BaseModel) or attrs.has(type(value)))


def fields_of(spec: Any) -> Iterator[FieldDescription]:
    """The fields of a spec, in order; the extra ones of a plugin's spec last."""
    if not isinstance(spec, BaseModel):
        yield from map(_of_attrs, attrs.fields(type(spec)))
        return
    for name, field in type(spec).model_fields.items():
        yield _of_pydantic(name, field)
    for name, value in (spec.model_extra or {}).items():
        yield FieldDescription(
            name=name, type=type_text(type(value)), description="A field of the plugin."
        )


def _of_pydantic(name: str, field: FieldInfo) -> FieldDescription:
    required = field.is_required()
    return FieldDescription(
        name=name,
        type=type_text(field.annotation),
        description=field.description or "",
        default=None if required else _default(field),
        has_default=not required,
        constraints=constraints_of(field),
    )


def _default(field: FieldInfo) -> Any:
    if field.default_factory is None:
        return field.default
    if field.default_factory_takes_validated_data:
        return _COMPUTED
    return cast("Callable[[], Any]", field.default_factory)()


def _of_attrs(field: attrs.Attribute[Any]) -> FieldDescription:
    default: Any = field.default
    if isinstance(default, _FACTORY):
        default = _COMPUTED if default.takes_self else default.factory()
    return FieldDescription(
        name=field.name,
        type=type_text(field.type),
        description=field.metadata.get("description", ""),
        default=None if default is attrs.NOTHING else default,
        has_default=default is not attrs.NOTHING,
    )


def constraints_of(field: FieldInfo) -> tuple[str, ...]:
    """The limits on a field's value, as text."""
    return tuple(
        text.format(getattr(entry, name))
        for entry in field.metadata
        for name, text in _LIMITS
        if getattr(entry, name, None) is not None
    )


def type_text(annotation: Any) -> str:
    """A type as people write it: `list[ModelSpec]`, `"text" | "json" | None`."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation is None or annotation is NoneType:
        return "None"
    if origin is Annotated:
        return type_text(arguments[0])
    if origin in (Union, UnionType):
        return " | ".join(map(type_text, arguments))
    if origin is Literal:
        return " | ".join(
            f'"{value}"' if isinstance(value, str) else str(value) for value in arguments
        )
    if arguments:
        return f"{type_text(origin)}[{', '.join(map(type_text, arguments))}]"
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)
