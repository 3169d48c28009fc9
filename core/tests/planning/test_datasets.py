from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.errors import ErrorCode, ItemError, OptionalDependencyError, SpecValidationError
from themis.planning.datasets import ItemSelection, dataset_identity, select_items
from themis.planning.items import PlannedItem
from themis.planning.sampling import rank
from themis.specs import DatasetQuerySpec, DatasetSpec, GenerationSpec, SliceSpec


class Rows:
    """A provider of given rows that remembers the query it was asked."""

    def __init__(self, rows: Any) -> None:
        self.rows = rows
        self.query: DatasetQuerySpec | None = None

    def scan(self, slice_spec: SliceSpec, query: DatasetQuerySpec) -> Any:
        self.query = query
        return self.rows() if callable(self.rows) else iter(self.rows)


def slice_of(query: DatasetQuerySpec | None = None, transforms: Any = ()) -> SliceSpec:
    return SliceSpec(
        slice_id="s",
        dataset=DatasetSpec(source="memory", dataset_id="d", transforms=list(transforms)),
        dataset_query=query or DatasetQuerySpec.all(),
        generation=GenerationSpec(),
    )


def selection(rows: Any, query: DatasetQuerySpec | None = None, *transforms: Any) -> ItemSelection:
    provider = rows if hasattr(rows, "scan") else Rows(rows)
    return select_items(slice_of(query, transforms), provider)


def select(rows: Any, query: DatasetQuerySpec | None = None, *transforms: Any) -> list[PlannedItem]:
    return list(selection(rows, query, *transforms))


def ids(rows: Any, query: DatasetQuerySpec | None = None, *transforms: Any) -> list[str]:
    return [item.item_id for item in select(rows, query, *transforms)]


def failure(rows: Any, query: DatasetQuerySpec | None = None, *transforms: Any) -> str:
    with pytest.raises(ItemError) as caught:
        select(rows, query, *transforms)
    assert caught.value.code == ErrorCode.ITEM_LOAD
    return caught.value.message


ROWS = [{"item_id": f"q{n}", "level": "abc"[n % 3], "n": n} for n in range(30)]
RENAME = {"kind": "rename", "field": "item_id", "source_field": "id"}


def test_all_items_come_in_the_sources_order():
    assert ids(ROWS) == [f"q{n}" for n in range(30)]


def test_items_stream_one_by_one():
    given_out = []

    def rows() -> Iterator[dict[str, Any]]:
        for n in range(5):
            given_out.append(n)
            yield {"item_id": str(n)}

    stream = iter(selection(rows))
    next(stream)
    assert given_out == [0]


def test_a_provider_that_reuses_one_dict_does_no_harm():
    def rows() -> Iterator[dict[str, Any]]:
        row: dict[str, Any] = {}
        for n in range(3):
            row["item_id"] = str(n)
            yield row

    assert ids(rows) == ["0", "1", "2"]


def test_a_row_without_an_id_gets_that_of_its_content():
    first, again = select([{"q": "1+1"}]), select([{"q": "1+1"}])
    assert first[0].item_id == again[0].item_id
    assert len(first[0].item_id) == 32
    assert first[0].payload == {"q": "1+1"}


def test_duplicate_ids_are_listed_with_their_number():
    rows = [{"item_id": n % 12, "x": n} for n in range(30)]
    assert failure(rows) == (
        "dataset 'd' of slice 's': 30 items share 12 ids: '0', '1', '2', '3', '4', '5', '6', '7', "
        "'8', '9' and 2 more; give each item its own item_id, or remove the copies (items without "
        "one are identified by their content)"
    )


@pytest.mark.parametrize(
    "query",
    [DatasetQuerySpec.subset(1), DatasetQuerySpec.stratified(1, strata_field="x")],
)
def test_duplicates_are_found_when_sampling_too(query):
    assert "2 items share 1 ids: 'a'" in failure([{"item_id": "a", "x": n} for n in (1, 2)], query)


def test_equal_rows_without_ids_are_duplicates():
    assert "2 items share 1 ids" in failure([{"q": 1}, {"q": 1}])


