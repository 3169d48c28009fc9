from __future__ import annotations

from themis.records import Message
from themis.specs import ModelSpec

TOOL = {"name": "add", "description": "Adds."}


def spec_of(result):
    return result.get_trial(result.trial_hashes[0]).trial_spec


def test_the_model_comes_back_with_its_configuration(result_of):
    models = [{"model_id": "alpha", "provider": "demo", "extras": {"skill": 0.5}}]

    assert spec_of(result_of(spec={"models": models})).model == ModelSpec(**models[0])


def test_a_model_that_the_manifest_lacks_is_known_by_its_id_and_provider(result_of):
    assert spec_of(result_of(spec={})).model == ModelSpec(model_id="alpha", provider="demo")


def test_tools_come_back_from_the_slice(result_of):
    slices = [
        {"slice_id": "other", "generation": {"tools": []}},
        {"slice_id": "main", "generation": {"tools": [TOOL]}},
    ]

    [tool] = spec_of(result_of(spec={"slices": slices})).tools

    assert (tool.name, tool.description) == ("add", "Adds.")


def test_the_prompt_is_as_many_messages_as_its_variant_has(result_of):
    two = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    variants = [{"id": "direct", "messages": two}]

    prompt = spec_of(result_of(spec={"prompt_variants": variants})).prompt

    assert prompt == (Message("user", "What of i1?"), Message("assistant", "alpha on i1"))


def test_without_its_variant_the_prompt_is_what_stands_before_the_first_answer(result_of):
    assert spec_of(result_of(spec={})).prompt == (Message("user", "What of i1?"),)
