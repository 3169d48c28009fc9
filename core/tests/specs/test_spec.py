from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

import themis.specs
from themis.specs import (
    BenchmarkSpec,
    DatasetSpec,
    ExperimentSpec,
    InferenceParamsSpec,
    ModelSpec,
    PluginStorageSpec,
    PostgresBlobStorageSpec,
    ProjectSpec,
    Spec,
)
from themis.specs.spec import repeats

GOLDEN = {
    "InferenceParamsSpec()": ("fa0291edd07a4bd33374ea56a63af598e8dde18b6b62d4b25fe36c7bd868014a"),
    "ProjectSpec()": ("e9d4ccbe5d1ddb4883300bb4deab04a087ea26d9676b518cd64137002721d42e"),
    "ModelSpec(model_id='größe', provider='demo', extras={'b': [1.5, None], 'a': True})": (
        "f2adfe466b5dc42ae4c128ac4c4ecc7f211dfb8e9012421b348fd2c49b95503c"
    ),
    "DatasetSpec(source='memory', dataset_id='d', revision='v1')": (
        "c9e659d6d9710d6e6b2edce17b9507584019be89e2625ba94dbf942ed1f24e93"
    ),
}

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def every_spec() -> list[type[Spec]]:
    found = (value for value in vars(themis.specs).values() if isinstance(value, type))
    return list(dict.fromkeys(v for v in found if issubclass(v, Spec) and v is not Spec))


@pytest.mark.parametrize("hash_seed", ["1", "4242"])
def test_hashes_equal_the_golden_ones_in_any_process(hash_seed: str) -> None:
    code = (
        "import json; from themis.specs import *\n"
        f"print(json.dumps([eval(t).canonical_hash for t in {list(GOLDEN)!r}]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        check=True,
    )
    assert dict(zip(GOLDEN, json.loads(done.stdout), strict=True)) == GOLDEN


@given(st.dictionaries(st.text(), json_values, max_size=4), st.randoms())
def test_dict_order_never_changes_a_hash(extras: dict[str, Any], random: Any) -> None:
    shuffled = list(extras.items())
    random.shuffle(shuffled)
    one = ModelSpec(model_id="m", provider="p", extras=extras)
    other = ModelSpec(extras=dict(shuffled), provider="p", model_id="m")
    assert one.canonical_hash == other.canonical_hash
    assert one == other
    assert hash(one) == hash(other)


def test_a_default_written_out_hashes_like_a_default_left_out() -> None:
    written = InferenceParamsSpec(**InferenceParamsSpec().model_dump())
    assert written.canonical_hash == InferenceParamsSpec().canonical_hash


def test_an_integer_where_a_float_is_meant_hashes_like_the_float() -> None:
    one, other = InferenceParamsSpec(temperature=1), InferenceParamsSpec(temperature=1.0)
    assert one.canonical_hash == other.canonical_hash


def test_different_content_and_different_kinds_hash_differently() -> None:
    hashes = {
        InferenceParamsSpec().canonical_hash,
        InferenceParamsSpec(seed=0).canonical_hash,
        ModelSpec(model_id="a", provider="b").canonical_hash,
        ModelSpec(model_id="b", provider="a").canonical_hash,
    }
    assert len(hashes) == 4
    assert ModelSpec(model_id="a", provider="b") != "a"


def test_a_changed_copy_is_validated_and_has_its_own_hash() -> None:
    params = InferenceParamsSpec(top_k=3)
    before = params.canonical_hash
    changed = params.model_copy(update={"seed": 1})
    assert (changed.top_k, changed.seed) == (3, 1)
    assert changed.canonical_hash != before
    with pytest.raises(ValidationError, match="max_tokens"):
        params.model_copy(update={"max_tokens": 0})


def test_a_copy_without_changes_is_the_spec_itself() -> None:
    params = InferenceParamsSpec()
    assert params.model_copy() is params


def test_a_plugins_extra_fields_survive_a_changed_copy() -> None:
    spec = PluginStorageSpec(backend="s3", bucket="b")
    assert spec.model_copy(update={"region": "eu"}).settings == {"bucket": "b", "region": "eu"}


