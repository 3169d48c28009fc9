"""Compiling: what determines a key and what does not, and findings reported all at once."""

from __future__ import annotations

import pytest

from themis.errors import ErrorCode, SpecValidationError
from themis.planning.compiling import compile_plan
from themis.plugin.registry import PluginRegistry
from themis.specs import (
    BenchmarkSpec,
    DatasetSpec,
    GenerationSpec,
    InferenceGridSpec,
    InferenceParamsSpec,
    ModelSpec,
    ParseSpec,
    PromptMessage,
    PromptVariantSpec,
    ScoreSpec,
    SliceSpec,
    ToolSpec,
)


class Engine:
    def infer(self, trial, context, runtime):
        return "4"


class Idle:
    def pre_inference(self, trial, prompt):
        return prompt

    def post_inference(self, trial, result):
        return result

    def pre_extraction(self, trial, candidate):
        return candidate

    def post_extraction(self, trial, candidate):
        return candidate

    def pre_eval(self, trial, candidate):
        return candidate

    def post_eval(self, trial, candidate):
        return candidate


class Shouting(Idle):
    def pre_eval(self, trial, candidate):
        return trial and candidate


def slice_spec(**changes):
    fields = {
        "slice_id": "sums",
        "dataset": DatasetSpec(source="memory"),
        "generation": GenerationSpec(),
        "parses": [ParseSpec(name="number", extractors=["first_number"])],
        "scores": [ScoreSpec(name="exact", parse="number", metrics=["exact_match"])],
    }
    return SliceSpec(**{**fields, **changes})


def benchmark(*, one_slice=None, text="{{ item.q }}", **changes):
    fields = {
        "benchmark_id": "sums",
        "models": [ModelSpec(model_id="m", provider="echo")],
        "slices": [one_slice or slice_spec()],
        "prompt_variants": [
            PromptVariantSpec(id="p", messages=[PromptMessage(role="user", content=text)])
        ],
        "inference_grid": InferenceGridSpec(params=[InferenceParamsSpec()]),
    }
    return BenchmarkSpec(**{**fields, **changes})


def plan_of(spec=None, registry=None):
    registry = registry or PluginRegistry(plugins=())
    return compile_plan((spec or benchmark()).compile(), registry=registry, global_seed=0)


def arm_key(spec=None, registry=None):
    return plan_of(spec, registry).arms[0].key


@pytest.mark.parametrize(
    "spec",
    [
        benchmark(one_slice=slice_spec(dimensions={"topic": "arithmetic"})),
        benchmark(one_slice=slice_spec(slice_id="other")),
        benchmark(one_slice=slice_spec(scores=[ScoreSpec(name="r", metrics=["exact_match"])])),
        benchmark(one_slice=slice_spec(parses=[], scores=[])),
        benchmark(num_samples=5),
        benchmark(benchmark_id="renamed"),
    ],
    ids=["dimension", "slice", "score", "no evaluation", "samples", "benchmark"],
)
def test_what_does_not_determine_a_generation_does_not_rerun_it(spec):
    assert arm_key(spec) == arm_key()


@pytest.mark.parametrize(
    "spec",
    [
        benchmark(text="{{ item.q }}?"),
        benchmark(models=[ModelSpec(model_id="other", provider="echo")]),
        benchmark(inference_grid=InferenceGridSpec(params=[InferenceParamsSpec(temperature=1.0)])),
    ],
    ids=["prompt", "model", "params"],
)
def test_what_determines_a_generation_reruns_it(spec):
    assert arm_key(spec) != arm_key()


def test_another_engine_version_reruns_generation():
    keys = set()
    for version in ("1.0", "1.1"):
        registry = PluginRegistry(plugins=())
        registry.register_inference_engine("mine", Engine, version=version)
        spec = benchmark(models=[ModelSpec(model_id="m", provider="mine")])
        keys.add(arm_key(spec, registry))
    assert len(keys) == 2


def test_a_template_that_reads_the_slice_depends_on_it():
    text = "{{ slice.slice_id }}: {{ item.q }}"
    here = arm_key(benchmark(text=text))
    there = arm_key(benchmark(text=text, one_slice=slice_spec(slice_id="other")))
    assert here != there


def test_a_metrics_configuration_is_part_of_its_key():
    def metric_key(config):
        metric = {"id": "exact_match", "config": config}
        score = ScoreSpec(name="exact", parse="number", metrics=[metric])
        return plan_of(benchmark(one_slice=slice_spec(scores=[score]))).slices[0].scores[0].key

    assert metric_key({}) != metric_key({"ignore_case": True})


