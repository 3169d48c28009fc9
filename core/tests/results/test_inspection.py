"""Inspection of experiments' runs: snapshots, states, evaluations. Nothing is run or written."""

from __future__ import annotations

import json

import pytest

import themis
from themis import InMemoryRunStore, get_evaluation_execution, get_execution_state
from themis.core import Dataset
from themis.errors import StorageError
from themis.records import ScoreError
from themis.results import UnknownRecordError
from themis.storage.recording import WithdrawnScore, withdrawn

CASES = [
    {"input": f"{n} + {n}", "expected_output": str(2 * n), "case_id": f"c{n}"} for n in range(3)
]


def model(question, ctx):
    if question == "2 + 2":
        raise RuntimeError("down")
    return f"it is {eval(question)}"


def judge(prompt):
    return "who knows" if "1 + 1" in prompt else "Because.\nVerdict: 5"


def run(store, **changed):
    settings = {
        "model": model,
        "data": CASES,
        "parser": "first_number",
        "metric": ["exact_match", "rubric_score"],
        "judge": judge,
        "judge_config": {"rubric": "The sum is right."},
        "samples": 2,
        "runtime": {"generation_retry_attempts": 1},
    }
    return themis.evaluate(**{**settings, **changed}, store=store)


@pytest.fixture
def store():
    with InMemoryRunStore() as opened:
        yield opened


def counts(stages):
    return {name: (one.ok, one.failed, one.missing) for name, one in stages.items()}


def test_a_snapshot_is_that_of_the_experiment(store):
    result = run(store)
    snapshot = themis.get_run_snapshot(store, result.run_id[:10])
    assert snapshot.run_id == result.run_id
    assert [metric.name for metric in snapshot.component_refs.metrics] == [
        "exact_match",
        "rubric_score",
    ]
    json.dumps(snapshot.to_dict())


def test_a_state_counts_each_stage(store):
    state = get_execution_state(store, run(store).run_id)
    assert (state.status, state.through_stage) == ("partial_failure", "judge")
    assert counts(state.stages) == {
        "generate": (4, 2, 0),
        "parse": (4, 2, 0),
        "score": (4, 2, 0),
        "judge": (2, 4, 0),
    }


def test_a_state_tells_each_case(store):
    state = get_execution_state(store, run(store).run_id)
    assert [(case.case_id, case.status) for case in state.cases] == [
        ("c0", "done"),
        ("c1", "failed"),
        ("c2", "failed"),
    ]
    assert counts(state.cases[1].stages)["judge"] == (0, 2, 0)
    assert [case.case_id for case in state.failed] == ["c1", "c2"]


def test_a_reduction_is_a_stage_of_its_own(store):
    state = get_execution_state(store, run(store, reducer="majority_vote").run_id)
    assert counts(state.cases[0].stages) == {
        "generate": (2, 0, 0),
        "reduce": (1, 0, 0),
        "parse": (1, 0, 0),
        "score": (1, 0, 0),
        "judge": (1, 0, 0),
    }
    assert counts(state.cases[2].stages)["parse"] == (0, 1, 0)


def test_what_was_withdrawn_is_missing(store):
    result = run(store)
    [first, *_] = themis.export_score_bundle(store, result.run_id).records
    row = store.run(result.run_id)
    store.append([withdrawn(row.id, scores=[WithdrawnScore(0, 0, 0, first.key)])])
    state = get_execution_state(store, result.run_id)
    assert [case.case_id for case in state.missing] == ["c0"]
    assert counts(state.stages)["score"] == (3, 2, 1)


def test_a_state_is_plain_json(store):
    state = get_execution_state(store, run(store).run_id)
    plain = json.loads(json.dumps(state.to_dict()))
    assert plain["stages"]["generate"] == {"done": 4, "failed": 2, "missing": 0}
    assert plain["cases"][0]["status"] == "done"


def test_an_evaluation_shows_prompt_reply_judgment_and_score(store):
    found = get_evaluation_execution(store, run(store).run_id, "c0", "rubric_score")
    assert [sample.sample_index for sample in found.samples] == [0, 1]
    call = found.calls[0]
    assert "0 + 0" in str(call.prompt)
    assert call.response.text == "Because.\nVerdict: 5"
    assert (call.judgment, call.score) == (5.0, 1.0)
    [score] = found.samples[0].scores
    assert (score.metric_id, score.value) == ("rubric_score", 1.0)


def test_a_judgment_that_failed_is_shown_with_its_reply(store):
    found = get_evaluation_execution(store, run(store).run_id, "c1", "rubric_score")
    [error] = found.samples[0].scores
    assert isinstance(error, ScoreError)
    assert found.calls[0].response.text == "who knows"


def test_a_reduced_case_is_evaluated_once(store):
    result = run(store, reducer="majority_vote")
    found = get_evaluation_execution(store, result.run_id, "c0", "rubric_score")
    [sample] = found.samples
    assert (sample.sample_index, len(sample.calls)) == (-1, 1)
    assert sample.candidate_id is not None


def test_a_metric_without_judges_has_scores_and_no_calls(store):
    found = get_evaluation_execution(store, run(store).run_id, "c0", "exact_match")
    values = [score.value for sample in found.samples for score in sample.scores]
    assert values == [1.0, 1.0]
    assert found.calls == ()


def test_an_evaluation_is_plain_json(store):
    found = get_evaluation_execution(store, run(store).run_id, "c0", "rubric_score")
    plain = json.loads(json.dumps(found.to_dict()))
    assert plain["samples"][0]["calls"][0]["response"]["text"] == "Because.\nVerdict: 5"


def test_a_case_of_two_datasets_must_be_chosen(store):
    data = [Dataset(dataset_id=name, cases=CASES[:1]) for name in ("easy", "hard")]
    result = run(store, data=data)
    with pytest.raises(UnknownRecordError, match=r"case 'c0' 2 times.*'easy'.*'hard'"):
        get_evaluation_execution(store, result.run_id, "c0", "rubric_score")
    found = get_evaluation_execution(store, result.run_id, "c0", "rubric_score", dataset_id="hard")
    assert found.dataset_id == "hard"


@pytest.mark.parametrize("case_id", ["a\0b", "é"])
def test_a_case_is_found_by_the_id_that_it_was_given(store, case_id):
    cases = [{"case_id": case_id, "input": "1", "expected_output": "1"}]
    run = themis.evaluate(model="echo", data=cases, metric="exact_match", store=store)
    found = get_evaluation_execution(store, run.run_id, case_id, "exact_match")
    assert found.samples[0].scores[0].value == 1.0


def test_a_case_key_names_a_case_too(store):
    result = run(store)
    key = result.trial_hashes[0]
    found = get_evaluation_execution(store, result.run_id, "c0", "rubric_score", case_key=key[:9])
    assert found.trial_hash == key
    with pytest.raises(UnknownRecordError, match="no case 'c1' with case_key"):
        get_evaluation_execution(store, result.run_id, "c1", "rubric_score", case_key=key)


def test_what_the_run_has_not_is_an_error_that_lists_what_it_has(store):
    result = run(store)
    with pytest.raises(UnknownRecordError, match="no case 'c9'; its datasets are: data"):
        get_evaluation_execution(store, result.run_id, "c9", "rubric_score")
    with pytest.raises(ValueError, match="it has: exact_match, rubric_score"):
        get_evaluation_execution(store, result.run_id, "c0", "bleu")
    with pytest.raises(StorageError, match="has no run 'nope'"):
        get_execution_state(store, "nope")