def test_a_subset_is_exact_and_seeded():
    query = DatasetQuerySpec.subset(7, seed=3)
    assert len(ids(ROWS, query)) == 7
    assert ids(ROWS, query) == ids(ROWS[::-1], query)
    assert ids(ROWS, query) != ids(ROWS, DatasetQuerySpec.subset(7, seed=4))


def test_no_seed_is_the_seed_zero():
    assert ids(ROWS, DatasetQuerySpec.subset(7)) == ids(ROWS, DatasetQuerySpec.subset(7, seed=0))


def test_a_provider_may_push_the_sample_down_by_rank():
    query = DatasetQuerySpec.subset(7, seed=3)
    pushed = sorted(ROWS, key=lambda row: rank(3, row["item_id"]))[:7]
    assert ids(pushed, query) == ids(ROWS, query)


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=40), st.integers(1, 50))
def test_a_stratified_sample_is_exact_for_any_strata(levels, count):
    rows = [{"item_id": str(n), "level": level} for n, level in enumerate(levels)]
    query = DatasetQuerySpec.stratified(count, strata_field="level", seed=1)
    sample = select(rows, query)
    assert len(sample) == min(count, len(rows))
    if count >= len(set(levels)):
        assert {item.payload["level"] for item in sample} == set(levels)
    assert select([item.payload for item in sample], query) == sample


def test_strata_may_be_nested_fields_and_no_text():
    rows = [{"item_id": str(n), "meta": {"hard": n % 4 == 0}} for n in range(40)]
    query = DatasetQuerySpec.stratified(8, strata_field="meta.hard")
    assert sum(item.payload["meta"]["hard"] for item in select(rows, query)) == 2


def test_items_without_the_strata_field_are_a_stratum():
    rows = [{"item_id": "a", "x": 1}, {"item_id": "b"}, {"item_id": "c"}]
    query = DatasetQuerySpec.stratified(2, strata_field="x")
    assert "a" in ids(rows, query)


def test_fewer_items_than_asked_for_are_a_recorded_shortfall():
    chosen = selection(ROWS, DatasetQuerySpec.subset(50))
    assert len(list(chosen)) == 30
    assert (chosen.seen, chosen.matched, chosen.selected, chosen.shortfall) == (30, 30, 30, 20)


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"level": "a"}, 10),
        ({"n": "3"}, 1),
        ({"level": "a", "n": "3"}, 1),
        ({"meta.deep": "true"}, 2),
        ({"meta.deep": "True"}, 2),
        ({"meta.none": "null"}, 2),
    ],
)
def test_filters_compare_fields_as_text(filters, count):
    rows = [*ROWS, *({"item_id": k, "meta": {"deep": True, "none": None}} for k in "xy")]
    query = DatasetQuerySpec(metadata_filters=filters)
    if "meta.none" in filters:
        rows = rows[-2:]
    assert len(ids(rows, query)) == count


def test_filters_apply_before_sampling():
    query = DatasetQuerySpec(kind="subset", count=4, metadata_filters={"level": "b"})
    assert {item.payload["level"] for item in select(ROWS, query)} == {"b"}


def test_a_filter_that_nothing_passes_is_an_error():
    assert failure(ROWS, DatasetQuerySpec(metadata_filters={"level": "z", "n": "1"})) == (
        "dataset 'd' of slice 's': none of its 30 items passes metadata_filters (level=z, n=1)"
    )


def test_a_dataset_without_items_is_an_error():
    assert failure([]) == "dataset 'd' of slice 's': it gave no items"


@pytest.mark.parametrize(
    "query",
    [
        DatasetQuerySpec(metadata_filters={"lebel": "a"}),
        DatasetQuerySpec.stratified(3, strata_field="lebel"),
        DatasetQuerySpec(projected_fields=["lebel"]),
    ],
)
def test_a_field_that_no_item_has_is_named_with_a_near_one(query):
    assert failure(ROWS, query) == (
        "dataset 'd' of slice 's': no item has the field 'lebel' (did you mean 'level'?) of the "
        "dataset_query; fields: item_id, level, n"
    )


def test_named_items_come_in_the_order_they_are_named():
    assert ids(ROWS, DatasetQuerySpec(item_ids=["q7", "q2", "q7"])) == ["q7", "q2"]