def test_what_the_writer_changes_later_does_not_reach_the_spec() -> None:
    extras = {"headers": {"a": "1"}}
    model = ModelSpec(model_id="m", provider="p", extras=extras)
    before = model.canonical_hash
    extras["headers"]["a"] = "2"
    assert model.extras == {"headers": {"a": "1"}}
    assert model.canonical_hash == before


def test_fields_and_what_they_hold_cannot_be_changed() -> None:
    project = ProjectSpec(metadata={"team": "a"})
    with pytest.raises(ValidationError, match="frozen"):
        project.global_seed = 1
    with pytest.raises(TypeError, match="specs are immutable"):
        project.metadata["team"] = "b"
    with pytest.raises(TypeError, match="specs are immutable"):
        project.execution_policy.retryable_error_codes.append("x")


def test_a_spec_survives_json_pickle_and_dump(benchmark: Callable[..., BenchmarkSpec]) -> None:
    spec = benchmark()
    assert BenchmarkSpec.model_validate_json(spec.model_dump_json()) == spec
    assert pickle.loads(pickle.dumps(spec)) == spec
    compiled = spec.compile()
    assert ExperimentSpec.model_validate(json.loads(compiled.model_dump_json())) == compiled


def test_unknown_fields_are_refused_by_name() -> None:
    with pytest.raises(ValidationError, match=r"temprature\n  Extra inputs are not permitted"):
        InferenceParamsSpec(temprature=0.5)


@pytest.mark.parametrize(
    "fields", [{"max_tokens": "3"}, {"max_tokens": True}, {"temperature": "0"}, {"seed": 1.0}]
)
def test_a_value_of_another_type_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(fields))):
        InferenceParamsSpec(**fields)


def test_a_set_is_no_list_because_it_has_no_order() -> None:
    with pytest.raises(ValidationError, match="stop_sequences"):
        InferenceParamsSpec(stop_sequences={"a", "b"})


def test_a_tuple_is_taken_as_a_list() -> None:
    assert InferenceParamsSpec(stop_sequences=("a", "b")).stop_sequences == ["a", "b"]


def test_all_problems_between_fields_come_in_one_error(slice_fields: dict[str, Any]) -> None:
    entry = {**slice_fields, "prompt_variant_ids": ["x"], "prompt_families": ["y"]}
    fields = {"benchmark_id": "b", "models": [{"model_id": "m", "provider": "p"}]}
    variants = [{"id": "a", "messages": [{"role": "user", "content": "q"}]}] * 2
    with pytest.raises(ValidationError) as caught:
        BenchmarkSpec(
            **fields, slices=[entry], prompt_variants=variants, inference_grid={"params": [{}]}
        )
    text = str(caught.value)
    assert "prompt_variants[1].id: two prompt variants are named 'a'; rename one" in text
    assert "slices[0].prompt_variant_ids: slice 'easy' names unknown prompt variants: 'x'" in text
    assert "slices[0].prompt_families: slice 'easy' names unknown prompt families: 'y'" in text


def test_a_repr_masks_credentials() -> None:
    model = ModelSpec(model_id="m", provider="p", extras={"api_key": "hunter2"})
    store = PostgresBlobStorageSpec(database_url="postgresql://u:hunter2@h/d", blob_root_dir="b")
    assert "hunter2" not in repr(model) + str(model) + repr(store) + repr(
        ProjectSpec(storage=store)
    )


def test_an_error_does_not_show_what_was_written() -> None:
    with pytest.raises(ValidationError) as caught:
        PostgresBlobStorageSpec(database_url="postgresql://u:hunter2@h/d")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("spec", every_spec(), ids=lambda spec: spec.__name__)
def test_every_field_of_every_spec_is_described(spec: type[BaseModel]) -> None:
    assert spec.__doc__
    for name, field in spec.model_fields.items():
        assert field.description, f"{spec.__name__}.{name}"


def test_every_spec_is_exported() -> None:
    names = {spec.__name__ for spec in every_spec()}
    assert names <= set(themis.specs.__all__)
    assert {"DatasetSpec", "GenerationSpec", "EngineCapabilities", "TrialSpec"} <= set(
        themis.specs.__all__
    )
    assert DatasetSpec in every_spec()


def test_repeats_names_every_later_occurrence() -> None:
    assert list(repeats(["a", "b", "a", "a"])) == [(2, "a"), (3, "a")]
