"""Lists and dicts that cannot change: what specs hold, so that a hash stays true.

They are real lists and dicts (equal to, and usable as, plain ones); only mutation is refused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Never, TypeVar

from pydantic import BaseModel

__all__ = ["MAX_DEPTH", "FrozenDict", "FrozenList", "freeze"]

MAX_DEPTH = 64

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")


def _refuse(*_: object, **__: object) -> Never:
    msg = "specs are immutable; make a changed one with spec.model_copy(update={...})"
    raise TypeError(msg)


class FrozenList(list[T]):
    """A list whose content is fixed when it is made."""

    __slots__ = ()

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = extend = insert = remove = clear = sort = reverse = _refuse
    pop = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by content: the default would append to a made list."""
        return (type(self), (list(self),))

    def __copy__(self) -> FrozenList[T]:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> FrozenList[T]:
        return self


class FrozenDict(dict[K, V]):
    """A dict whose content is fixed when it is made."""

    __slots__ = ()

    __setitem__ = __delitem__ = __ior__ = _refuse
    update = setdefault = pop = popitem = clear = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by content: the default would set items on a made dict."""
        return (type(self), (dict(self),))

    def __copy__(self) -> FrozenDict[K, V]:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> FrozenDict[K, V]:
        return self


def freeze(value: Any, *, at: str = "", depth: int = 0) -> Any:
    """A frozen deep copy of a JSON value (specs become mappings).

    Raises:
        ValueError: Naming the place of what is no JSON value.
    """
    if depth > MAX_DEPTH:
        msg = f"{at[:40]}... is nested more than {MAX_DEPTH} levels deep; flatten it"
        raise ValueError(msg)
    if value is None or type(value) in (str, bool, int):
        return value
    if isinstance(value, BaseModel):  # a judge's spec, say, in a metric's configuration
        value = value.model_dump()
    if isinstance(value, Mapping):
        return FrozenDict(
            (_key(key, at), freeze(entry, at=f"{at}.{key}".lstrip("."), depth=depth + 1))
            for key, entry in value.items()
        )
    if isinstance(value, (list, tuple)):
        return FrozenList(
            freeze(entry, at=f"{at}[{index}]", depth=depth + 1) for index, entry in enumerate(value)
        )
    return _scalar(value, at)


def _key(key: object, at: str) -> str:
    if isinstance(key, str):
        return str(key)
    msg = (
        f"{at or 'the top level'} has the key {key!r}, a {type(key).__name__}; "
        "keys are strings: quote it"
    )
    raise ValueError(msg)


def _scalar(value: object, at: str) -> str | int | float | bool:
    if isinstance(value, float):
        if not math.isfinite(value):
            what = f"{at or 'the value'} is {value}"
            msg = f"{what}, which JSON cannot hold; use a finite number, or leave it out"
            raise ValueError(msg)
        return float(value)
    for plain in (str, int):  # enum members and other subclasses of the plain types
        if isinstance(value, plain):
            return plain(value)
    msg = (
        f"{at or 'the value'} is a {type(value).__name__}, which is no JSON value; "
        "use a string, number, true/false, list or table"
    )
    raise ValueError(msg)
