"""Metrics that ask a judge, in a run: seeds, retries, the audit trail, and judges that are down."""

from __future__ import annotations

import pytest

from themis.errors import ErrorCode, InferenceError, SpecValidationError
from themis.plugin import JudgeResponse
from themis.records import InferenceRecord, ScoreError
from themis.runtime.context import RuntimeContext
from themis.runtime.options import RuntimeOptions
from themis.specs import ExecutionPolicySpec, ProjectSpec, ScoreSpec

from .conftest import rows, sums_benchmark, sums_slice

GPT = {"model": {"model_id": "gpt-judge", "provider": "judging"}}
OTHER = {"model": {"model_id": "other-judge", "provider": "judging"}}
PATIENT = RuntimeContext(options=RuntimeOptions(retry_base_seconds=0.001))


class Judging:
    """A judge engine: replies by what it is told, keeps every call, fails as often as told."""

    version = "1.0"

    def __init__(self):
        self.calls = []
        self.failures = 0
        self.down = False
        self.reply = "Verdict: 5"

    async def infer(self, trial, context, runtime):
        self.calls.append((trial.model.model_id, runtime.seed, trial.prompt))
        if self.down or self.failures > 0:
            self.failures -= 1
            code = ErrorCode.PROVIDER_AUTH if self.down else ErrorCode.PROVIDER_UNAVAILABLE
            raise InferenceError("the judge is away", code=code)
        return InferenceRecord(raw_text=self.reply)

    def fingerprint(self):
        return "judging"


@pytest.fixture
def judge(registry):
    judge = Judging()
    registry.register_inference_engine("judging", judge)
    return judge


def rubric(*judges, **config):
    settings = {"rubric": "It is right.", "judges": list(judges), **config}
    return {"id": "rubric_score", "config": settings}


def judged(*metrics):
    scores = [ScoreSpec(name="judged", parse="number", metrics=list(metrics))]
    return sums_benchmark(slices=[sums_slice(scores=scores)])


def means(result):
    return {row["metric_id"]: row["mean"] for row in result.aggregate(group_by=["metric_id"])}


def candidates(result):
    return [result.get_trial(name).candidates[0] for name in result.trial_hashes]


def test_a_rubric_is_scored_by_a_model(make, judge):
    judge.reply = "Fine.\nVerdict: 3"
    result = make().run_benchmark(judged(rubric(GPT)))
    assert means(result) == {"rubric_score": 0.5}
    assert len(judge.calls) == 6


def test_the_judge_is_shown_the_task_the_answer_and_the_reference(make, judge):
    judge.reply = "Verdict: correct"
    metric = {"id": "reference_grading", "config": {"judges": [GPT]}}
    result = make(items=rows(4)[3:]).run_benchmark(judged(metric))
    text = judge.calls[0][2][-1].text
    assert means(result) == {"reference_grading": 1.0}
    assert "3 + 3?" in text
    assert text.count("\n6\n") == 2


def test_a_pairwise_preference_is_asked_in_both_orders(make, judge):
    judge.reply = "Verdict: A"
    metric = {"id": "pairwise_preference", "config": {"judges": [GPT]}}
    items = [{**rows(2)[1], "answer": "two"}]
    result = make(items=items).run_benchmark(judged(metric))
    [score] = candidates(result)[0].evaluation.scores
    assert (score.value, score.details["position_bias"]) == (0.5, 1.0)
    first, second = (call[2][-1].text for call in judge.calls)
    assert first.index("two") > first.index("\n2\n")
    assert second.index("two") < second.index("\n2\n")


def test_judge_seeds_are_their_own_and_the_same_in_every_store(make, judge):
    from themis.storage import InMemoryRunStore

    metric = {"id": "pairwise_preference", "config": {"judges": [GPT]}}
    judge.reply = "Verdict: A"
    make().run_benchmark(judged(metric))
    first = sorted(seed for _, seed, _ in judge.calls)
    judge.calls.clear()
    with InMemoryRunStore() as other:
        make(storage_bundle=other).run_benchmark(judged(metric))
    assert sorted(seed for _, seed, _ in judge.calls) == first
    assert len(set(first)) == 12


def test_an_explicit_seed_of_the_judges_params_wins(make, judge):
    make(items=rows(1)).run_benchmark(judged(rubric({**GPT, "params": {"seed": 7}})))
    assert [seed for _, seed, _ in judge.calls] == [7]


def test_a_judge_is_retried_and_the_audit_says_how_often(make, judge):
    judge.failures = 1
    result = make(items=rows(1)).run_benchmark(judged(rubric(GPT)), runtime=PATIENT)
    assert result.status == "completed"
    [trail] = candidates(result)[0].judge_audits
    assert [entry.attempts for entry in trail.entries] == [2]


