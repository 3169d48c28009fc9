"""One run of a store, opened for reading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from themis.results.item_blocks import ItemBlocks, item_blocks
from themis.results.layout import RunLayout, load_layout, unknown_run
from themis.storage import continuations, schema
from themis.storage.column_text import storable

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from themis.storage import RunRow, RunStore, StoredEvent

__all__ = ["RunSource"]


class RunSource:
    """The store and one run in it; what is fixed at planning is read once.

    Raises:
        StorageError: the store has no such run.
    """

    def __init__(self, store: RunStore, run_id: str) -> None:
        self._store = store
        with store.reader() as connection:
            self.layout: RunLayout = load_layout(connection, run_id)
        self._blocks: tuple[int | None, ItemBlocks | None] | None = None

    def item_blocks(self, connection: Connection) -> ItemBlocks | None:
        """Whether trials lie item by item; looked for again only when trials were added."""
        trials = schema.trials
        last = select(func.max(trials.c.trial)).where(trials.c.run == self.layout.run)
        number = connection.scalar(last)
        if self._blocks is None or self._blocks[0] != number:
            self._blocks = (number, item_blocks(connection, self.layout))
        return self._blocks[1]

    def connection(self) -> AbstractContextManager[Connection]:
        """A connection to read projections with; a snapshot while it is open."""
        return self._store.reader()

    def events(self, seqs: Sequence[int]) -> Mapping[int, StoredEvent]:
        """Events by number, each with its hash checked."""
        return self._store.events(seqs)

    def known(self, keys: Iterable[bytes]) -> Mapping[bytes, int]:
        """The events that hold the artifacts with these keys, where there are any."""
        return self._store.known(keys)

    def item(self, item_hash: bytes) -> Any:
        """An item's payload; None where the store does not keep payloads."""
        envelope = self._store.get_items([item_hash]).get(item_hash)
        return None if envelope is None else envelope["payload"]

    def items(self, item_hashes: Sequence[bytes]) -> dict[bytes, Any]:
        """The payloads of those items whose payloads the store keeps."""
        envelopes = self._store.get_items(item_hashes)
        return {item_hash: envelope["payload"] for item_hash, envelope in envelopes.items()}

    def run_row(self) -> RunRow:
        """The run as it stands now.

        Raises:
            StorageError: the store no longer has it.
        """
        row = self._store.find_run(self.layout.run_id)
        if row is None:
            raise unknown_run(self.layout.run_id)
        return row

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """The manifest that the run was planned with.

        Where it went on elsewhere or with other distributions, their provenance is `continued`.
        """
        planned = self._store.event(self.run_row().manifest_seq)
        further = continuations(self._store, self.layout.run_id)
        return {**planned.value["manifest"], **({"continued": further} if further else {})}

    @cached_property
    def transforms(self) -> Mapping[str, Sequence[str]]:
        """The extractor chains of each slice by their hashes, in the order of the plan."""
        chains = (self.manifest.get("keys") or {}).get("transforms", {})
        planned = {storable(name): keys for name, keys in chains.items()}
        spec = self.manifest["spec"] or {}
        names = {
            storable(entry["slice_id"]): [parse["name"] for parse in entry.get("parses", ())]
            for entry in spec.get("slices", ())
        }
        found: dict[str, dict[str, None]] = {}
        for slice_id in dict.fromkeys([*names, *(arm.slice_id for arm in self.layout.arms)]):
            keys = planned.get(slice_id, {})
            ordered = [name for name in names.get(slice_id, ()) if name in keys]
            found[slice_id] = dict.fromkeys(keys[name] for name in [*ordered, *keys])
        for column in self.layout.metrics:
            if column.transform_hash is not None:
                found.setdefault(column.slice_id, {})[column.transform_hash] = None
        return {slice_id: list(chains) for slice_id, chains in found.items()}
