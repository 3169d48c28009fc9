"""Metrics that build evaluation workflows, in a run."""

from __future__ import annotations

import pytest

from themis.errors import ErrorCode, PluginError, SpecValidationError, WorkflowBuildError
from themis.plugin import (
    JudgeCall,
    JudgeResponse,
    Judgment,
    MetricError,
    MetricScore,
    WorkflowOutcome,
)
from themis.records import InferenceRecord, ScoreError
from themis.runtime.context import RuntimeContext
from themis.runtime.options import RuntimeOptions
from themis.specs import ScoreSpec

from .conftest import rows, sums_benchmark, sums_slice


class EngineOf:
    """A model that always gives one text."""

    version = "1.0"

    def __init__(self, text):
        self.text = text
        self.models = []

    def infer(self, trial, context, runtime):
        self.models.append(trial.model.model_id)
        return self.text


class House:
    """A judge that says whether the answer it is shown is even; down when told so."""

    def __init__(self):
        self.requests = []
        self.down = False

    def judge(self, request):
        self.requests.append(request)
        if self.down:
            return JudgeResponse(text=None, error="away", error_code=ErrorCode.PROVIDER_AUTH)
        return "even" if int(request.prompt[-1].text) % 2 == 0 else "odd"


class Even:
    """A metric whose workflow asks every configured judge whether the answer is even."""

    def __init__(self, **broken):
        self.broken = broken
        self.seen = []

    def build_workflow(self, subject, ctx):
        self.seen.append((subject, ctx))
        if "build" in self.broken:
            outcome = self.broken["build"]
            if isinstance(outcome, Exception):
                raise outcome
            return outcome
        return EvenWorkflow(subject, ctx, self.broken)

    def fingerprint(self):
        return "even"


class EvenWorkflow:
    def __init__(self, subject, ctx, broken):
        self.subject, self.judges, self.broken = subject, ctx.judges, broken

    def judge_calls(self):
        return [JudgeCall(call_id=f"even-{n}", judge=one) for n, one in enumerate(self.judges)]

    def render_prompt(self, call):
        return str(self.subject.best_extraction().parsed_answer)

    def parse_judgment(self, call, response):
        if response.text not in ("even", "odd"):
            raise MetricError(f"it says {response.text!r}")
        return response.text

    def score_judgment(self, call, judgment):
        return judgment == "even"

    def aggregate(self, judgments):
        if "aggregate" in self.broken:
            self.broken["aggregate"]()
        return all(each.score for each in judgments)


@pytest.fixture
def house(registry):
    house = House()
    registry.register_judge("house", house)
    return house


def benchmark(*metrics):
    scores = [ScoreSpec(name="judged", parse="number", metrics=list(metrics))]
    return sums_benchmark(slices=[sums_slice(scores=scores)])


def even(*judges):
    return {"id": "even", "config": {"judges": list(judges)}}


def scores(result):
    candidates = [result.get_trial(name).candidates[0] for name in result.trial_hashes]
    return [score for one in candidates for score in one.evaluation.scores]


def test_a_workflow_is_scored_by_the_judges_of_its_configuration(make, registry, house):
    registry.register_metric("even", Even())
    result = make().run_benchmark(benchmark(even("house")))
    assert (result.status, [score.value for score in scores(result)]) == ("completed", [1.0] * 6)
    assert len(house.requests) == 6
    assert {request.metric_id for request in house.requests} == {"even"}


def test_a_model_that_judges_may_be_written_in_a_configuration_without_a_model(make, registry):
    judge = EngineOf("even")
    registry.register_metric("even", Even())
    registry.register_inference_engine("judging", judge)
    written = {"model": {"model_id": "gpt-judge", "provider": "judging"}}
    assert make(items=rows(1)).run_benchmark(benchmark(even(written))).status == "completed"
    assert judge.models == ["gpt-judge"]


def test_a_judge_that_is_written_wrong_is_an_error_of_the_plan(make, registry):
    registry.register_metric("even", Even())
    with pytest.raises(SpecValidationError, match=r"one of its judges is wrong: model\.provider"):
        make().plan(benchmark(even({"model": {"model_id": "m"}})))


def test_the_metric_is_told_the_item_the_trial_and_its_judges(make, registry, house):
    metric = Even()
    registry.register_metric("even", metric)
    make(items=rows(1)).run_benchmark(benchmark({**even("house"), "name": "parity"}))
    [(subject, ctx)] = metric.seen
    assert subject.best_extraction().parsed_answer == 0
    assert (ctx["q"], ctx.metric_id, ctx.judges) == ("0 + 0", "parity", ("house",))
    assert ctx.trial.prompt[-1].text == "0 + 0?"


