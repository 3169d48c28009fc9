"""Identity and reuse: what a key must hold, and what it must not."""

from __future__ import annotations

import pytest

from themis.plugin.registry import PluginRegistry
from themis.specs import DatasetSpec, ModelSpec, ProjectSpec, ScoreSpec

from .conftest import rows, sums_benchmark, sums_slice


class Constant:
    """A metric that gives its version's number."""

    def __init__(self, version):
        self.version = version

    def score(self, trial, candidate, context):
        return float(self.version)

    def fingerprint(self):
        return "constant"


def with_metric(engine, version):
    registry = PluginRegistry(plugins=())
    registry.register_inference_engine("counting", engine)
    registry.register_metric("constant", Constant(version))
    return registry


def seeds(result):
    return [
        candidate.effective_seed
        for name in result.trial_hashes
        for candidate in result.get_trial(name).candidates
    ]


def test_a_changed_metric_version_scores_again_and_generates_nothing(make, engine):
    spec = sums_benchmark(slices=[sums_slice(scores=[ScoreSpec(name="s", metrics=["constant"])])])
    for version in ("1.0", "2.0"):
        result = make(registry=with_metric(engine, version)).run_benchmark(spec)
        assert result.aggregate(group_by=["metric_id"])[0]["mean"] == float(version)
    assert len(engine.calls) == 6


def test_two_benchmarks_share_what_is_the_same_in_both(make, engine):
    first = make().run_benchmark(sums_benchmark())
    second = make().run_benchmark(sums_benchmark(benchmark_id="another"))
    assert second.run_id != first.run_id
    assert seeds(second) == seeds(first)
    assert len(engine.calls) == 6


def test_every_candidate_has_a_seed_of_its_own(make):
    found = seeds(make().run_benchmark(sums_benchmark(num_samples=3)))
    assert len(set(found)) == 18


def test_another_global_seed_gives_other_candidates(make, engine):
    make().run_benchmark(sums_benchmark())
    make(project=ProjectSpec(global_seed=1)).run_benchmark(sums_benchmark())
    assert len(engine.calls) == 12


def test_two_metrics_of_one_id_and_different_configuration_need_two_names():
    metrics = ["numeric_match", {"id": "numeric_match", "config": {"abs_tolerance": 1.0}}]
    with pytest.raises(ValueError, match="two different metrics reported as 'numeric_match'"):
        ScoreSpec(name="s", parse="number", metrics=metrics)


class TwoDatasets:
    """Equal item ids in both; model `b` is better in one and worse in the other."""

    def scan(self, slice_spec, query):
        for row in rows(8):
            yield {**row, "answer": "b" if slice_spec.slice_id == "easy" else "a"}


def test_equal_item_ids_of_two_datasets_never_make_pairs_across_them(registry, store):
    from themis.runtime.orchestrator import Orchestrator

    class Names:
        async def infer(self, trial, context, runtime):
            return trial.model.model_id

    registry.register_inference_engine("names", Names)
    slices = [
        sums_slice(
            slice_id=name,
            dataset=DatasetSpec(source="memory", dataset_id=name),
            parses=[],
            scores=[ScoreSpec(name="s", metrics=["exact_match"])],
        )
        for name in ("easy", "hard")
    ]
    models = [ModelSpec(model_id=name, provider="names") for name in ("a", "b")]
    orchestrator = Orchestrator.from_project_spec(
        ProjectSpec(), registry=registry, storage_bundle=store, dataset_provider=TwoDatasets()
    )
    result = orchestrator.run_benchmark(sums_benchmark(slices=slices, models=models))
    compared = result.paired_compare(
        metric_id="exact_match", baseline_model_id="a", treatment_model_id="b"
    )
    assert [(row["slice_id"], row["delta_mean"], row["pair_count"]) for row in compared] == [
        ("easy", 1.0, 8),
        ("hard", -1.0, 8),
    ]
