from __future__ import annotations

import asyncio

import pytest

from themis.plugin import (
    DatasetProvider,
    Extractor,
    InferenceEngine,
    InferenceError,
    InferenceRuntime,
    JudgeModel,
    JudgeRequest,
    Message,
    Metric,
    MetricContext,
)
from themis.testing import (
    FakeDataset,
    FakeEngine,
    FakeExtractor,
    FakeJudge,
    FakeMetric,
    StepLog,
    make_candidate,
    make_trial,
)


def infer(engine, trial):
    return asyncio.run(engine.infer(trial, {}, InferenceRuntime())).inference


@pytest.mark.parametrize(
    ("fake", "protocol"),
    [
        (FakeEngine(), InferenceEngine),
        (FakeExtractor(), Extractor),
        (FakeMetric(), Metric),
        (FakeJudge(), JudgeModel),
        (FakeDataset(), DatasetProvider),
    ],
)
def test_each_fake_is_a_component_of_its_kind(fake, protocol):
    assert isinstance(fake, protocol)


def test_the_engine_answers_with_a_text_or_a_function_of_the_trial():
    trial = make_trial("one two three")
    assert infer(FakeEngine("4"), trial).raw_text == "4"
    record = infer(FakeEngine(lambda trial, item: trial.item_id), trial)
    assert record.raw_text == "item-1"
    assert record.token_usage.prompt == 3


def test_the_engine_fails_its_first_calls_as_told():
    engine = FakeEngine(failures=[InferenceError("down"), None])
    with pytest.raises(InferenceError, match="down"):
        infer(engine, make_trial())
    assert infer(engine, make_trial()).raw_text == "fake answer"
    assert len(engine.seen) == 2


def test_the_engine_knows_that_it_was_closed():
    engine = FakeEngine()
    asyncio.run(engine.close())
    assert engine.closed


def test_the_extractor_fails_on_an_empty_output():
    extractor, trial = FakeExtractor(), make_trial()
    assert extractor.extract(trial, make_candidate(" 4 ")).parsed_answer == "4"
    assert extractor.extract(trial, make_candidate("")).failure_reason == "the output is empty"


def test_the_metric_compares_the_extraction_before_the_raw_output():
    metric, trial, context = FakeMetric(), make_trial(), MetricContext({"expected": 4})
    assert metric.score(trial, make_candidate("4"), context).value == 1.0
    assert metric.score(trial, make_candidate("x", parsed_answer=4), context).value == 1.0
    assert metric.score(trial, make_candidate("4", parsed_answer=5), context).value == 0.0


def test_the_judge_keeps_what_it_was_asked():
    judge, request = FakeJudge("no"), JudgeRequest(prompt=(Message("user", "?"),))
    assert judge.judge(request) == "no"
    assert judge.seen == [request]


def test_the_dataset_gives_every_item():
    assert list(FakeDataset([{"a": 1}, {"a": 2}]).scan(None, None)) == [{"a": 1}, {"a": 2}]


def test_a_step_log_keeps_call_and_result_of_a_tool():
    log = StepLog({"add": lambda a, b: a + b})
    result = asyncio.run(log.call_tool("add", {"a": 1, "b": 2}, "c1"))
    assert result.content == "3"
    assert [(step.kind, step.call_id) for step in log.steps] == [
        ("tool_call", "c1"),
        ("tool_result", "c1"),
    ]


def test_trials_of_different_items_have_different_hashes():
    one, other = make_trial(item_id="a"), make_trial(item_id="b")
    assert one.trial_hash != other.trial_hash
    assert one.trial_hash == make_trial(item_id="a").trial_hash


def test_a_trial_takes_params_and_further_fields():
    trial = make_trial(params={"temperature": 0.5}, dimensions={"level": "hard"})
    assert trial.params.temperature == 0.5
    assert trial.dimensions == {"level": "hard"}


def test_candidates_of_different_samples_have_different_ids():
    assert make_candidate().candidate_id != make_candidate(sample_index=1).candidate_id
    assert make_candidate(None).inference is None
