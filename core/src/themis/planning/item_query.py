"""A dataset query applied to one item at a time.

A filter compares a field as text: text as it is, true, false and null by these names, numbers and
anything else as JSON. A field is looked up by its whole name first, then as the path `a.b`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from themis.errors import ItemError
from themis.planning.items import ITEM_ID, MISSING, field_text, lookup
from themis.planning.template_environment import closest

if TYPE_CHECKING:
    from themis.specs import DatasetQuerySpec, DatasetTransformSpec

__all__ = ["ItemQuery", "pushed_down"]


def pushed_down(
    query: DatasetQuerySpec, transforms: Iterable[DatasetTransformSpec]
) -> DatasetQuerySpec:
    """What a provider is asked for: the query, or everything when transforms touch its fields.

    A provider sees items before the transforms, a query speaks of them afterwards. Fields are not
    to be left out either when a template or function may read them.
    """
    touched: set[str] = set()
    for transform in transforms:
        touched |= {transform.field, getattr(transform, "source_field", transform.field)}
    if not touched:
        return query
    names = {ITEM_ID, *_compared(query)}
    independent = not {_top(name) for name in touched} & {_top(name) for name in names}
    return query if independent and not query.projected_fields else type(query)()


class ItemQuery:
    """Filters, strata and projection of a query; it notices fields that no item has."""

    def __init__(self, query: DatasetQuerySpec) -> None:
        self._filters = tuple(query.metadata_filters.items())
        self._strata_field = query.strata_field
        self._projected = frozenset(query.projected_fields)
        compared = _compared(query)
        self._kept = {ITEM_ID, *self._projected, *compared, *map(_top, compared)}
        self._unseen = set(compared) | self._projected
        self._fields: list[str] = []

    def narrowed(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row without the fields that a provider may leave out when it projects."""
        if not self._projected:
            return row
        return {name: value for name, value in row.items() if name in self._kept}

    def observe(self, item: Mapping[str, Any]) -> None:
        """Take note of the fields that there are."""
        if not self._fields:
            self._fields = list(item)
        if self._unseen:
            self._unseen = {name for name in self._unseen if lookup(item, name) is MISSING}

    def passes(self, item: Mapping[str, Any]) -> bool:
        """Whether the item has the values that the query filters by."""
        return all(_equals(lookup(item, name), wanted) for name, wanted in self._filters)

    def stratum(self, item: Mapping[str, Any]) -> str:
        """The stratum of an item; items without the field are one of their own, `null`."""
        return field_text(lookup(item, self._strata_field or ""))

    def projected(self, item: Mapping[str, Any]) -> Mapping[str, Any]:
        """The item with the fields that were asked for, and its id."""
        if not self._projected:
            return item
        return {
            name: value
            for name, value in item.items()
            if name in self._projected or name == ITEM_ID
        }

    def check_fields(self) -> None:
        """Every field that the query names is in some item.

        Raises:
            ItemError: naming those that are not, and the fields of the first item.
        """
        if not self._unseen or not self._fields:
            return
        missing = ", ".join(
            f"{name!r}{closest(name, self._fields)}" for name in sorted(self._unseen)
        )
        msg = f"no item has the field {missing} of the dataset_query; fields: {self._listed()}"
        raise ItemError(msg)

    def _listed(self) -> str:
        return ", ".join(self._fields[:20]) + (", ..." if len(self._fields) > 20 else "")


def _compared(query: DatasetQuerySpec) -> list[str]:
    return [*query.metadata_filters, *([query.strata_field] if query.strata_field else [])]


def _top(name: str) -> str:
    return name.partition(".")[0]


def _equals(value: Any, wanted: str) -> bool:
    text = field_text(value)
    return text == (wanted.lower() if isinstance(value, bool) else wanted)