def test_unknown_item_ids_are_listed():
    query = DatasetQuerySpec(item_ids=["q1", "nope", *(f"x{n}" for n in range(12))])
    assert failure(ROWS, query) == (
        "dataset 'd' of slice 's': there are no items with these item_ids: 'nope', 'x0', 'x1', "
        "'x2', 'x3', 'x4', 'x5', 'x6', 'x7', 'x8' and 3 more; correct them in the dataset_query"
    )


def test_a_named_item_that_a_filter_excludes_is_an_error():
    query = DatasetQuerySpec(item_ids=["q1"], metadata_filters={"level": "a"})
    assert "there are no items that pass metadata_filters with these" in failure(ROWS, query)


def test_projection_keeps_the_named_fields_and_the_id():
    [item] = select(ROWS[:1], DatasetQuerySpec(projected_fields=["level"]))
    assert item.payload == {"item_id": "q0", "level": "a"}


def test_projection_keeps_fields_that_only_some_items_have():
    rows = [{"item_id": "a", "x": 1, "y": 2}, {"item_id": "b", "y": 3}]
    items = select(rows, DatasetQuerySpec(projected_fields=["x"]))
    assert [item.payload for item in items] == [{"item_id": "a", "x": 1}, {"item_id": "b"}]


def test_projection_filters_and_samples_by_fields_that_it_leaves_out():
    query = DatasetQuerySpec(projected_fields=["n"], metadata_filters={"level": "a"})
    items = select(ROWS, query)
    assert len(items) == 10
    assert all(set(item.payload) == {"item_id", "n"} for item in items)


def test_projecting_in_the_provider_or_here_gives_the_same_ids():
    query = DatasetQuerySpec(projected_fields=["q"], metadata_filters={"k": "1"})
    rows = [{"q": "a", "k": 1, "extra": 5}, {"q": "b", "k": 1, "extra": 6}]
    narrow = [{"q": row["q"], "k": row["k"]} for row in rows]
    assert select(rows, query) == select(narrow, query)


def test_transforms_come_before_ids_and_the_query():
    rows = [{"id": f"q{n}", "n": n} for n in range(4)]
    level = {"kind": "jinja", "field": "level", "template": "{{ 'hi' if item.n > 1 else 'lo' }}"}
    query = DatasetQuerySpec(metadata_filters={"level": "hi"})
    items = select(rows, query, RENAME, level)
    assert [item.payload for item in items] == [
        {"n": 2, "item_id": "q2", "level": "hi"},
        {"n": 3, "item_id": "q3", "level": "hi"},
    ]


def test_content_ids_do_not_change_with_the_transforms():
    add = {"kind": "jinja", "field": "p", "template": "{{ item.q }}!"}
    assert ids([{"q": "1"}]) == ids([{"q": "1"}], None, add)


def test_an_item_that_a_transform_fails_on_is_selected_with_its_failure():
    rows = [{"item_id": "a", "x": 1}, {"item_id": "b", "y": 1}]
    good, bad = select(rows, None, {"kind": "rename", "field": "z", "source_field": "x"})
    assert (good.payload, good.failure) == ({"item_id": "a", "z": 1}, None)
    assert (bad.item_id, bad.payload) == ("b", {"item_id": "b", "y": 1})
    assert bad.failure == (
        "transform 1 (rename of field 'z'): the item has no field 'x'; its fields: item_id, y"
    )


def test_an_item_whose_id_cannot_be_made_falls_back_to_its_content():
    good, bad = select([{"id": "a"}, {"x": 1}], None, RENAME)
    assert (good.item_id, len(bad.item_id)) == ("a", 32)


def test_transforms_that_cannot_be_made_are_a_spec_error():
    with pytest.raises(SpecValidationError, match="unknown name 'q'"):
        selection([], None, {"kind": "jinja", "field": "x", "template": "{{ q }}"})


