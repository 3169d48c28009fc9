"""estimate, diff_specs and preview: what would be done, without doing or writing anything."""

from __future__ import annotations

import pytest

from themis.errors import ItemError
from themis.planning.estimate import Price
from themis.plugin.registry import PluginRegistry
from themis.specs import (
    DatasetSpec,
    InferenceGridSpec,
    InferenceParamsSpec,
    ModelSpec,
    ParseSpec,
    PromptMessage,
    PromptVariantSpec,
    ScoreSpec,
)

from .conftest import rows, sums_benchmark, sums_slice


def stages(estimate):
    return {name: (s.total, s.done, s.pending) for name, s in estimate.stages.items()}


def test_an_estimate_counts_what_there_is_to_do_and_writes_nothing(make, store, engine):
    found = make().estimate(sums_benchmark(num_samples=2))
    assert stages(found) == dict.fromkeys(("generate", "parse", "score"), (12, 0, 12))
    assert (store.runs(), engine.calls) == ([], [])


def test_an_estimate_knows_what_is_done(make):
    make().run_benchmark(sums_benchmark())
    found = make().estimate(sums_benchmark(num_samples=2))
    assert stages(found)["generate"] == (12, 6, 6)
    assert [model.calls for model in found.models] == [6]
    done = make().estimate(sums_benchmark())
    assert (stages(done)["score"], done.models, done.prompt_tokens) == ((6, 6, 0), (), 0)


def test_an_engines_own_estimator_counts_the_tokens(make, engine):
    registry = PluginRegistry(plugins=())
    registry.register_inference_engine(
        "counting", engine, prompt_token_estimator=lambda text, model: 10
    )
    found = make(registry=registry).estimate(sums_benchmark())
    assert found.prompt_tokens == 60
    assert found.completion_tokens_at_most == 6 * 1024
    assert "engine" in found.assumptions[0]


def test_many_prompts_are_extrapolated_and_the_estimate_says_so(make, engine):
    registry = PluginRegistry(plugins=())
    registry.register_inference_engine(
        "counting", engine, prompt_token_estimator=lambda text, model: 10
    )
    found = make(registry=registry, items=rows(450)).estimate(sums_benchmark())
    assert found.prompt_tokens == 4500
    assert "prompt tokens: extrapolated from 200 prompts per arm" in found.assumptions


def test_prices_give_the_most_it_may_cost(make, engine):
    registry = PluginRegistry(plugins=())
    registry.register_inference_engine(
        "counting", engine, prompt_token_estimator=lambda text, model: 100
    )
    models = [ModelSpec(model_id=name, provider="counting") for name in ("m", "n")]
    params = InferenceGridSpec(params=[InferenceParamsSpec(max_tokens=50)])
    spec = sums_benchmark(models=models, inference_grid=params)
    orchestrator = make(registry=registry)
    price = Price(prompt=1.0, completion=10.0)
    found = orchestrator.estimate(spec, prices={"m": price, "n": price})
    assert found.cost_at_most == pytest.approx(2 * (600 * 1.0 + 300 * 10.0) / 1e6)
    assert orchestrator.estimate(spec, prices={"m": price}).cost_at_most is None


DIGITS = ParseSpec(name="number", extractors=[{"id": "regex", "config": {"pattern": r"\d+"}}])


def rerun(diff):
    return {name: stage.rerun for name, stage in diff.stages.items()}


def variant(text="{{ item.q }}?"):
    return [PromptVariantSpec(id="plain", messages=[PromptMessage(role="user", content=text)])]


