"""The kit of dataset providers."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, ClassVar

from pydantic import ValidationError

from themis.errors import ItemError, ThemisError
from themis.planning.async_rows import rows_of
from themis.planning.datasets import select_items
from themis.planning.items import ITEM_ID, as_json
from themis.plugin.declarations import ComponentKind
from themis.specs import DatasetQuerySpec, DatasetSpec, GenerationSpec, SliceSpec
from themis.testing.fakes import FakeDataset
from themis.testing.kits.check import check, described, needs
from themis.testing.kits.kit import ComponentKit

__all__ = ["DatasetKit"]

_SHOWN = 1000
"""How many items of a large source are read."""


class DatasetKit(ComponentKit):
    """Checks of a dataset provider.

    Example::

        class TestParquetFolder(DatasetKit):
            ref = "my-dist/parquet_folder"
            dataset = {"data_dir": "tests/data/good"}
            broken = {"data_dir": "tests/data/missing"}
            filtered = {"subject": "history"}

    `dataset` are the fields of a DatasetSpec that gives at least four items; `broken` of one that
    cannot be read. `filtered` are metadata_filters that some of the items pass.
    """

    kind: ClassVar[ComponentKind] = "dataset_provider"
    dataset: ClassVar[Mapping[str, Any]] = {}
    broken: ClassVar[Mapping[str, Any]] = {}
    filtered: ClassVar[Mapping[str, str]] = {}

    def source(self) -> Mapping[str, Any]:
        """The fields of a DatasetSpec that gives items; `dataset`, unless overridden."""
        return self.dataset

    @check("dataset.mappings")
    def test_items_are_mappings_of_fields(self) -> None:
        """Every item is a mapping with text keys, and there are some."""
        rows = self._rows()
        assert rows, "it gave no items"
        for row in rows:
            assert isinstance(row, Mapping), f"an item is {row!r:.200}, no mapping"
            odd = [key for key in row if not isinstance(key, str)]
            assert not odd, f"an item has keys that are no text: {odd}"

    @check("dataset.storable")
    def test_items_can_be_stored(self) -> None:
        """Every value of every item is JSON-like, or is made so by the planner."""
        for row in self._rows():
            try:
                as_json(list(row.values()))
            except (TypeError, ThemisError) as problem:
                msg = f"the item {row!r:.200} cannot be stored: {problem}"
                raise AssertionError(msg) from problem

    @check("dataset.rescan")
    def test_a_second_scan_gives_the_same(self) -> None:
        """A provider that scans again gives equal items in the same order."""
        provider = self.make()
        first, second = self._rows(provider), self._rows(provider)
        assert first == second, f"the scans differ: {len(first)} and {len(second)} items"

    @check("dataset.deterministic")
    def test_another_provider_gives_the_same(self) -> None:
        """Another provider with the same settings gives the same items."""
        needs(self._rows(provider := self.make()) == self._rows(provider), "its scans differ")
        first, second = self._rows(), self._rows()
        assert first == second, f"two providers gave {first[:3]!r:.200} and {second[:3]!r:.200}"

    @check("dataset.streaming")
    def test_reading_may_stop_after_one_item(self) -> None:
        """A scan can be left after one item, and the next one starts over."""
        everything, provider = self._stable(), self.make()
        rows = iter(self._scan(provider))
        next(rows)
        if hasattr(rows, "close"):
            rows.close()
        again = self._rows(provider)
        assert again == everything, (
            f"after a scan that was left, the next gave {len(again)} of {len(everything)} items"
        )

    @check("dataset.interleaved")
    def test_two_scans_at_once_do_not_disturb_each_other(self) -> None:
        """Two scans that are read in turns both give every item."""
        expected, provider = self._stable(), self.make()
        one, other = iter(self._scan(provider)), iter(self._scan(provider))
        turns = [(next(one, None), next(other, None)) for _ in range(min(len(expected), 50))]
        for number, (first, second) in enumerate(turns):
            assert first == second == expected[number], (
                f"read in turns, item {number} is {first!r:.100} and {second!r:.100}, "
                f"not {expected[number]!r:.100}"
            )

    @check("dataset.ids")
    def test_ids_are_texts_and_unlike(self) -> None:
        """Where items have an item_id, it is a text or a number, and no two are equal."""
        ids = [row[ITEM_ID] for row in self._rows() if ITEM_ID in row]
        needs(ids, "its items have no item_id")
        odd = [one for one in ids if not isinstance(one, (str, int)) or one == ""]
        assert not odd, f"these item_ids are neither text nor number: {odd[:5]}"
        twice = sorted({str(one) for one in ids if ids.count(one) > 1})
        assert not twice, f"these item_ids are given twice: {', '.join(twice[:5])}"

    @check("dataset.query")
    def test_a_query_selects_what_the_planner_would(self) -> None:
        """What a provider leaves out of a query's items, the planner would leave out too."""
        everything = self._planned()
        for query in self._queries():
            expected = self._selected(everything, query)
            found = self._selected(self.make(), query)
            assert found == expected, (
                f"of all items the planner selects {expected} by {query!r}, of its own {found}"
            )

    @check("dataset.projection")
    def test_a_projection_keeps_the_fields_that_were_asked_for(self) -> None:
        """With projected_fields, the items have those fields, as the planner would give them."""
        [first, *_] = self._rows()
        name = str(next((name for name in first if name != ITEM_ID), ""))
        needs(name, "its items have no field but item_id")
        query = DatasetQuerySpec(projected_fields=[name])
        expected = self._payloads(self._planned(), query)
        found = self._payloads(self.make(), query)
        assert found == expected, f"with projected_fields=[{name!r}] the items are {found!r:.300}"

    @check("dataset.independent")
    def test_a_changed_item_changes_no_later_one(self) -> None:
        """A caller that changes an item does not change what the next scan gives."""
        provider = self.make()
        expected = copy.deepcopy(self._rows(provider))
        for row in self._rows(provider):
            if isinstance(row, dict):
                row["kit"] = "changed"
        found = self._rows(provider)
        assert found == expected, "changed items came back from the next scan; give new mappings"

    @check("dataset.broken")
    def test_a_source_that_cannot_be_read_is_an_item_error(self) -> None:
        """A source that cannot be read is an ItemError, which says what is wrong."""
        needs(self.broken, "no broken source is given")
        try:
            rows = list(self._scan(self.make(), dataset=self.broken))
        except ItemError as error:
            if not str(error):
                raise AssertionError("the ItemError says nothing") from error
        except Exception as problem:
            msg = f"the broken source raised {described(problem)}; raise an ItemError"
            raise AssertionError(msg) from problem
        else:
            raise AssertionError(f"the broken source gave {len(rows)} items")

    @check("dataset.config", level="static")
    def test_an_unknown_setting_is_refused(self) -> None:
        """A setting that does not exist is refused."""
        self.refuses_unknown_settings()

    def slice(
        self, query: DatasetQuerySpec | None = None, dataset: Mapping[str, Any] | None = None
    ) -> SliceSpec:
        """A slice over the source."""
        fields = self.source() if dataset is None else dataset
        try:
            spec = DatasetSpec(source=self.component.name, **fields)
        except ValidationError as problem:
            needs(not self.tentative, f"it needs a dataset: {problem}")
            raise
        return SliceSpec(
            slice_id="kit",
            dataset=spec,
            dataset_query=query or DatasetQuerySpec(),
            generation=GenerationSpec(),
        )

    def _scan(
        self,
        provider: Any,
        query: DatasetQuerySpec | None = None,
        *,
        dataset: Mapping[str, Any] | None = None,
    ) -> Iterator[Any]:
        scanned = provider.scan(self.slice(query, dataset), query or DatasetQuerySpec())
        return iter(rows_of(scanned))

    def _rows(self, provider: Any = None) -> list[Any]:
        made = self.make() if provider is None else provider
        try:
            return list(islice(self._scan(made), _SHOWN))
        except ThemisError as problem:
            needs(not self.tentative, f"it has no items without configuration: {problem}")
            raise

    def _stable(self) -> list[Any]:
        """The items, where every scan gives the same; else the check is skipped."""
        provider, expected = self.make(), self._rows()
        needs(self._rows(provider) == self._rows(provider) == expected, "its scans differ already")
        return expected

    def _planned(self) -> FakeDataset:
        """All of its items, where the planner takes them; else the check is skipped."""
        everything = FakeDataset(self._rows())
        try:
            self._selected(everything, DatasetQuerySpec())
        except ItemError as problem:
            needs(condition=False, otherwise=f"the planner refuses its items: {problem}")
        return everything

    def _queries(self) -> Iterator[DatasetQuerySpec]:
        yield DatasetQuerySpec()
        for count in (1, 3):
            yield DatasetQuerySpec.subset(count, seed=7)
        ids = [str(row[ITEM_ID]) for row in self._rows() if ITEM_ID in row]
        if ids:
            yield DatasetQuerySpec(item_ids=[ids[-1], ids[0]])
        if self.filtered:
            yield DatasetQuerySpec(metadata_filters=dict(self.filtered))

    def _selected(self, provider: Any, query: DatasetQuerySpec) -> list[str]:
        return [item.item_id for item in select_items(self.slice(query), provider)]

    def _payloads(self, provider: Any, query: DatasetQuerySpec) -> list[Any]:
        return [dict(item.payload) for item in select_items(self.slice(query), provider)]
