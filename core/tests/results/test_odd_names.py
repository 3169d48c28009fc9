"""Ids that no database can hold as they are: they stay apart in groups, and are found."""

from __future__ import annotations

import pytest

import themis
from themis.builtins.datasets import MemoryDatasetProvider
from themis.results import get_evaluation_execution
from themis.runtime.orchestrator import Orchestrator
from themis.specs import (
    BenchmarkSpec,
    DatasetSpec,
    GenerationSpec,
    InferenceGridSpec,
    InferenceParamsSpec,
    ModelSpec,
    ParseSpec,
    ProjectSpec,
    PromptMessage,
    PromptVariantSpec,
    ScoreSpec,
    SliceSpec,
)
from themis.storage import InMemoryRunStore

IDS = ["a\0b", "a\\x00b", "\ud800", "\\ud800"]
SHOWN = ["a\\x00b", "a\\\\x00b", "\\ud800", "\\\\ud800"]


@pytest.fixture
def result(run_store):
    provider = MemoryDatasetProvider(
        [{"item_id": name, "q": str(number), "answer": "0"} for number, name in enumerate(IDS)]
    )
    orchestrator = Orchestrator.from_project_spec(
        ProjectSpec(), dataset_provider=provider, storage_bundle=run_store
    )
    message = PromptMessage(role="user", content="{{ item.q }}")
    one = SliceSpec(
        slice_id="s\0",
        dataset=DatasetSpec(source="memory"),
        generation=GenerationSpec(),
        dimensions={"kind": "\ud800"},
        parses=[ParseSpec(name="p", extractors=["first_number"])],
        scores=[ScoreSpec(name="s", metrics=["exact_match"])],
    )
    spec = BenchmarkSpec(
        benchmark_id="b",
        models=[ModelSpec(model_id="m\0", provider="echo", extras={"template": "{text}"})],
        prompt_variants=[PromptVariantSpec(id="v\0", messages=[message])],
        inference_grid=InferenceGridSpec(params=[InferenceParamsSpec(temperature=1e-6)]),
        slices=[one],
    )
    return orchestrator.run_benchmark(spec)


def test_items_whose_ids_look_alike_are_groups_of_their_own(result):
    rows = result.aggregate(group_by=["item_id"])
    assert {row["item_id"]: (row["mean"], row["count"]) for row in rows} == {
        name: (float(number == 0), 1) for number, name in enumerate(SHOWN)
    }
    assert [row["item_id"] for row in result.iter_trial_summaries()] == SHOWN


@pytest.mark.parametrize(
    ("given", "number"), [(IDS[0], 0), (IDS[1], 1), (IDS[3], 3), (SHOWN[3], 3)]
)
def test_a_case_is_found_by_its_own_id_and_by_the_one_shown(run_store, result, given, number):
    found = get_evaluation_execution(run_store, result.run_id, given, "exact_match")
    assert found.case_id == SHOWN[number]


def test_dimensions_and_parameters_are_read_as_they_were_written(result):
    [row] = result.aggregate(group_by=["kind"])
    assert row["kind"] == "\\ud800"
    spec = result.get_trial(result.trial_hashes[0]).trial_spec
    assert spec.params.temperature == 1e-6


def test_a_bundle_carries_the_ids_as_they_are(run_store, result):
    bundle = themis.export_generation_bundle(run_store, result.run_id)
    assert [trial.item_id for trial in bundle.plan.trials] == IDS
    with InMemoryRunStore() as there:
        assert themis.import_generation_bundle(there, bundle).imported == 4
        taken = themis.BenchmarkResult(there, result.run_id)
        assert [row["item_id"] for row in taken.iter_trial_summaries()] == SHOWN


def test_a_parse_of_such_a_slice_is_known(result):
    [chain] = result.transform_hashes
    [candidate] = result.for_transform(chain).get_trial(result.trial_hashes[2]).candidates
    assert [one.parsed_answer for one in candidate.extractions] == [2.0]
