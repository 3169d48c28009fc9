"""Items that are handed over in Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from themis.errors import ItemError

if TYPE_CHECKING:
    from themis.specs import DatasetQuerySpec, SliceSpec

__all__ = ["MemoryDatasetProvider"]

Items = Iterable[Mapping[str, Any]]


class MemoryDatasetProvider:
    """Gives the items it was made with: one list for every slice, or one for each dataset_id.

    Pass it to the Orchestrator::

        provider = MemoryDatasetProvider([{"item_id": "q1", "question": "2+2?", "answer": "4"}])
        Orchestrator.from_project_spec(project, dataset_provider=provider)

        MemoryDatasetProvider({"easy": easy_items, "hard": hard_items})

    Items that come from a generator are kept in a tuple, for each run reads them again.
    """

    component_id = "memory"

    def __init__(self, items: Items | Mapping[str, Items] | None = None) -> None:
        self._by_id: dict[str, Items] | None = None
        self._items: Items | None = None
        if isinstance(items, Mapping):
            self._by_id = {name: _kept(entries) for name, entries in items.items()}
        elif items is not None:
            self._items = _kept(items)

    def scan(self, slice_spec: SliceSpec, query: DatasetQuerySpec) -> Items:  # noqa: ARG002 (the planner applies the query)
        """The items of the slice's dataset.

        Raises:
            ItemError: when there are none, or none for its dataset_id.
        """
        if self._by_id is None and self._items is None:
            msg = (
                "source 'memory' has no items; pass dataset_provider=MemoryDatasetProvider(items) "
                "to the Orchestrator"
            )
            raise ItemError(msg)
        if self._by_id is None:
            return self._items or ()
        name = slice_spec.dataset.dataset_id
        if name is None or name not in self._by_id:
            known = ", ".join(repr(key) for key in self._by_id) or "none"
            msg = f"source 'memory' has no items for dataset_id {name!r}; it has: {known}"
            raise ItemError(msg)
        return self._by_id[name]


def _kept(items: Any) -> Items:
    """Items that can be read more than once."""
    if isinstance(items, (str, bytes)):
        msg = f"MemoryDatasetProvider takes items, or items by dataset_id; got {items!r:.80}"
        raise TypeError(msg)
    return tuple(items) if iter(items) is items else items