def test_a_hook_takes_part_only_in_the_stages_it_changes():
    registry = PluginRegistry(plugins=())
    registry.register_hook("shouting", Shouting())
    plain, hooked = plan_of(), plan_of(registry=registry)
    assert hooked.arms[0].key == plain.arms[0].key
    assert hooked.slices[0].parses[0].key == plain.slices[0].parses[0].key
    assert hooked.slices[0].scores[0].key != plain.slices[0].scores[0].key


def test_a_hook_that_changes_nothing_changes_no_key():
    registry = PluginRegistry(plugins=())
    registry.register_hook("idle", Idle())
    assert plan_of(registry=registry).slices[0].scores[0].key == plan_of().slices[0].scores[0].key


def test_everything_that_is_wrong_is_reported_at_once():
    spec = benchmark(
        models=[ModelSpec(model_id="m", provider="ecco")],
        one_slice=slice_spec(
            scores=[ScoreSpec(name="exact", parse="number", metrics=["exactmatch"])]
        ),
    )
    with pytest.raises(SpecValidationError) as error:
        plan_of(spec)
    assert error.value.code is ErrorCode.PLUGIN_INCOMPATIBLE
    assert {issue.key for issue in error.value.issues} == {
        "slices[0].scores[exact].metrics[0]",
        "models[0].provider",
    }


def test_transforms_that_cannot_be_made_are_reported_with_the_rest():
    transforms = [
        {"kind": "jinja", "field": "q", "template": "{{ question }}"},
        {"kind": "python", "field": "q", "config": {"function": "json:nope"}},
    ]
    dataset = DatasetSpec(source="memory", transforms=transforms)
    with pytest.raises(SpecValidationError) as error:
        plan_of(benchmark(one_slice=slice_spec(dataset=dataset), text="{{ nope }}"))
    assert [issue.key for issue in error.value.issues][:2] == [
        "slices[0].dataset.transforms[0].template",
        "slices[0].dataset.transforms[1].config.function",
    ]
    assert len(error.value.issues) == 3


def test_a_credential_in_an_engines_configuration_is_refused():
    model = ModelSpec(model_id="m", provider="echo", extras={"api_key": "sk-0123456789abcdef"})
    with pytest.raises(SpecValidationError, match="env:NAME") as error:
        plan_of(benchmark(models=[model]))
    assert "0123456789" not in str(error.value)


def test_what_an_engine_lacks_is_an_error_and_an_ignored_seed_a_warning():
    params = InferenceParamsSpec(logprobs=3, response_format="json", seed=7)
    spec = benchmark(inference_grid=InferenceGridSpec(params=[params]))
    with pytest.raises(SpecValidationError) as error:
        plan_of(spec)
    assert "gives no log probabilities" in str(error.value)
    assert "gives no 'json' responses" in str(error.value)
    seeded = benchmark(inference_grid=InferenceGridSpec(params=[InferenceParamsSpec(seed=7)]))
    assert plan_of(seeded).warnings == (
        "engine 'echo' takes no seed: the params' seed changes nothing there",
    )


def test_every_kind_of_thing_that_an_engine_lacks_is_an_error_and_all_are_told_at_once():
    registry = PluginRegistry(plugins=())
    registry.register_inference_engine(
        "small", Engine(), capabilities={"context_length": 100, "response_formats": ("text",)}
    )
    image = PromptMessage(
        role="user", content=[{"type": "image", "image_url": "https://example.org/a.png"}]
    )
    spec = benchmark(
        models=[ModelSpec(model_id="m", provider="small")],
        one_slice=slice_spec(generation=GenerationSpec(tools=[ToolSpec(name="look")])),
        prompt_variants=[PromptVariantSpec(id="seen", messages=[image])],
        inference_grid=InferenceGridSpec(
            params=[InferenceParamsSpec(logprobs=1, response_format="json", max_tokens=101)]
        ),
    )
    with pytest.raises(SpecValidationError) as error:
        plan_of(spec, registry=registry)
    told = [issue.message.removeprefix("engine 'small' ") for issue in error.value.issues]
    assert [message.split(",")[0].split(";")[0].split(" (")[0] for message in told] == [
        "gives no 'json' responses",
        "gives no log probabilities",
        "has a context of 100 tokens",
        "calls no tools",
        "takes no images",
    ]
