from __future__ import annotations

from themis.planning.compiling import compile_plan
from themis.plugin.registry import PluginRegistry
from themis.runtime.expected_scores import expected_scores
from themis.runtime.progress import ExpectedScores
from themis.specs import BenchmarkSpec


class Length:
    """Declares no bounds."""

    version = "1.0"

    def score(self, trial, candidate, context):
        return len(candidate.inference.raw_text)


def expected(*slices, models=1, samples=1):
    spec = BenchmarkSpec(
        benchmark_id="echoes",
        models=[{"model_id": f"m{number}", "provider": "echo"} for number in range(models)],
        inference_grid={"params": [{}]},
        num_samples=samples,
        prompt_variants=[{"id": "plain", "messages": [{"role": "user", "content": "Hi"}]}],
        slices=list(slices),
    )
    registry = PluginRegistry(plugins=())
    registry.register_metric("length", Length)
    return expected_scores(compile_plan(spec.compile(), registry=registry, global_seed=0), samples)


def one_slice(name, dataset_id, *metrics):
    return {
        "slice_id": name,
        "dataset": {"source": "memory", "dataset_id": dataset_id},
        "generation": {},
        "scores": [{"name": "main", "metrics": list(metrics)}],
    }


def test_declared_bounds_are_known_and_others_are_none():
    found = expected(one_slice("a", "data", "exact_match", "length"))

    assert found["exact_match"] == ExpectedScores(bounds=(0.0, 1.0), per_item=1)
    assert found["length"] == ExpectedScores(bounds=None, per_item=1)


def test_every_model_and_sample_scores_an_item():
    found = expected(one_slice("a", "data", "exact_match"), models=2, samples=3)

    assert found["exact_match"].per_item == 6


def test_slices_of_one_dataset_may_share_items_and_others_do_not():
    shared = expected(one_slice("a", "x", "exact_match"), one_slice("b", "x", "exact_match"))
    apart = expected(one_slice("a", "x", "exact_match"), one_slice("b", "y", "exact_match"))

    assert (shared["exact_match"].per_item, apart["exact_match"].per_item) == (2, 1)
