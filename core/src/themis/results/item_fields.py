"""Fields of items, for what is grouped by them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from themis.records.canonical import canonical_bytes

if TYPE_CHECKING:
    from themis.results.clustering import ClusterNames
    from themis.results.source import RunSource

__all__ = ["item_field"]


def item_field(source: RunSource, field: str) -> ClusterNames:
    """A function that gives items' values of `field`, read from the store.

    It raises ValueError for an item without the field, and where payloads were not stored.
    """

    def values(items: Iterable[bytes]) -> Mapping[bytes, Hashable]:
        wanted = list(items)
        payloads = source.items(wanted)
        return {item: _value(payloads.get(item), item, field) for item in wanted}

    return values


def _value(payload: Any, item: bytes, field: str) -> Hashable:
    if payload is None:
        msg = f"item {item.hex()[:12]} is not stored: only stored items can be clustered by field"
        raise ValueError(msg)
    if not isinstance(payload, Mapping) or field not in payload:
        known = ", ".join(sorted(map(str, payload))) if isinstance(payload, Mapping) else "none"
        msg = f"an item has no field {field!r} to cluster by; it has: {known}"
        raise ValueError(msg)
    return canonical_bytes(payload[field])