def scored(*metrics):
    return sums_slice(scores=[ScoreSpec(name="exact", parse="number", metrics=list(metrics))])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, (0, 0, 0)),
        ({"slices": [scored("numeric_match", "token_count")]}, (0, 0, 6)),
        ({"slices": [sums_slice(dimensions={"topic": "sums"})]}, (0, 0, 0)),
        ({"slices": [sums_slice(parses=[DIGITS])]}, (0, 6, 6)),
        ({"num_samples": 2}, (6, 6, 6)),
        ({"prompt_variants": variant("{{ item.q }} ?")}, (6, 6, 6)),
        ({"models": [ModelSpec(model_id="other", provider="counting")]}, (6, 6, 6)),
        (
            {"inference_grid": InferenceGridSpec(params=[InferenceParamsSpec(temperature=0.5)])},
            (6, 6, 6),
        ),
        (
            {"inference_grid": InferenceGridSpec(params=[InferenceParamsSpec(seed=1)])},
            (6, 6, 6),
        ),
    ],
    ids=["nothing", "score", "dimension", "parse", "samples", "prompt", "model", "param", "seed"],
)  # fmt: skip
def test_a_diff_says_how_many_of_each_stage_would_run_again(make, change, expected):
    found = make().diff_specs(sums_benchmark(), sums_benchmark(**change))
    assert tuple(rerun(found).values()) == expected
    assert bool(found.changes) == bool(change)


def test_a_changed_item_alone_would_run_again(make, registry, store):
    class Items:
        def scan(self, slice_spec, query):
            edited = slice_spec.dataset.dataset_id == "edited"
            for row in rows():
                yield {**row, "q": "9 + 9"} if edited and row["item_id"] == "2" else row

    from themis.runtime.orchestrator import Orchestrator
    from themis.specs import ProjectSpec

    orchestrator = Orchestrator.from_project_spec(
        ProjectSpec(), registry=registry, storage_bundle=store, dataset_provider=Items()
    )
    edited = sums_slice(dataset=DatasetSpec(source="memory", dataset_id="edited"))
    found = orchestrator.diff_specs(sums_benchmark(), sums_benchmark(slices=[edited]))
    assert rerun(found) == {"generate": 1, "parse": 1, "score": 1}


def test_a_new_version_of_the_engine_generates_again_and_of_a_metric_only_scores(make, engine):
    def other(engine_version, metric_version):
        registry = PluginRegistry(plugins=())
        registry.register_inference_engine("counting", engine, version=engine_version)
        registry.register_metric("half", Half(), version=metric_version)
        return registry

    class Half:
        def score(self, trial, candidate, context):
            return 0.5

        def fingerprint(self):
            return "half"

    spec = sums_benchmark(slices=[scored("half")])
    make(registry=other("1.0", "1.0")).run_benchmark(spec)

    def pending(*versions):
        found = make(registry=other(*versions)).estimate(spec)
        return tuple(stage.pending for stage in found.stages.values())

    assert pending("1.0", "1.0") == (0, 0, 0)
    assert pending("1.0", "1.1") == (0, 0, 6)
    assert pending("1.1", "1.0") == (6, 6, 6)


def test_a_preview_shows_the_first_items_of_each_slice(make, engine):
    shown = make().preview(sums_benchmark(), limit=2)
    assert [(entry.item_id, entry.messages[0].text) for entry in shown] == [
        ("0", "0 + 0?"),
        ("1", "1 + 1?"),
    ]
    assert engine.calls == []


def test_a_preview_of_an_unknown_item_is_an_error(make):
    with pytest.raises(ItemError, match="no slice selects the items nine"):
        make().preview(sums_benchmark(), item_ids=["1", "nine"])


def test_trials_are_those_that_a_run_has(make):
    orchestrator = make()
    hashes = {trial.trial_hash for trial in orchestrator.trials(sums_benchmark())}
    assert hashes == set(orchestrator.run_benchmark(sums_benchmark()).trial_hashes)


def test_two_models_of_one_name_are_a_warning_of_the_plan(make):
    models = [
        ModelSpec(model_id="m", provider="counting"),
        ModelSpec(model_id="m", provider="counting", extras={"a": 1}),
    ]
    [warning] = make().plan(sums_benchmark(models=models)).warnings
    assert "2 models are named 'm' (providers counting, counting)" in warning
