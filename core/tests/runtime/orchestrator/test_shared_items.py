"""Items that several components, arms or slices read."""

from __future__ import annotations

from themis.records import InferenceRecord
from themis.specs import ModelSpec

from .conftest import rows, sums_benchmark, sums_slice


class Unsteady:
    """Never gives one answer twice."""

    def __init__(self):
        self.calls = 0

    async def infer(self, trial, context, runtime):
        self.calls += 1
        return InferenceRecord(raw_text=str(self.calls))


class Meddling:
    """Writes into the item it is given."""

    def infer(self, trial, context, runtime):
        context["q"] = "meddled"
        context["more"]["tags"].append("meddled")
        return trial.prompt[-1].text


class Seen:
    def __init__(self):
        self.items = []

    def score(self, trial, candidate, context):
        self.items.append((candidate.inference.raw_text, context["q"], context["more"]["tags"]))
        return 1.0


def two_slices(**changes):
    return sums_benchmark(
        models=[ModelSpec(model_id="m", provider="unsteady")],
        slices=[sums_slice(slice_id="one"), sums_slice(slice_id="two", **changes)],
        num_samples=2,
    )


def test_a_candidate_that_two_slices_share_is_made_once(make, registry):
    engine = Unsteady()
    registry.register_inference_engine("unsteady", engine)
    result = make(items=rows(3)).run(two_slices())
    assert engine.calls == 6
    assert (result.status, result.counts().made, result.counts().planned) == ("completed", 12, 12)
    one, two = result.aggregate(group_by=["slice_id"])
    assert (one["mean"], one["count"]) == (two["mean"], two["count"])


def test_work_that_two_slices_share_is_estimated_once(make, registry):
    registry.register_inference_engine("unsteady", Unsteady())
    orchestrator, spec = make(items=rows(3)), two_slices()
    estimate = orchestrator.estimate(spec)
    assert (estimate.stages["generate"].total, estimate.models[0].calls) == (6, 6)
    assert orchestrator.diff_specs(spec, spec).stages["generate"].total == 6
    orchestrator.run(spec)
    assert orchestrator.estimate(spec).stages["generate"].pending == 0


def test_the_trial_of_a_shared_id_is_the_first_slices(make, registry):
    registry.register_inference_engine("unsteady", Unsteady())
    result = make(items=rows(3)).run(two_slices())
    trial_hash = result.trial_hashes[0]
    assert result.get_trial(trial_hash).trial_spec.slice_id == "one"
    assert result.view_timeline(trial_hash).trial_hash == trial_hash


def test_what_an_engine_does_to_its_item_reaches_nobody_else(make, registry):
    seen = Seen()
    registry.register_inference_engine("meddling", Meddling())
    registry.register_metric("seen", seen)
    spec = sums_benchmark(
        models=[ModelSpec(model_id=name, provider="meddling") for name in ("m", "n")],
        slices=[sums_slice(parses=[], scores=[{"name": "s", "metrics": ["seen"]}])],
    )
    make(items=[{"item_id": "1", "q": "1 + 1", "more": {"tags": []}}]).run(spec)
    assert seen.items == [("1 + 1?", "1 + 1", [])] * 2