def test_every_judge_call_is_recorded_with_prompt_seed_and_answer(make, judge):
    judge.reply = "Well.\nVerdict: 4"
    result = make(items=rows(1)).run_benchmark(judged(rubric(GPT)))
    candidate = candidates(result)[0]
    view = result.view_timeline(candidate.candidate_id)
    [trail] = view.judge_audit
    [entry] = trail.entries
    assert entry.judge_spec["judge"]["model"]["model_id"] == "gpt-judge"
    assert [message["role"] for message in entry.prompt] == ["system", "user"]
    assert entry.seed == judge.calls[0][1]
    assert entry.response.text == "Well.\nVerdict: 4"
    assert "judge" in [stage.stage for stage in view.timeline.stages]


def test_a_judge_without_a_clear_verdict_makes_an_error_and_never_a_pass(make, judge):
    judge.reply = "I like it."
    result = make(items=rows(1)).run_benchmark(judged(rubric(GPT)))
    [score] = candidates(result)[0].evaluation.scores
    assert isinstance(score, ScoreError)
    assert "the judge gpt-judge gave no verdict" in score.message
    assert result.status == "partial_failure"


def test_a_judge_that_is_down_fails_its_scores_alone_and_a_later_run_finishes_them(
    make, judge, engine
):
    spec = judged(rubric(GPT), "numeric_match")
    judge.down = True
    result = make().run_benchmark(spec)
    assert result.status == "partial_failure"
    assert means(result) == {"numeric_match": 1.0, "rubric_score": None}
    [error, _] = candidates(result)[0].evaluation.scores
    assert error.code is ErrorCode.PROVIDER_AUTH
    judge.down = False
    judge.calls.clear()
    again = make().run_benchmark(spec)
    assert (again.run_id, again.status) == (result.run_id, "completed")
    assert means(again) == {"numeric_match": 1.0, "rubric_score": 1.0}
    assert (len(judge.calls), len(engine.calls)) == (6, 6)


def test_two_judges_of_one_metric_are_both_asked(make, judge):
    result = make(items=rows(1)).run_benchmark(judged(rubric(GPT, OTHER)))
    assert sorted(model for model, _, _ in judge.calls) == ["gpt-judge", "other-judge"]
    [trail] = candidates(result)[0].judge_audits
    assert len(trail.entries) == 2
    assert len({entry.seed for entry in trail.entries}) == 2


def test_a_registered_judge_is_asked_by_its_reference(make, registry):
    seen = []

    class House:
        def judge(self, request):
            seen.append(request)
            return JudgeResponse(text="Verdict: 2")

    registry.register_judge("house", House)
    result = make(items=rows(1)).run_benchmark(judged(rubric("house")))
    assert means(result) == {"rubric_score": 0.25}
    assert (seen[0].metric_id, type(seen[0].seed)) == ("rubric_score", int)
    assert seen[0].config["judges"] == ["house"]


def test_a_judge_that_is_not_registered_is_an_error_of_the_plan(make):
    with pytest.raises(SpecValidationError, match="nobody"):
        make().plan(judged(rubric("nobody")))


@pytest.mark.parametrize("limits", [{"judge": 1}, {"score": 1}, {"judge": 1, "score": 1}])
def test_one_call_at_a_time_does_not_stop_judges_that_ask_twice(make, judge, limits):
    judge.reply = "Verdict: tie"
    metric = {"id": "pairwise_preference", "config": {"judges": [GPT, OTHER]}}
    runtime = RuntimeContext(options=RuntimeOptions(stage_concurrency=limits))
    policy = ExecutionPolicySpec(max_in_flight_work_items=1)
    orchestrator = make(project=ProjectSpec(execution_policy=policy))
    result = orchestrator.run_benchmark(judged(metric), runtime=runtime)
    assert result.status == "completed"
    assert len(judge.calls) == 24


def test_a_changed_judge_is_asked_again_and_nothing_is_generated(make, judge, engine):
    make().run_benchmark(judged(rubric(GPT)))
    make().run_benchmark(judged(rubric({**GPT, "params": {"temperature": 0.5}})))
    assert (len(judge.calls), len(engine.calls)) == (12, 6)


def test_a_judge_scores_a_stored_candidate_as_it_scores_a_new_one(make, judge):
    from themis.specs import PromptMessage, PromptVariantSpec
    from themis.storage import InMemoryRunStore

    shots = [("user", "1 + 0?"), ("assistant", "1"), ("user", "{{ item.q }}?")]
    variant = PromptVariantSpec(
        id="shots", messages=[PromptMessage(role=role, content=text) for role, text in shots]
    )
    spec = judged(rubric(GPT)).model_copy(update={"prompt_variants": [variant]})
    orchestrator = make(items=rows(1))
    orchestrator.generate(spec)
    orchestrator.evaluate(spec)
    with InMemoryRunStore() as other:
        make(items=rows(1), storage_bundle=other).run_benchmark(spec)
    stored, new = (call[2] for call in judge.calls)
    assert stored == new
