from __future__ import annotations

from typing import Any

import pytest

from themis.builtins.datasets import MemoryDatasetProvider
from themis.errors import ItemError
from themis.plugin import DatasetProvider
from themis.specs import DatasetQuerySpec, DatasetSpec, GenerationSpec, SliceSpec

ITEMS = [{"item_id": "a"}, {"item_id": "b"}]


def scan(provider: MemoryDatasetProvider, dataset_id: str | None = None) -> list[Any]:
    entry = SliceSpec(
        slice_id="s",
        dataset=DatasetSpec(source="memory", dataset_id=dataset_id),
        generation=GenerationSpec(),
    )
    return list(provider.scan(entry, DatasetQuerySpec.all()))


def test_it_is_a_dataset_provider():
    assert isinstance(MemoryDatasetProvider(), DatasetProvider)


def test_one_list_is_for_every_slice():
    provider = MemoryDatasetProvider(ITEMS)
    assert scan(provider) == scan(provider, "anything") == ITEMS


def test_lists_may_be_given_by_dataset_id():
    provider = MemoryDatasetProvider({"one": ITEMS[:1], "two": ITEMS[1:]})
    assert (scan(provider, "one"), scan(provider, "two")) == (ITEMS[:1], ITEMS[1:])


def test_an_unknown_dataset_id_is_named_with_those_there_are():
    with pytest.raises(ItemError) as caught:
        scan(MemoryDatasetProvider({"one": ITEMS}), "two")
    assert caught.value.message == (
        "source 'memory' has no items for dataset_id 'two'; it has: 'one'"
    )


def test_the_source_memory_without_items_says_how_to_give_some():
    with pytest.raises(ItemError) as caught:
        scan(MemoryDatasetProvider())
    assert caught.value.message == (
        "source 'memory' has no items; pass dataset_provider=MemoryDatasetProvider(items) to the "
        "Orchestrator"
    )


def test_items_of_a_generator_can_be_read_again():
    provider = MemoryDatasetProvider(row for row in ITEMS)
    assert scan(provider) == scan(provider) == ITEMS


@pytest.mark.parametrize("items", ["rows", {"one": "rows"}, b"rows"])
def test_text_is_no_list_of_items(items):
    with pytest.raises(TypeError, match=r"takes items, or items by dataset_id; got b?'rows'"):
        MemoryDatasetProvider(items)
