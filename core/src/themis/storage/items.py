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
    item_hash, encoding, stored, expected = row
    if item_row_hash(item_hash, encoding, stored) != expected:
        msg = (
            f"item {item_hash.hex()} is altered: its row no longer has the recorded hash; "
            "run `themis store verify`"
        )
        raise StorageError(msg)
    data = payloads.unpack(encoding, stored)
    if digest(b"item", data) != item_hash:
        msg = f"item {item_hash.hex()} has other content than its hash says"
        raise StorageError(msg)
    return decode(data)
