from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from themis.specs import BenchmarkSpec, SliceSpec


def test_a_small_benchmark_is_one_candidate_per_trial(
    benchmark: Callable[..., BenchmarkSpec],
) -> None:
    assert benchmark().num_samples == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"benchmark_id": ""},
        {"models": []},
        {"slices": []},
        {"prompt_variants": []},
        {"inference_grid": {"params": []}},
        {"num_samples": 0},
    ],
)
def test_an_empty_part_is_an_error_that_names_it(
    benchmark: Callable[..., BenchmarkSpec], changes: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError, match=next(iter(changes))):
        benchmark(**changes)


def test_slice_ids_are_unique(
    benchmark: Callable[..., BenchmarkSpec], slice_fields: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError, match=r"slices\[1\].slice_id: two slices are named 'easy'"):
        benchmark(slices=[slice_fields, slice_fields])


def test_an_unknown_variant_names_the_slice_and_the_ids(
    benchmark: Callable[..., BenchmarkSpec], slice_fields: dict[str, Any]
) -> None:
    with pytest.raises(
        ValidationError,
        match="slice 'easy' names unknown prompt variants: 'fancy', 'x'; "
        "the benchmark has 'plain', 'cot'",
    ):
        benchmark(slices=[{**slice_fields, "prompt_variant_ids": ["fancy", "plain", "x"]}])


def test_an_unknown_family_names_the_slice_and_the_families(
    benchmark: Callable[..., BenchmarkSpec], slice_fields: dict[str, Any]
) -> None:
    with pytest.raises(
        ValidationError,
        match="slice 'easy' names unknown prompt families: 'fast'; the benchmark has 'slow'",
    ):
        benchmark(slices=[{**slice_fields, "prompt_families": ["fast"]}])


def test_a_slice_that_does_nothing_is_an_error() -> None:
    with pytest.raises(ValidationError, match="slice 's' does nothing; give it generation, parses"):
        SliceSpec(slice_id="s", dataset={"source": "memory"})


def test_a_slice_may_only_score_imported_candidates() -> None:
    entry = SliceSpec(
        slice_id="s",
        dataset={"source": "memory"},
        scores=[{"name": "len", "metrics": ["token_count"]}],
    )
    assert entry.generation is None


def test_a_score_names_a_parse_of_its_slice(slice_fields: dict[str, Any]) -> None:
    scores = [{"name": "s", "parse": "nummer", "metrics": ["exact_match"]}]
    with pytest.raises(
        ValidationError,
        match=r"scores\[0\].parse: score 's' of slice 'easy' reads the parse 'nummer', "
        "which the slice does not have; it has 'number'",
    ):
        SliceSpec(**{**slice_fields, "scores": scores})


@pytest.mark.parametrize(("field", "thing"), [("parses", "parses"), ("scores", "scores")])
def test_names_within_a_slice_are_unique(
    slice_fields: dict[str, Any], field: str, thing: str
) -> None:
    twice = slice_fields[field] * 2
    with pytest.raises(ValidationError, match=rf"{field}\[1\].name: slice 'easy' has two {thing}"):
        SliceSpec(**{**slice_fields, field: twice})


def test_one_metric_may_score_two_parses(slice_fields: dict[str, Any]) -> None:
    scores = [
        {"name": "raw", "metrics": ["exact_match"]},
        {"name": "read", "parse": "number", "metrics": ["exact_match"]},
    ]
    assert len(SliceSpec(**{**slice_fields, "scores": scores}).scores) == 2


def test_a_dimension_cannot_take_the_name_of_a_group_key(slice_fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"dimensions.model_id: 'model_id' is a group_by key"):
        SliceSpec(**slice_fields, dimensions={"model_id": "x"})
