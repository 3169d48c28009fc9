"""Item payloads, stored once however many trials use them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from themis.errors import StorageError
from themis.records.canonical import canonical_bytes, decode, digest
from themis.storage.events import item_row_hash

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from themis.storage.payloads import PayloadFormat

__all__ = ["Item", "decode_item"]


@attrs.frozen(slots=True)
class Item:
    """An item to store: `data` is canonical `{"item_id", "payload"}`, `item_hash` its hash."""

    item_hash: bytes
    data: bytes

    @classmethod
    def of(cls, item_id: str, payload: Mapping[str, Any]) -> Item:
        """The item, hashed as `content_hash({"item_id", "payload"}, kind="item")` hashes it."""
        data = canonical_bytes({"item_id": item_id, "payload": payload})
        return cls(digest(b"item", data), data)


def decode_item(row: Sequence[Any], payloads: PayloadFormat) -> Any:
    """The envelope in an `items` row (item_hash, encoding, payload, hash).

    It has `item_id` and `payload`, and `failure` where the payload could not be prepared.

    Raises:
        StorageError: the row is not as it was written, or its blob is missing or altered.
    """
    item_hash, encoding, stored, _ = row
    name = item_hash.hex() if isinstance(item_hash, bytes) else repr(item_hash)
    if not _is_intact(row):
        msg = (
            f"item {name} is altered: its row no longer has the recorded hash; "
            "restore the store from a copy (`themis store verify` lists all such items)"
        )
        raise StorageError(msg)
    try:
        data = payloads.unpack(encoding, stored)
        value = decode(data)
    except (StorageError, ValueError) as error:
        msg = f"item {name} cannot be read: {error}"
        raise StorageError(msg) from error
    if digest(b"item", data) != item_hash:
        msg = f"item {name} has other content than its hash says"
        raise StorageError(msg)
    return value


def _is_intact(row: Sequence[Any]) -> bool:
    item_hash, encoding, stored, expected = row
    try:
        return bool(item_row_hash(item_hash, encoding, stored) == expected)
    except (TypeError, ValueError):  # a damaged row may hold values of any type
        return False
