from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from themis.specs import BenchmarkSpec


@pytest.mark.parametrize(
    ("selection", "ids"),
    [
        ({}, ["plain", "cot"]),
        ({"prompt_variant_ids": ["plain"]}, ["plain"]),
        ({"prompt_families": ["slow"]}, ["cot"]),
        ({"prompt_variant_ids": ["plain"], "prompt_families": ["slow"]}, ["plain", "cot"]),
        ({"prompt_variant_ids": ["cot", "plain"]}, ["plain", "cot"]),
    ],
)
def test_compiling_resolves_the_variants_of_each_slice(
    benchmark: Callable[..., BenchmarkSpec],
    slice_fields: dict[str, Any],
    selection: dict[str, Any],
    ids: list[str],
) -> None:
    compiled = benchmark(slices=[{**slice_fields, **selection}]).compile()
    entry = compiled.slices[0]
    assert [variant.id for variant in compiled.variants_for(entry)] == ids
    assert (entry.prompt_variant_ids, entry.prompt_families) == (ids, [])


def test_compiling_expands_the_grid(benchmark: Callable[..., BenchmarkSpec]) -> None:
    grid = {"params": [{}], "overrides": {"temperature": [0.0, 0.5]}}
    compiled = benchmark(inference_grid=grid).compile()
    assert [params.temperature for params in compiled.params] == [0.0, 0.5]


def test_what_is_written_twice_is_compiled_once(benchmark: Callable[..., BenchmarkSpec]) -> None:
    model = {"model_id": "m", "provider": "demo"}
    grid = {
        "params": [{"temperature": 0.0}, {"temperature": 1.0}],
        "overrides": {"temperature": [0, 1]},
    }
    compiled = benchmark(models=[model, model], inference_grid=grid).compile()
    assert len(compiled.models) == 1
    assert [params.temperature for params in compiled.params] == [0.0, 1.0]


def test_one_model_id_at_two_providers_is_two_models(
    benchmark: Callable[..., BenchmarkSpec],
) -> None:
    models = [{"model_id": "m", "provider": "a"}, {"model_id": "m", "provider": "b"}]
    assert len(benchmark(models=models).compile().models) == 2


def test_benchmarks_that_say_the_same_compile_to_the_same(
    benchmark: Callable[..., BenchmarkSpec], slice_fields: dict[str, Any]
) -> None:
    spelled = benchmark(slices=[{**slice_fields, "prompt_variant_ids": ["plain", "cot"]}])
    assert spelled.compile().canonical_hash == benchmark().compile().canonical_hash


def test_compiling_twice_changes_nothing(benchmark: Callable[..., BenchmarkSpec]) -> None:
    compiled = benchmark().compile()
    assert compiled.compile() is compiled
    assert compiled.experiment_id == "arithmetic"
