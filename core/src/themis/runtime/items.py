"""The items of a run: read once when it is planned, and found again when its trials execute."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Protocol

import attrs

from themis.errors import ItemError
from themis.planning.datasets import dataset_identity, select_items
from themis.planning.items import PlannedItem
from themis.planning.keys import canonical_item_key, trial_key
from themis.planning.manifest import DatasetSummary, items_digest
from themis.storage import Item, PlannedTrial

if TYPE_CHECKING:
    from themis.planning.plan import Plan, SlicePlan
    from themis.plugin import DatasetProvider
    from themis.runtime.work import Work
    from themis.storage import RunStore

__all__ = [
    "ItemSource",
    "ScannedItems",
    "SliceItems",
    "StoredItems",
    "planned_trials",
    "scan_slice",
    "written_all",
]

_BATCH = 500


@attrs.define(slots=True)
class SliceItems:
    """The selected items of one slice: ids and keys in order; payloads are in the store."""

    summary: DatasetSummary
    ids: list[str]
    keys: list[bytes]


class ItemSource(Protocol):
    """Gives each piece of work its item."""

    def fill(self, pending: Sequence[Work]) -> None:
        """Set `item` of every piece of work."""
        ...


@attrs.frozen(slots=True)
class StoredItems:
    """Items whose payloads the store keeps."""

    store: RunStore

    def fill(self, pending: Sequence[Work]) -> None:
        """Read the payloads of the pending work's items."""
        keys = list(dict.fromkeys(work.item_key for work in pending))
        envelopes = self.store.get_items(keys)
        items = {key: _item(envelope) for key, envelope in envelopes.items()}
        for work in pending:
            item = items.get(work.item_key)
            if item is None:
                msg = (
                    f"item {work.item_key.hex()} of trial {work.trial} is not in the store; the "
                    "run was planned with store_item_payloads = false: run its benchmark again "
                    "instead of resuming it by id"
                )
                raise ItemError(msg)
            work.item = item


@attrs.frozen(slots=True)
class ScannedItems:
    """Items kept in memory for this execution, where the store is told not to keep payloads."""

    items: dict[bytes, PlannedItem]

    def fill(self, pending: Sequence[Work]) -> None:
        """Set the items that were scanned when the run was planned."""
        for work in pending:
            work.item = self.items[work.item_key]


def scan_slice(
    slice_plan: SlicePlan,
    provider: DatasetProvider,
    keep: Keeper,
) -> SliceItems:
    """Read one slice's dataset: select, identify and keep its items."""
    spec = slice_plan.spec
    ids: list[str] = []
    keys: list[bytes] = []
    selection = select_items(spec, provider)
    for item in selection:
        data = item.canonical()
        key = canonical_item_key(data)
        ids.append(item.item_id)
        keys.append(key)
        keep.keep(key, item, data)
    keep.flush()
    summary = DatasetSummary(
        slice_id=spec.slice_id,
        identity=dataset_identity(spec.dataset),
        item_count=len(ids),
        items_digest=items_digest(keys),
        shortfall=selection.shortfall,
    )
    return SliceItems(summary, ids, keys)


class Keeper(Protocol):
    """Where scanned items go."""

    def keep(self, key: bytes, item: PlannedItem, data: bytes) -> None:
        """Take one item; `data` is its canonical bytes."""
        ...

    def flush(self) -> None:
        """Everything taken so far must be kept now."""
        ...


@attrs.define(slots=True)
class StoreKeeper:
    """Writes items to the store in batches, while further ones are read."""

    store: RunStore
    batch: list[Item] = attrs.field(factory=list)
    sent: list[Future[Any]] = attrs.field(factory=list)

    def keep(self, key: bytes, item: PlannedItem, data: bytes) -> None:  # noqa: ARG002 (Keeper)
        """Queue one item; a full batch is sent."""
        self.batch.append(Item(key, data))
        if len(self.batch) >= _BATCH:
            self._send()

    def flush(self) -> None:
        """Send the rest, and wait until all is written."""
        if self.batch:
            self._send()
        written_all(self.store, self.sent)
        self.sent = []

    def _send(self) -> None:
        self.sent.append(self.store.submit((), items=self.batch))
        self.batch = []


@attrs.define(slots=True)
class MemoryKeeper:
    """Keeps items for this process only."""

    items: dict[bytes, PlannedItem] = attrs.field(factory=dict)

    def keep(self, key: bytes, item: PlannedItem, data: bytes) -> None:  # noqa: ARG002 (Keeper)
        """Remember one item."""
        self.items[key] = item

    def flush(self) -> None:
        """Memory needs no flush."""


def written_all(store: RunStore, sent: Iterable[Future[Any]]) -> None:
    """Return once all that was sent is durable; raises the store's first error."""
    store.flush()
    for one in sent:
        one.result()


def planned_trials(plan: Plan, slices: Sequence[SliceItems]) -> Iterator[PlannedTrial]:
    """Every trial of the run in order: slice, item, arm."""
    for slice_plan, selected in zip(plan.slices, slices, strict=True):
        for item_id, key in zip(selected.ids, selected.keys, strict=True):
            for arm in slice_plan.arms:
                trial = trial_key(arm.key, key)
                yield PlannedTrial(arm.index, item_id, key.hex(), trial.hex())


def _item(envelope: Mapping[str, Any]) -> PlannedItem:
    return PlannedItem(
        item_id=envelope["item_id"],
        payload=envelope["payload"],
        failure=envelope.get("failure"),
    )
