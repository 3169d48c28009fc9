"""From a dataset provider to a slice's items: transforms, ids and the query, in one pass.

The query is handed to the provider, which may push it down, and applied again here, so that the
outcome is the same either way. It speaks of items after the transforms. A provider that leaves out
fields (`projected_fields`) keeps `item_id` and the fields that the query filters by.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from themis.errors import ItemError, ThemisError
from themis.planning.async_rows import rows_of
from themis.planning.item_query import ItemQuery, pushed_down
from themis.planning.items import PlannedItem, as_json, content_id, own_id
from themis.planning.sampling import draw, draw_stratified
from themis.planning.transforms import ItemTransforms

if TYPE_CHECKING:
    from themis.plugin import DatasetProvider
    from themis.specs import DatasetSpec, SliceSpec

__all__ = ["ItemSelection", "dataset_identity", "select_items"]

_LISTED = 10


def dataset_identity(dataset: DatasetSpec) -> dict[str, Any]:
    """What identifies a dataset in a plan, revision and transforms included.

    File sizes and dates take no part: the plan has a digest of the items themselves.
    """
    return dataset.model_dump(mode="json")


def select_items(slice_spec: SliceSpec, provider: DatasetProvider) -> ItemSelection:
    """The items of a slice.

    `all` gives items in the source's order, as they stream; with `item_ids`, in the order of those;
    a sample, in the order of drawing, which does not depend on the source's.

    Raises:
        SpecValidationError: when a transform cannot be made.
    """
    return ItemSelection(slice_spec, provider)


class ItemSelection:
    """The selected items of one slice, read when iterated.

    Then `seen` is how many items the provider gave, `matched` how many passed the filters, and
    `selected` how many were given out; `shortfall` is how many fewer that is than was asked for.

    Iterating raises:
        ItemError: when the source cannot be read, items share an id, a field that the query names
            is in no item, an item id is not found, or nothing is selected.
    """

    def __init__(self, slice_spec: SliceSpec, provider: DatasetProvider) -> None:
        self._slice = slice_spec
        self._spec = slice_spec.dataset_query
        self._provider = provider
        self._transforms = ItemTransforms(slice_spec.dataset.transforms)
        self.seen = self.matched = self.selected = 0

    @property
    def shortfall(self) -> int:
        """How many items the query asked for and the source did not have."""
        return max(0, (self._spec.count or 0) - self.selected)

    def __iter__(self) -> Iterator[PlannedItem]:
        self.seen = self.matched = self.selected = 0
        query = ItemQuery(self._spec)
        for item in self._drawn(query):
            self.selected += 1
            payload = query.projected(item.payload)
            yield PlannedItem(item_id=item.item_id, payload=payload, failure=item.failure)
        if not self.selected:
            raise self._error(self._nothing())

    def _drawn(self, query: ItemQuery) -> Iterable[PlannedItem]:
        spec, matching = self._spec, self._matching(query)
        if spec.kind == "subset":
            named = ((item.item_id, item) for item in matching)
            return draw(named, count=spec.count or 0, seed=spec.seed)
        if spec.kind == "stratified":
            placed = ((item.item_id, query.stratum(item.payload), item) for item in matching)
            return draw_stratified(placed, count=spec.count or 0, seed=spec.seed)
        return self._by_id(matching) if spec.item_ids else matching

    def _by_id(self, matching: Iterable[PlannedItem]) -> list[PlannedItem]:
        """The items that the query names, in its order."""
        wanted = dict.fromkeys(self._spec.item_ids)
        found = {item.item_id: item for item in matching if item.item_id in wanted}
        unknown = [item_id for item_id in wanted if item_id not in found]
        if unknown:
            filtered = " that pass metadata_filters" if self._spec.metadata_filters else ""
            raise self._error(
                f"there are no items{filtered} with these item_ids: {_listed(unknown)}; "
                "correct them in the dataset_query"
            )
        return [found[item_id] for item_id in wanted]

    def _matching(self, query: ItemQuery) -> Iterator[PlannedItem]:
        """Every item that passes the filters, each with an id of its own."""
        ids: set[str] = set()
        repeated: dict[str, int] = {}
        for row in self._rows():
            item = self._item(row, query)
            if not query.passes(item.payload):
                continue
            self.matched += 1
            if item.item_id in ids:
                repeated[item.item_id] = repeated.get(item.item_id, 1) + 1
                continue
            ids.add(item.item_id)
            yield item
        self._check(query, repeated)

    def _rows(self) -> Iterator[Any]:
        """What the provider gives; a fault of its own is named."""
        pushed = pushed_down(self._spec, self._slice.dataset.transforms)
        try:
            for row in rows_of(self._provider.scan(self._slice, pushed)):
                self.seen += 1
                yield row
        except ItemError as error:
            raise self._error(str(error)) from error
        except ThemisError:
            raise
        except Exception as error:  # a provider is a plugin: it may raise anything
            name = type(self._provider).__name__
            raise self._error(
                f"the dataset provider {name} failed after {self.seen} items, "
                f"{type(error).__name__}: {error}"
            ) from error

    def _item(self, row: Any, query: ItemQuery) -> PlannedItem:
        """A row with its transforms and id."""
        try:
            payload = _fields(row)
            if self._transforms:
                item = self._transformed(payload)
                query.observe(item.payload)
                return item
            query.observe(payload)
            payload = query.narrowed(payload)
            return PlannedItem(item_id=own_id(payload) or content_id(payload), payload=payload)
        except (ItemError, TypeError, RecursionError) as error:
            raise self._error(f"item {self.seen} cannot be used: {error}") from error

    def _transformed(self, payload: dict[str, Any]) -> PlannedItem:
        """The item after the transforms; without an id, it has that of its content before them."""
        before = None if own_id(payload) else content_id(payload)
        failure = self._transforms.apply(payload)
        item_id = own_id(payload) or before or content_id(payload)
        return PlannedItem(item_id=item_id, payload=payload, failure=failure)

    def _check(self, query: ItemQuery, repeated: Mapping[str, int]) -> None:
        try:
            query.check_fields()
        except ItemError as error:
            raise self._error(str(error)) from error
        if repeated:
            copies = sum(repeated.values())
            raise self._error(
                f"{copies} items share {len(repeated)} ids: {_listed(list(repeated))}; give each "
                "item its own item_id, or remove the copies (items without one are identified by "
                "their content)"
            )

    def _nothing(self) -> str:
        if not self.seen:
            return "it gave no items"
        filters = ", ".join(
            f"{name}={value}" for name, value in self._spec.metadata_filters.items()
        )
        return f"none of its {self.seen} items passes metadata_filters ({filters})"

    def _error(self, problem: str) -> ItemError:
        dataset = self._slice.dataset
        name = dataset.dataset_id or dataset.data_dir or dataset.source
        return ItemError(f"dataset {name!r} of slice {self._slice.slice_id!r}: {problem}")


def _fields(row: Any) -> dict[str, Any]:
    """The row as plain JSON values, in a dict of our own."""
    if not isinstance(row, Mapping):
        msg = f"it is a {type(row).__name__}, not a mapping of fields"
        raise ItemError(msg)
    return cast("dict[str, Any]", as_json(row))


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:_LISTED])
    return shown if len(names) <= _LISTED else f"{shown} and {len(names) - _LISTED} more"