def test_the_audit_has_each_calls_id_judgment_and_score(make, registry, house):
    registry.register_metric("even", Even())
    registry.register_judge("second", lambda: house)
    result = make(items=rows(1)).run_benchmark(benchmark(even("house", "second")))
    [trail] = result.get_trial(result.trial_hashes[0]).candidates[0].judge_audits
    assert [(one.call_id, one.judgment, one.score) for one in trail.entries] == [
        ("even-0", "even", 1.0),
        ("even-1", "even", 1.0),
    ]
    assert len({one.seed for one in trail.entries}) == 2


def test_what_cannot_be_judged_keeps_the_other_metrics_and_is_asked_again(make, registry, house):
    registry.register_metric("even", Even())
    house.down = True
    spec = benchmark(even("house"), "numeric_match")
    first = make(items=rows(2)).run_benchmark(spec)
    [error, kept, *_] = scores(first)
    assert first.status == "partial_failure"
    assert (error.message, error.code) == (
        "even: the judge house gave no verdict: away",
        ErrorCode.PROVIDER_AUTH,
    )
    assert kept.value == 1.0
    [trail] = first.get_trial(first.trial_hashes[0]).candidates[0].judge_audits
    assert trail.entries[0].error == "the judge house gave no verdict: away"
    house.down = False
    house.requests.clear()
    assert make(items=rows(2)).run_benchmark(spec).status == "completed"
    assert len(house.requests) == 2


def test_a_metric_without_judges_in_its_configuration_says_that_it_has_no_call(make, registry):
    registry.register_metric("even", Even())
    [error] = scores(make(items=rows(1)).run_benchmark(benchmark("even")))
    assert "judge_calls gave no call" in error.message


def test_a_judge_that_is_not_configured_is_named(make, registry, house):
    class Stranger(Even):
        def build_workflow(self, subject, ctx):
            workflow = super().build_workflow(subject, ctx)
            workflow.judges = ("nobody",)
            return workflow

    registry.register_metric("even", Stranger())
    [error] = scores(make(items=rows(1)).run_benchmark(benchmark(even("house"))))
    assert "asked a judge that its configuration does not name: 'nobody'" in error.message


def test_a_metric_that_asks_what_is_no_judge_fails_alone(make, registry, house):
    class AsksANumber:
        async def score(self, trial, candidate, ctx):
            return (await ctx.judge_service.judge(3, "is it?")).score

        def fingerprint(self):
            return "number"

    registry.register_metric("even", AsksANumber())
    [error] = scores(make(items=rows(1)).run_benchmark(benchmark(even("house"))))
    assert "asked a judge that its configuration does not name: '3'" in error.message


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (JudgeResponse(text=3), "judge 'house' gave a response whose text is int, not str"),
        (JudgeResponse(text=None, error=3), "judge 'house' gave a response whose error is int"),
        (
            JudgeResponse(text="", inference=3),
            "judge 'house' gave a response whose inference is int",
        ),
        (
            JudgeResponse(text="", inference=InferenceRecord(raw_text="", logprobs={1})),
            "engine 'house' returned a record that cannot be stored: logprobs: set",
        ),
    ],
)
def test_a_response_that_cannot_be_stored_is_no_verdict(make, registry, response, reason):
    class Careless:
        def judge(self, request):
            return response

        def fingerprint(self):
            return "careless"

    registry.register_judge("house", Careless())
    registry.register_metric("even", Even())
    [error] = scores(make(items=rows(1)).run_benchmark(benchmark(even("house"))))
    assert error.code is ErrorCode.PLUGIN_INCOMPATIBLE
    assert f"the judge house gave no verdict: {reason}" in error.message


def test_a_score_in_place_of_a_workflow_asks_nobody(make, registry, house):
    registry.register_metric("even", Even(build=MetricScore(metric_id="x", value=0.0)))
    [score] = scores(make(items=rows(1)).run_benchmark(benchmark(even("house"))))
    assert (score.metric_id, score.value, house.requests) == ("even", 0.0, [])


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        (WorkflowBuildError("even: the item has no field 'q'"), "even: the item has no field 'q'"),
        (ValueError("no"), "metric 'even' raised ValueError: no"),
        (None, "metric 'even': build_workflow gave None; give an object with the methods"),
        (object(), "metric 'even': its workflow lacks judge_calls()"),
    ],
)
def test_a_metric_that_cannot_build_a_workflow_is_an_error_of_its_own(
    make, registry, house, outcome, message
):
    registry.register_metric("even", Even(build=outcome))
    spec = benchmark(even("house"), "numeric_match")
    [error, kept] = scores(make(items=rows(1)).run_benchmark(spec))
    assert isinstance(error, ScoreError)
    assert message in error.message
    assert kept.value == 1.0


