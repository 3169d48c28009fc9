"""Snapshots: what a run is, where it was made, and what changed, in words."""

from __future__ import annotations

import json
from contextlib import ExitStack

import pytest

from themis import Experiment, InMemoryRunStore, RunSnapshot, sqlite_store
from themis.planning.manifest import RunManifest
from themis.planning.provenance import collect_provenance


def experiment(**changes):
    fields = {
        "generation": {"generator": "echo", "prompt_spec": {"prefix": "Q:"}},
        "evaluation": {"metrics": ["exact_match"], "parsers": ["first_number"]},
        "datasets": [{"cases": [{"input": "1", "expected_output": "1"}]}],
    }
    return Experiment(**{**fields, **changes})


def changes(**changed):
    return experiment().compile().changes(experiment(**changed).compile())


def test_the_run_id_is_that_of_the_run():
    assert experiment().compile().run_id == experiment().run().run_id


def test_identity_names_datasets_components_prompts_and_seeds():
    snapshot = experiment(seeds=[7]).compile()
    [dataset] = snapshot.datasets
    assert (dataset.dataset_id, dataset.source, dataset.case_count) == ("data", "memory", 1)
    assert [str(one) for one in snapshot.component_refs.metrics] == ["builtin/exact_match@1.0.0"]
    assert [one.name for one in snapshot.component_refs.parsers] == ["first_number"]
    assert [one.name for one in snapshot.component_refs.generators] == ["echo"]
    assert snapshot.identity.candidate_policy["num_samples"] == 1
    assert snapshot.identity.prompts[0]["messages"][0]["content"] == "Q:\n\n{{ item.input }}"
    assert snapshot.identity.seeds == (7,)


def test_a_judging_models_engine_is_a_judge_and_no_generator():
    snapshot = experiment(
        evaluation={
            "metrics": {"id": "rubric_score", "config": {"rubric": "Good."}},
            "judge_models": "demo:small",
        }
    ).compile()
    assert [one.name for one in snapshot.component_refs.judges] == ["demo"]
    assert [one.name for one in snapshot.component_refs.generators] == ["echo"]


def test_an_engine_that_answers_and_judges_is_both():
    snapshot = experiment(
        generation={"generator": "demo:small"},
        evaluation={
            "metrics": {"id": "rubric_score", "config": {"rubric": "Good."}},
            "judge_models": "demo:large",
        },
    ).compile()
    assert [one.name for one in snapshot.component_refs.judges] == ["demo"]
    assert [one.name for one in snapshot.component_refs.generators] == ["demo"]


def test_components_of_one_name_are_all_there():
    snapshot = experiment(
        evaluation={
            "metrics": [
                "exact_match",
                {"id": "exact_match", "name": "strict", "config": {"strip": False}},
            ]
        }
    ).compile()
    assert [name for name in snapshot.component_refs.named() if name.startswith("metric")] == [
        "metric exact_match",
        "metric exact_match 2",
    ]


def test_provenance_says_where_the_run_is_made_and_is_in_no_id():
    plain = experiment().compile()
    other = experiment(
        environment_metadata={"gpu": "none"},
        provider_metadata={"region": "eu"},
        runtime={"max_concurrent_tasks": 2},
        storage={"store": "sqlite", "parameters": {"path": "x"}},
    ).compile()
    assert other.run_id == plain.run_id
    assert other.provenance.environment_metadata == {"gpu": "none"}
    assert other.provenance.provider_metadata == {"region": "eu"}
    assert other.provenance.runtime["max_concurrent_tasks"] == 2
    assert other.provenance.storage == {"store": "sqlite", "parameters": {"path": "x"}}
    assert "themis-framework" in other.provenance.plugins
    assert other.provenance.git == collect_provenance([], used=())["git"]


def test_a_snapshot_is_read_back_from_a_stored_manifest():
    snapshot = experiment().compile()
    result = experiment().run()
    stored = RunSnapshot.of(RunManifest.from_dict(dict(result.manifest)))
    assert stored.identity == snapshot.identity