@pytest.mark.parametrize(
    ("query", "transform", "pushed"),
    [
        (DatasetQuerySpec.subset(3), None, True),
        (DatasetQuerySpec(metadata_filters={"a": "1"}), {"field": "b", "source_field": "c"}, True),
        (DatasetQuerySpec(metadata_filters={"a": "1"}), {"field": "b", "source_field": "a"}, False),
        (DatasetQuerySpec(metadata_filters={"b.x": "1"}), {"field": "b", "source_field": "c"}, False),  # noqa: E501
        (DatasetQuerySpec.subset(3), {"field": "item_id", "source_field": "c"}, False),
        (DatasetQuerySpec(projected_fields=["a"]), {"field": "b", "source_field": "c"}, False),
    ],
)  # fmt: skip
def test_the_query_is_handed_to_the_provider_unless_transforms_touch_it(query, transform, pushed):
    provider = Rows([])
    transforms = [{"kind": "rename", **transform}] if transform else []
    with pytest.raises(ItemError, match="it gave no items"):
        list(select_items(slice_of(query, transforms), provider))
    assert provider.query == (query if pushed else DatasetQuerySpec.all())


def test_a_row_that_is_no_mapping_is_named_by_its_number():
    assert failure([{"item_id": "a"}, ["b"]]) == (
        "dataset 'd' of slice 's': item 2 cannot be used: it is a list, not a mapping of fields"
    )


def test_a_field_that_has_no_json_form_is_named():
    assert failure([{"meta": {"x": object()}}]) == (
        "dataset 'd' of slice 's': item 1 cannot be used: meta.x is a object, which has no JSON "
        "form; let the dataset provider convert it"
    )


def test_an_item_nested_too_deeply_is_named():
    row: dict[str, Any] = {}
    for _ in range(5000):
        row = {"x": row}
    assert "item 1 cannot be used: it is nested too deeply to be read; flatten it" in failure([row])


def test_a_provider_that_fails_is_named_with_how_far_it_came():
    def rows() -> Iterator[dict[str, Any]]:
        yield {"item_id": "a"}
        raise KeyError("connection")

    assert failure(rows) == (
        "dataset 'd' of slice 's': the dataset provider Rows failed after 1 items, "
        "KeyError: 'connection'"
    )


def test_a_providers_own_item_error_is_passed_on_with_the_slice():
    def rows() -> Any:
        raise ItemError("x.jsonl:3: broken")

    assert failure(rows) == "dataset 'd' of slice 's': x.jsonl:3: broken"


def test_a_missing_package_stays_what_it_is():
    def rows() -> Any:
        raise OptionalDependencyError("pip install x")

    with pytest.raises(OptionalDependencyError, match="pip install x"):
        select(rows)


def test_a_scan_that_returns_no_rows_is_named():
    assert "scan() returned a int; it is to return an iterable" in failure(lambda: 5)


def test_the_identity_of_a_dataset_has_its_revision_and_transforms():
    identity = dataset_identity(DatasetSpec(dataset_id="a/b", revision="v1", transforms=[RENAME]))
    assert identity == {
        "source": "huggingface",
        "dataset_id": "a/b",
        "data_dir": None,
        "split": "test",
        "revision": "v1",
        "transforms": [{"kind": "rename", "field": "item_id", "source_field": "id"}],
    }


async def stream() -> AsyncIterator[dict[str, Any]]:
    for name in "ab":
        await asyncio.sleep(0)
        yield {"item_id": name}


async def rows_later() -> list[dict[str, Any]]:
    await asyncio.sleep(0)
    return [{"item_id": "a"}, {"item_id": "b"}]


async def stream_later() -> AsyncIterator[dict[str, Any]]:
    return stream()


@pytest.mark.parametrize("scan", [stream, rows_later, stream_later])
def test_a_scan_may_be_asynchronous(scan):
    assert ids(scan) == ["a", "b"]


@pytest.mark.parametrize("scan", [stream, rows_later, stream_later])
def test_an_asynchronous_scan_works_inside_a_running_loop(scan):
    async def plan() -> list[str]:
        return ids(scan)

    assert asyncio.run(plan()) == ["a", "b"]


def test_an_asynchronous_scan_that_fails_is_named():
    async def rows() -> AsyncIterator[dict[str, Any]]:
        yield {"item_id": "a"}
        raise OSError("gone")

    assert "failed after 1 items, OSError: gone" in failure(rows)


def test_a_stream_that_is_left_early_is_closed():
    closed = []

    async def rows() -> AsyncIterator[dict[str, Any]]:
        try:
            for n in range(9):
                yield {"item_id": str(n)}
        finally:
            closed.append(True)

    items = iter(selection(rows))
    next(items)
    items.close()
    assert closed == [True]
