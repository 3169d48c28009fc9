"""Items: plain JSON values with an id, whatever a dataset provider gave.

An item's id is its field `item_id` (a string, or an integer taken as its digits), after the
dataset's transforms; no other field is tried: a dataset whose ids are elsewhere gets a `rename`
transform. An item without one is identified by its content.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

import attrs
import orjson

from themis.errors import ItemError
from themis.records.canonical import canonical_bytes, content_hash, plain

__all__ = ["ITEM_ID", "MISSING", "PlannedItem", "as_json", "content_id", "field_text", "lookup",
           "own_id"]  # fmt: skip

ITEM_ID = "item_id"
MISSING = object()
_ID_DIGITS = 32


@attrs.frozen(slots=True, kw_only=True)
class PlannedItem:
    """One selected item; `failure` says why its payload could not be prepared."""

    item_id: str
    payload: Mapping[str, Any]
    failure: str | None = None

    def envelope(self) -> dict[str, Any]:
        """What is hashed and stored."""
        envelope: dict[str, Any] = {ITEM_ID: self.item_id, "payload": self.payload}
        if self.failure is not None:
            envelope["failure"] = self.failure
        return envelope

    def own_fields(self) -> dict[str, Any]:
        """A copy for a component, which may do with it as it likes: others read the item too."""
        fields: dict[str, Any] = _own(self.payload)
        return fields

    def canonical(self) -> bytes:
        """The envelope's canonical bytes; their digest is the item's key."""
        return canonical_bytes(self.envelope())


def own_id(item: Mapping[str, Any]) -> str | None:
    """The id an item carries; None when it has none.

    Raises:
        ItemError: when `item_id` is neither text nor an integer.
    """
    value = item.get(ITEM_ID)
    if isinstance(value, str) and value:
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if value is None:
        return None
    msg = f"item_id must be a string (not empty) or an integer; got {value!r:.80}"
    raise ItemError(msg)


def content_id(item: Mapping[str, Any]) -> str:
    """The id of an item that carries none: 32 hex digits of the hash of its content."""
    return content_hash(item, kind="item content")[:_ID_DIGITS]


def lookup(item: Mapping[str, Any], path: str) -> Any:
    """The field named `path`, else the nested field `a.b.c`; MISSING when there is neither."""
    if path in item:
        return item[path]
    value: Any = item
    for name in path.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return MISSING
        value = value[name]
    return value


def field_text(value: Any) -> str:
    """A field's value as filters and strata compare it: text as it is, anything else as JSON."""
    if value is MISSING:
        return "null"
    return value if isinstance(value, str) else orjson.dumps(plain(value)).decode()


def as_json(value: Any, *, at: str = "") -> Any:
    """A deep copy of a value as plain JSON values (bytes are kept); tuples become lists.

    Dates and times are written in ISO format, decimals, UUIDs and paths as text, NumPy arrays and
    scalars as lists and numbers.

    Raises:
        ItemError: naming the place of what has no JSON form, or is nested too deeply.
    """
    try:
        return _as_json(value, at)
    except RecursionError:
        msg = f"{at or 'it'} is nested too deeply to be read; flatten it"
        raise ItemError(msg) from None


def _as_json(value: Any, at: str) -> Any:
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is dict or isinstance(value, Mapping):
        return {
            _key(key, at): entry
            if type(entry) in _AS_THEY_ARE
            else _as_json(entry, f"{at}.{key}" if at else str(key))
            for key, entry in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_as_json(entry, f"{at}[{n}]") for n, entry in enumerate(value)]
    return _scalar(value, at)


_AS_THEY_ARE = frozenset({str, int, float, bool, type(None), bytes})


def _key(key: Any, at: str) -> str:
    if isinstance(key, str):
        return key
    msg = f"{at or 'the item'} has the key {key!r} ({type(key).__name__}); keys must be strings"
    raise ItemError(msg)


def _scalar(value: Any, at: str) -> Any:
    if isinstance(value, Enum):
        return _as_json(value.value, at)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, (Decimal, UUID, PurePath)):
        return str(value)
    for base in (str, int, float):
        if isinstance(value, base):
            return base(value)
    if hasattr(value, "tolist"):
        return _as_json(value.tolist(), at)
    msg = (
        f"{at or 'the item'} is a {type(value).__name__}, which has no JSON form; "
        "let the dataset provider convert it"
    )
    raise ItemError(msg)


def _own(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: entry if type(entry) in _AS_THEY_ARE else _own(entry)
            for key, entry in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [entry if type(entry) in _AS_THEY_ARE else _own(entry) for entry in value]
    return value