def test_a_snapshot_is_plain_json():
    described = experiment().compile().to_dict()
    assert json.loads(json.dumps(described)) == json.loads(json.dumps(described))
    assert described["identity"]["models"] == ("echo",)


def test_nothing_changed_is_said_by_silence():
    assert changes() == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            {"datasets": [{"cases": [{"input": "2", "expected_output": "1"}]}]},
            ["dataset data: its 1 cases are not the same ones"],
        ),
        (
            {"datasets": [{"dataset_id": "other", "cases": [{"input": "1"}]}]},
            ["dataset data is gone", "dataset other is new"],
        ),
        (
            {"evaluation": {"metrics": ["token_f1"], "parsers": ["first_number"]}},
            ["metric exact_match is gone", "metric token_f1 is new"],
        ),
        (
            {
                "evaluation": {
                    "metrics": {"id": "exact_match", "config": {"strip": False}},
                    "parsers": ["first_number"],
                }
            },
            ["metric exact_match: strip True became False"],
        ),
        (
            {
                "generation": {
                    "generator": "echo",
                    "prompt_spec": {"prefix": "Q:"},
                    "candidate_policy": {"num_samples": 3},
                }
            },
            ["the candidate policy: num_samples 1 became 3"],
        ),
        ({"seeds": [4]}, ["the seeds: [0] 0 became 4"]),
        (
            {"runtime": {"max_concurrent_tasks": 3}},
            ["the runtime: max_concurrent_tasks 32 became 3"],
        ),
    ],
)
def test_what_changed_is_said_in_words(changed, words):
    assert changes(**changed) == words


def test_an_edited_function_is_a_change_of_its_code():
    def model_of(text):
        def model(question):
            return text

        return model

    before = experiment(generation={"generator": model_of("a")}).compile()
    after = experiment(generation={"generator": model_of("b")}).compile()
    assert before.changes(after) == ["generator model: its code changed"]
    assert before.run_id != after.run_id


class Elsewhere(InMemoryRunStore):
    """A store of somebody else's making."""

    def __init__(self):
        super().__init__(place="db.example/runs")


@pytest.mark.parametrize(
    ("make", "recorded"),
    [
        (lambda folder: None, {"store": "sqlite", "parameters": {"path": "a"}}),
        (lambda folder: "b", {"store": "sqlite", "parameters": {"path": "b"}}),
        (
            lambda folder: sqlite_store(folder / "c"),
            {"store": "sqlite", "parameters": {"path": "{folder}/c"}},
        ),
        (lambda folder: InMemoryRunStore(), {"store": "memory", "parameters": {}}),
        (
            lambda folder: Elsewhere(),
            {"store": f"{__name__}.Elsewhere", "parameters": {"place": "db.example/runs"}},
        ),
    ],
    ids=["own", "path", "open", "memory", "other"],
)
def test_provenance_names_the_store_that_is_used(tmp_path, monkeypatch, make, recorded):
    monkeypatch.chdir(tmp_path)
    planned = experiment(storage={"store": "sqlite", "parameters": {"path": "a"}})
    with ExitStack() as open_stores:
        store = make(tmp_path)
        if hasattr(store, "close"):
            open_stores.enter_context(store)
        result = open_stores.enter_context(planned.run(store=store))
        snapshot = RunSnapshot.of(RunManifest.from_dict(dict(result.manifest)))
    wanted = json.loads(json.dumps(recorded).replace("{folder}", str(tmp_path)))
    assert snapshot.provenance.storage == wanted


def test_a_run_that_is_kept_nowhere_says_so():
    snapshot = experiment().compile()
    assert snapshot.provenance.storage == {"store": "memory", "parameters": {}}
    assert experiment().run().manifest["project"]["storage"] == {"backend": "memory"}
