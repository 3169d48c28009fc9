from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from themis.specs import InferenceGridSpec, InferenceParamsSpec, JudgeInferenceSpec, ModelSpec


def test_parameters_default_to_greedy_short_text() -> None:
    params = InferenceParamsSpec()
    assert (params.temperature, params.max_tokens, params.stop_sequences) == (0.0, 1024, [])
    assert params.top_p is params.top_k is params.logprobs is params.seed is None


@pytest.mark.parametrize(
    "fields",
    [
        {"temperature": -0.1},
        {"temperature": float("nan")},
        {"top_p": 1.1},
        {"top_p": -0.1},
        {"top_k": -1},
        {"max_tokens": 0},
        {"logprobs": -1},
        {"response_format": "xml"},
    ],
)
def test_a_parameter_out_of_range_is_an_error(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(fields))):
        InferenceParamsSpec(**fields)


def test_expanding_takes_overrides_in_sorted_key_order() -> None:
    grid = InferenceGridSpec(
        params=[{"max_tokens": 8}, {"max_tokens": 9}],
        overrides={"top_k": [1, 2], "temperature": [0.0, 1.0]},
    )
    found = [(p.max_tokens, p.temperature, p.top_k) for p in grid.expand()]
    assert found[:4] == [(8, 0.0, 1), (8, 0.0, 2), (8, 1.0, 1), (8, 1.0, 2)]
    assert [tokens for tokens, *_ in found] == [8] * 4 + [9] * 4


def test_a_grid_without_overrides_expands_to_its_bases() -> None:
    grid = InferenceGridSpec(params=[InferenceParamsSpec(seed=1)])
    assert grid.expand() == [InferenceParamsSpec(seed=1)]


def test_an_unknown_override_goes_into_extras_beside_what_is_there() -> None:
    grid = InferenceGridSpec(params=[{"extras": {"a": 1}}], overrides={"min_p": [0.1, 0.2]})
    assert [p.extras for p in grid.expand()] == [{"a": 1, "min_p": 0.1}, {"a": 1, "min_p": 0.2}]


def test_overriding_extras_replaces_them_and_keeps_unknown_keys() -> None:
    grid = InferenceGridSpec(
        params=[{"extras": {"a": 1}}], overrides={"extras": [{"b": 2}], "min_p": [0.1]}
    )
    assert grid.expand()[0].extras == {"b": 2, "min_p": 0.1}


def test_an_override_that_its_parameter_refuses_is_an_error() -> None:
    with pytest.raises(
        ValidationError, match=r"overrides.temperature\[1\]: .*parameter temperature"
    ):
        InferenceGridSpec(params=[{}], overrides={"temperature": [0.0, -1.0]})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"temperature": [1]}, {"temperature": [1.0]}),
        ({"temperature": [0, 0.5], "top_p": [1]}, {"top_p": [1.0], "temperature": [-0.0, 0.5]}),
        ({"stop_sequences": [("a",)]}, {"stop_sequences": [["a"]]}),
    ],
    ids=str,
)
def test_overrides_that_expand_alike_have_one_hash(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    first, second = (InferenceGridSpec(params=[{}], overrides=each) for each in (one, other))
    assert first.expand() == second.expand()
    assert (first.canonical_hash, first) == (second.canonical_hash, second)


def test_a_whole_number_of_an_unknown_parameter_stays_one() -> None:
    grid = InferenceGridSpec(params=[{}], overrides={"min_p": [1], "temperature": [1]})
    assert [
        type(value) for value in (*grid.overrides["min_p"], *grid.overrides["temperature"])
    ] == [
        int,
        float,
    ]


@pytest.mark.parametrize("overrides", [{"seed": []}, {"seed": 1}, {"seed": {}}])
def test_an_override_is_a_list_with_values(overrides: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"overrides\.seed"):
        InferenceGridSpec(params=[{}], overrides=overrides)


def test_a_grid_needs_a_base() -> None:
    with pytest.raises(ValidationError, match="params"):
        InferenceGridSpec(params=[])


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=3),
    st.dictionaries(
        st.sampled_from(["top_k", "seed", "x", "y"]),
        st.lists(st.integers(0, 9), min_size=1, max_size=3),
    ),
)
def test_expanding_gives_every_base_with_every_combination(
    bases: list[int], overrides: dict[str, list[int]]
) -> None:
    grid = InferenceGridSpec(params=[{"max_tokens": base} for base in bases], overrides=overrides)
    size = len(bases)
    for values in overrides.values():
        size *= len(values)
    assert len(grid.expand()) == size


def test_a_model_needs_an_id_and_a_provider() -> None:
    with pytest.raises(ValidationError) as caught:
        ModelSpec(model_id="", provider="")
    assert {error["loc"] for error in caught.value.errors()} == {("model_id",), ("provider",)}


def test_a_judge_has_default_parameters() -> None:
    judge = JudgeInferenceSpec(model={"model_id": "m", "provider": "p"})
    assert judge.params == InferenceParamsSpec()
    assert judge.extras == {}