def test_a_workflow_that_hangs_is_stopped_at_the_metrics_deadline(make, registry, house):
    def hang():
        while True:
            pass

    registry.register_metric("even", Even(aggregate=hang))
    runtime = RuntimeContext(options=RuntimeOptions(deadline_seconds={"score": 0.2}))
    spec = benchmark(even("house"), "numeric_match")
    result = make(items=rows(1)).run_benchmark(spec, runtime=runtime)
    [error, kept] = scores(result)
    assert error.message == "even: aggregate did not end within 0.2 s"
    assert (error.code, kept.value) == (ErrorCode.PROVIDER_TIMEOUT, 1.0)


def test_workflows_are_counted_as_work_of_judges(make, registry, house):
    registry.register_metric("even", Even())
    planned = make().plan(benchmark(even("house"), "numeric_match"))
    assert planned.counts["judge"] == 6


def test_a_class_that_only_builds_workflows_is_a_metric(make, registry, house):
    registry.register_metric("even", Even)
    assert make(items=rows(1)).run_benchmark(benchmark(even("house"))).status == "completed"


class Steps:
    """Counts the steps of a trace by itself."""

    subject = "trace"

    def score(self, trial, candidate, context):
        return len(candidate.steps)


def test_a_metric_whose_subject_is_the_trace_gets_that(make, registry):
    registry.register_metric("steps", Steps)
    [score] = scores(make(items=rows(1)).run_benchmark(benchmark("steps")))
    assert score.value == 2.0  # the question and the answer


def test_a_workflow_of_a_trace_gets_the_trace(make, registry, house):
    metric = Even(build=MetricScore(metric_id="x", value=1.0))
    metric.subject = "trace"
    registry.register_metric("even", metric)
    make(items=rows(1)).run_benchmark(benchmark(even("house")))
    [(subject, _)] = metric.seen
    assert [message.text for message in subject.messages()] == ["0 + 0?", "0"]


def test_a_subject_that_there_is_not_is_refused(registry):
    class Wrong(Steps):
        subject = "answers"

    with pytest.raises(PluginError, match="subject is 'answers'; write one of candidate, cand"):
        registry.register_metric("steps", Wrong)


class OneByOne:
    """Asks one judge after the other."""

    def __init__(self, gives=None):
        self.gives = gives
        self.ran = 0

    async def run(self, workflow, ctx):
        self.ran += 1
        if isinstance(self.gives, Exception):
            raise self.gives
        if self.gives is not None:
            return self.gives
        judgments = []
        for call in workflow.judge_calls():
            response = await ctx.judge_service.judge(call.judge, workflow.render_prompt(call))
            value = workflow.parse_judgment(call, response)
            score = float(workflow.score_judgment(call, value))
            judgments.append(Judgment(call=call, response=response, value=value, score=score))
        return WorkflowOutcome(
            score=MetricScore(metric_id="any", value=float(workflow.aggregate(judgments))),
            judgments=tuple(judgments),
        )


def test_a_runner_of_the_callers_runs_workflows_and_its_calls_are_recorded(make, registry, house):
    registry.register_metric("even", Even())
    runner = OneByOne()
    runtime = RuntimeContext(workflow_runner=runner)
    result = make(items=rows(2)).run_benchmark(benchmark(even("house")), runtime=runtime)
    assert ([score.value for score in scores(result)], runner.ran) == ([1.0, 1.0], 2)
    [trail] = result.get_trial(result.trial_hashes[0]).candidates[0].judge_audits
    assert [(one.call_id, one.judgment) for one in trail.entries] == [("even-0", "even")]


CALL = JudgeCall(call_id="c", judge="house")
UNFIT = Judgment(call=CALL, response=JudgeResponse(text="x"), value={1})


@pytest.mark.parametrize(
    ("gives", "message"),
    [
        (ValueError("no"), "run raised ValueError: no"),
        ("even", "the workflow runner gave 'even', no WorkflowOutcome"),
        (
            WorkflowOutcome(score=MetricScore(metric_id="x", value=1.0), judgments=(UNFIT,)),
            "which cannot be recorded",
        ),
        (WorkflowOutcome(score="good"), "metric 'even' returned str"),
    ],
)
def test_a_runner_that_fails_fails_the_score_alone(make, registry, house, gives, message):
    registry.register_metric("even", Even())
    runtime = RuntimeContext(workflow_runner=OneByOne(gives))
    spec = benchmark(even("house"), "numeric_match")
    [error, kept] = scores(make(items=rows(1)).run_benchmark(spec, runtime=runtime))
    assert message in error.message
    assert kept.value == 1.0
