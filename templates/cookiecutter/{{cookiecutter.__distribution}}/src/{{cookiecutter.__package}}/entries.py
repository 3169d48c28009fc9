"""What is appended together: events, items and progress, as a document and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Self

from themis.records.canonical import canonical_bytes, decode
from themis.storage import Event, Item

__all__ = ["Entry"]


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """Events, items, and progress by run; and the future that hears of the events' numbers."""

    events: Sequence[Event] = ()
    items: Sequence[Item] = ()
    progress: Mapping[str, Any] = field(default_factory=dict)
    future: Future[tuple[int, ...]] = field(default_factory=Future)

    def __post_init__(self) -> None:
        self.future.set_running_or_notify_cancel()  # what was handed over is written all the same

    def document(self) -> dict[str, Any]:
        """The entry as JSON; what is empty is left out."""
        parts = {
            "events": [_event_document(event) for event in self.events],
            "items": [
                {"hash": item.item_hash.hex(), "value": decode(item.data)} for item in self.items
            ],
            "progress": self.progress,
        }
        return {name: part for name, part in parts.items() if part}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """The entry that `document` described."""
        return cls(
            [_event(each) for each in document.get("events", ())],
            [
                Item(bytes.fromhex(each["hash"]), canonical_bytes(each["value"]))
                for each in document.get("items", ())
            ],
            document.get("progress", {}),
        )


def _event_document(event: Event) -> dict[str, Any]:
    return {
        "kind": event.kind,
        "run": event.run,
        "key": event.key and event.key.hex(),
        "at": event.at,
        "value": event.value(),
    }


def _event(document: Mapping[str, Any]) -> Event:
    return Event(
        document["kind"],
        document["run"],
        document["key"] and bytes.fromhex(document["key"]),
        canonical_bytes(document["value"]),
        document["at"],
    )
