"""What an object holds: its attributes, those its constructor was given, and its pickled form."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from themis.errors import PluginError
from themis.plugin.python_code import label

__all__ = ["NoDescriptionError", "ObjectState", "keeps_threads_apart", "own_fingerprint", "pickled"]

_NO_STATE = frozenset({"__dict__", "__weakref__", "__pydantic_fields_set__"})
_NO_SETTINGS = frozenset({"_thread", "threading", "asyncio.locks"})
_PICKLING = ("__reduce_ex__", "__reduce__", "__getstate__")


class NoDescriptionError(Exception):
    """Something is neither plain data nor Python code."""


@attrs.frozen(slots=True, kw_only=True)
class ObjectState:
    """An object's attributes, from its dict and its slots.

    `given` are the names of those named like a parameter of the constructor, `is_told` says whether
    there is one for each parameter, and `is_pickled` whether the object knows better what it holds.
    """

    attributes: Mapping[str, Any]
    given: tuple[str, ...]
    is_told: bool
    is_pickled: bool

    @classmethod
    def of(cls, value: object) -> ObjectState:
        """The state of an instance of any class."""
        attributes = dict(_attributes(value))
        made_by: Any = type(value)
        names = _parameters(made_by)
        found = [[n for n in (name, f"_{name}") if n in attributes] for name in names or ()]
        own = any(getattr(type(value), name) is not getattr(object, name) for name in _PICKLING)
        return cls(
            attributes=attributes,
            given=tuple(spelling for each in found for spelling in each),
            is_told=names is not None and all(found),
            is_pickled=own or not (attributes or hasattr(value, "__dict__")),
        )

    @property
    def settings(self) -> dict[str, Any]:
        """The attributes that the constructor was given."""
        return {name: self.attributes[name] for name in self.given}


def own_fingerprint(component: object) -> str | None:
    """What the component's `fingerprint()` says; None without one."""
    method = getattr(component, "fingerprint", None)
    if isinstance(component, type) or not callable(method):
        return None
    value = method()
    if not isinstance(value, str) or not value:
        msg = f"{label(component)}.fingerprint() must return a string, not {value!r:.80}"
        raise PluginError(msg)
    return value


def pickled(value: object) -> list[Any]:
    """How pickle would make the object again, for what has no attributes.

    Raises NoDescriptionError for what cannot be pickled: locks, files, sockets, connections.
    """
    try:
        made = value.__reduce_ex__(2)
        parts = made if isinstance(made, tuple) else (made,)
        return [list(part) if isinstance(part, Iterator) else part for part in parts]
    except Exception as problem:
        msg = f"it holds a {label(value)}, whose state cannot be read"
        raise NoDescriptionError(msg) from problem


def keeps_threads_apart(value: object) -> bool:
    """Whether it is a lock, an event, or another such thing that has no settings."""
    return type(value).__module__ in _NO_SETTINGS


def _attributes(value: object) -> Iterator[tuple[str, Any]]:
    for cls in type(value).__mro__:
        slots = vars(cls).get("__slots__", ())
        for slot in [slots] if isinstance(slots, str) else slots:
            name = _mangled(slot, cls)
            if name not in _NO_STATE and hasattr(value, name):
                yield name, getattr(value, name)
    for name, held in getattr(value, "__dict__", {}).items():
        member = inspect.getattr_static(type(value), name, None)
        if not isinstance(member, functools.cached_property):
            yield name, held


def _mangled(slot: str, cls: type) -> str:
    private = slot.startswith("__") and not slot.endswith("__")
    return f"_{cls.__name__.lstrip('_')}{slot}" if private else slot


@functools.lru_cache(maxsize=256)
def _parameters(cls: type) -> tuple[str, ...] | None:
    """The names of the constructor's parameters; None where it may take others too."""
    try:
        parameters = inspect.signature(cls).parameters.values()
    except (TypeError, ValueError):  # compiled classes need not have a signature
        return None
    any_number = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    named = tuple(each.name for each in parameters if each.kind not in any_number)
    return named if len(named) == len(parameters) else None
