"""Items handed over in Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from themis.errors import ItemError

if TYPE_CHECKING:
    from themis.specs import DatasetQuerySpec, SliceSpec

__all__ = ["MemoryDatasetProvider", "NoItemsInMemory"]

Rows = Iterable[Mapping[str, Any]]


class MemoryDatasetProvider:
    """Gives rows that are in memory: the same for every slice, or by dataset id.

    Example::

        provider = MemoryDatasetProvider([{"item_id": "1", "question": "1 + 1", "answer": "2"}])
        Orchestrator.from_project_spec(project, dataset_provider=provider)
    """

    def __init__(self, rows: Rows | Mapping[str, Rows]) -> None:
        self._by_id = rows if isinstance(rows, Mapping) else None
        self._rows = () if isinstance(rows, Mapping) else tuple(rows)

    def scan(self, slice_spec: SliceSpec, query: DatasetQuerySpec) -> Rows:  # noqa: ARG002 (the planner applies the query)
        """The rows of the slice's dataset.

        Raises:
            ItemError: no rows were given under the slice's dataset id.
        """
        if self._by_id is None:
            return self._rows
        name = slice_spec.dataset.dataset_id or ""
        if name not in self._by_id:
            known = ", ".join(map(repr, self._by_id)) or "none"
            msg = (
                f"slice {slice_spec.slice_id!r}: no rows were given for dataset_id {name!r}; "
                f"given: {known}"
            )
            raise ItemError(msg)
        return self._by_id[name]


class NoItemsInMemory:
    """What `source = "memory"` is where nobody handed any items over."""

    def scan(self, slice_spec: SliceSpec, query: DatasetQuerySpec) -> Rows:  # noqa: ARG002 (there is nothing to query)
        """Says how to hand items over.

        Raises:
            ItemError: always.
        """
        msg = (
            f'slice {slice_spec.slice_id!r} has source = "memory", and no items were handed over; '
            "pass dataset_provider=MemoryDatasetProvider(items) to the Orchestrator, or use "
            'source = "local" with a file'
        )
        raise ItemError(msg)
