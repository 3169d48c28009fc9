"""Canonical bytes and hashes: one pinned encoder for everything that is keyed or stored.

The bytes are orjson's with sorted keys. What orjson would lose or refuse is written explicitly:

* NaN and the infinities: `{"$float": "nan" | "inf" | "-inf"}` (orjson writes null)
* floats that Python writes with an exponent: `{"$float": "1e-06"}` (encoders differ in how they
  write exponents, and even versions of one do; everything else they write alike)
* integers beyond 64 bits: `{"$int": "<decimal>"}`
* strings with lone surrogates: `{"$utf8": "<hex of the surrogatepass bytes>"}`
* bytes: `{"$bytes": "<hex>"}`
* a mapping whose only key looks like one of these tags: `{"$map": {...}}`

-0.0 equals 0.0 and is written as 0.0. Strings are never normalised: NFC and NFD differ. Keys must
be strings. Equal content therefore gives equal bytes in any process, on any platform.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import Any

import orjson

__all__ = ["FORMAT", "canonical_bytes", "content_hash", "decode", "digest", "plain"]

FORMAT = b"themis-canonical/1\n"
_TAGS = frozenset({"$float", "$int", "$utf8", "$bytes", "$map"})
_LEAVES = frozenset({str, int, bool, type(None)})
_INT_MAX = 2**64 - 1
_INT_MIN = -(2**63)


def canonical_bytes(value: Any) -> bytes:
    """The canonical encoding of a JSON-like value (see the module's text for the edges).

    Raises:
        TypeError: naming what is no JSON value, is too large a number, or is nested too deeply.
    """
    try:
        if _is_plain(value):
            try:
                data = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
            except TypeError:  # a lone surrogate, an integer over 64 bits, a key that is no string
                return orjson.dumps(plain(value), option=orjson.OPT_SORT_KEYS)
            if b'"$' not in data:
                return data
        return orjson.dumps(plain(value), option=orjson.OPT_SORT_KEYS)
    except RecursionError:
        msg = "a value is nested too deeply to be stored or hashed"
        raise TypeError(msg) from None


def decode(data: bytes) -> Any:
    """The value that `canonical_bytes` wrote; tuples come back as lists.

    Raises:
        ValueError: `data` is no canonical JSON.
    """
    value = orjson.loads(data)
    if b'"$' not in data:
        return value
    try:
        return _restore(value)
    except (AttributeError, RecursionError, TypeError, ValueError) as error:
        msg = f"no canonical JSON: {type(error).__name__}: {error}"
        raise ValueError(msg) from error


def digest(*parts: bytes) -> bytes:
    """SHA-256 over parts, each preceded by its length, after the format's version."""
    pieces = [FORMAT]
    for part in parts:
        pieces.append(len(part).to_bytes(8, "big"))
        pieces.append(part)
    return hashlib.sha256(b"".join(pieces)).digest()


def content_hash(value: Any, *, kind: str) -> str:
    """The hex SHA-256 of a value's canonical bytes; `kind` keeps unlike things apart."""
    return digest(kind.encode(), canonical_bytes(value)).hex()


def plain(value: Any) -> Any:
    """The value as orjson can write it without loss; raises TypeError naming what cannot be."""
    kind = type(value)
    if kind is str:
        return value if value.isascii() else _text(value)
    if kind is int:
        return value if _INT_MIN <= value <= _INT_MAX else {"$int": _decimal(value)}
    if value is None or kind is bool:
        return value
    if kind is float:
        return _number(value)
    if kind is dict:
        return _mapping(value)
    if kind is list or kind is tuple:
        return [plain(entry) for entry in value]
    return _other(value)


def _is_plain(value: Any) -> bool:
    """Whether orjson writes `value` as it should, or refuses it: three times as fast as `plain`."""
    kind = type(value)
    if kind is dict:
        entries = value.values()
    elif kind is list or kind is tuple:
        entries = value
    else:
        return kind in _LEAVES or (kind is float and _is_plain_number(value))
    for entry in entries:
        kind = type(entry)
        if kind in _LEAVES:
            continue
        if not (_is_plain_number(entry) if kind is float else _is_plain(entry)):
            return False
    return True


def _is_plain_number(value: float) -> bool:
    """Whether Python writes it without an exponent, and not as -0.0."""
    if 1e-4 <= value < 1e16:
        return True
    return 1e-4 <= -value < 1e16 or (value == 0.0 and math.copysign(1.0, value) > 0.0)


def _decimal(value: int) -> str:
    try:
        return str(value)
    except ValueError as error:
        msg = f"an integer of {value.bit_length():,} bits cannot be stored or hashed: {error}"
        raise TypeError(msg) from error


def _number(value: float) -> Any:
    if math.isfinite(value):
        written = repr(value)
        return {"$float": written} if "e" in written else value + 0.0  # -0.0 + 0.0 is 0.0
    return {"$float": "nan" if value != value else ("inf" if value > 0 else "-inf")}  # noqa: PLR0124 (NaN)


def _text(value: str) -> Any:
    try:
        value.encode()
    except UnicodeEncodeError:
        return {"$utf8": value.encode("utf-8", "surrogatepass").hex()}
    return value


def _mapping(value: Mapping[Any, Any]) -> Any:
    out = {}
    for key, entry in value.items():
        if type(key) is not str and not isinstance(key, str):
            msg = f"keys must be strings to be stored or hashed; got {key!r} ({type(key).__name__})"
            raise TypeError(msg)
        if not isinstance(_text(key), str):
            msg = f"a key with a lone surrogate cannot be stored or hashed: {key!r}"
            raise TypeError(msg)
        out[str(key)] = plain(entry)
    if len(out) == 1 and next(iter(out)) in _TAGS:
        return {"$map": out}
    return out


def _other(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _mapping(value)
    if isinstance(value, (bytes, bytearray)):
        return {"$bytes": bytes(value).hex()}
    for base in (str, bool, int, float):  # enums and other subclasses of the plain types
        if isinstance(value, base):
            return plain(base(value))
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    msg = f"{type(value).__name__} is no JSON value and cannot be stored or hashed: {value!r:.80}"
    raise TypeError(msg)


def _restore(value: Any) -> Any:
    if isinstance(value, list):
        return [_restore(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (tag, body), *_ = value.items()
        if tag in _TAGS:
            return _untag(tag, body)
    return {key: _restore(entry) for key, entry in value.items()}


def _untag(tag: str, body: Any) -> Any:
    if tag == "$float":
        return float(body)
    if tag == "$int":
        return int(body)
    if tag == "$utf8":
        return bytes.fromhex(body).decode("utf-8", "surrogatepass")
    if tag == "$bytes":
        return bytes.fromhex(body)
    return {key: _restore(entry) for key, entry in body.items()}
