from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from themis.specs import (
    DatasetQuerySpec,
    DatasetSpec,
    JinjaTransformSpec,
    PythonTransformSpec,
    RenameTransformSpec,
)


def test_a_dataset_comes_from_the_test_split_of_huggingface_by_default() -> None:
    dataset = DatasetSpec(dataset_id="openai/gsm8k")
    assert (dataset.source, dataset.split, dataset.revision) == ("huggingface", "test", None)


def test_a_huggingface_dataset_needs_an_id() -> None:
    with pytest.raises(ValidationError, match="dataset_id: a huggingface dataset needs one"):
        DatasetSpec()


def test_a_local_dataset_needs_a_path() -> None:
    with pytest.raises(ValidationError, match="data_dir: a local dataset needs data_dir"):
        DatasetSpec(source="local")


@pytest.mark.parametrize("field", ["data_dir", "dataset_id"])
def test_a_local_dataset_takes_its_path_from_either_field(field: str) -> None:
    assert getattr(DatasetSpec(source="local", **{field: "x.jsonl"}), field) == "x.jsonl"


def test_the_revision_changes_the_datasets_identity() -> None:
    one = DatasetSpec(dataset_id="d", revision="v1")
    assert one.canonical_hash != DatasetSpec(dataset_id="d", revision="v2").canonical_hash


def test_transforms_are_told_apart_by_kind() -> None:
    dataset = DatasetSpec(
        source="memory",
        transforms=[
            {"kind": "rename", "field": "question", "source_field": "q"},
            {"kind": "jinja", "field": "prompt", "template": "{{ item.question }}"},
            {"kind": "python", "field": "answer", "config": {"function": "m:f"}},
        ],
    )
    kinds = [RenameTransformSpec, JinjaTransformSpec, PythonTransformSpec]
    assert [type(entry) for entry in dataset.transforms] == kinds


def test_an_unknown_transform_is_an_error_that_lists_the_kinds() -> None:
    with pytest.raises(ValidationError, match="'rename', 'jinja', 'python'"):
        DatasetSpec(source="memory", transforms=[{"kind": "sql", "field": "a"}])


def test_the_constructors_make_the_three_kinds_of_query() -> None:
    assert DatasetQuerySpec.all() == DatasetQuerySpec()
    assert DatasetQuerySpec.subset(5, seed=1) == DatasetQuerySpec(kind="subset", count=5, seed=1)
    assert DatasetQuerySpec.stratified(6, strata_field="level") == DatasetQuerySpec(
        kind="stratified", count=6, strata_field="level"
    )


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "subset"}, "count: a subset query needs count"),
        ({"kind": "stratified", "strata_field": "a"}, "count: a stratified query needs count"),
        (
            {"kind": "stratified", "count": 3},
            "strata_field: a stratified query needs the item field",
        ),
        ({"kind": "subset", "count": 0}, "greater than 0"),
        ({"kind": "subset", "count": 1, "item_ids": ["a"]}, "item_ids: a subset query draws items"),
        (
            {"kind": "stratified", "count": 1, "strata_field": "f", "item_ids": ["a"]},
            "item_ids: a stratified query draws items itself; remove item_ids",
        ),
        ({"count": 3}, 'count: an "all" query takes every item; set kind = "subset"'),
        ({"strata_field": "f"}, "strata_field: only a stratified query has strata"),
    ],
)
def test_a_query_that_does_not_fit_together_is_an_error(
    fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        DatasetQuerySpec(**fields)


def test_item_ids_select_from_all_items() -> None:
    assert DatasetQuerySpec(item_ids=["a", "b"]).item_ids == ["a", "b"]
