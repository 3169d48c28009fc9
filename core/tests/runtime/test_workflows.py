"""The runner of evaluation workflows, with a judge service that replies as it is told."""

from __future__ import annotations

import asyncio

import attrs
import pytest

from themis.errors import ErrorCode, MetricError, PluginError, WorkflowBuildError
from themis.plugin import JudgeCall, JudgeResponse, Message, MetricContext, MetricScore, ScoreError
from themis.runtime.limits import CallNotStarted
from themis.runtime.workflows import DefaultWorkflowRunner, as_workflow


@attrs.define
class Asking:
    """A workflow of a call for each of `names`; a method listed in `broken` does that instead."""

    names: list = attrs.field(factory=lambda: ["one", "two"])
    broken: dict = attrs.field(factory=dict)

    def _broken(self, method, otherwise):
        if method not in self.broken:
            return otherwise()
        value = self.broken[method]
        if isinstance(value, Exception):
            raise value
        return value

    def judge_calls(self):
        return self._broken(
            "judge_calls",
            lambda: [JudgeCall(call_id=f"ask-{name}", judge=name) for name in self.names],
        )

    def render_prompt(self, call):
        return self._broken("render_prompt", lambda: f"Is it good, {call.judge}?")

    def parse_judgment(self, call, response):
        return self._broken("parse_judgment", lambda: response.text.partition(": ")[2])

    def score_judgment(self, call, judgment):
        return self._broken("score_judgment", lambda: {"yes": True, "no": False}.get(judgment))

    def aggregate(self, judgments):
        return self._broken(
            "aggregate", lambda: sum(each.score for each in judgments) / len(judgments)
        )


@attrs.define
class Service:
    """Gives each judge its own reply, the later asked first; an exception is raised."""

    replies: dict
    asked: list = attrs.field(factory=list)

    async def judge(self, judge, prompt):
        self.asked.append((judge, prompt))
        await asyncio.sleep(0.01 / len(self.asked))
        reply = self.replies[judge]
        if isinstance(reply, Exception):
            raise reply
        return reply if isinstance(reply, JudgeResponse) else JudgeResponse(text=reply)


GOOD = {"one": "Verdict: yes", "two": "Verdict: no"}


def run(workflow=None, *, replies=None, service=None):
    service = service or Service({**GOOD, **(replies or {})})
    context = MetricContext({}, judge_service=service, metric_id="goodness")
    return asyncio.run(DefaultWorkflowRunner().run(workflow or Asking(), context))


def test_the_scores_of_all_judgments_are_aggregated_under_the_metrics_name():
    assert run().score == MetricScore(metric_id="goodness", value=0.5)


def test_the_judgments_are_in_the_order_of_the_calls_whoever_replies_first():
    outcome = run()
    assert [(one.call.call_id, one.value, one.score) for one in outcome.judgments] == [
        ("ask-one", "yes", 1.0),
        ("ask-two", "no", 0.0),
    ]


def test_all_judges_are_asked_at_once():
    async def main():
        here = asyncio.Barrier(2)

        class Waiting:
            async def judge(self, judge, prompt):
                await here.wait()
                return JudgeResponse(text=GOOD[judge])

        context = MetricContext({}, judge_service=Waiting(), metric_id="goodness")
        async with asyncio.timeout(5):
            return await DefaultWorkflowRunner().run(Asking(), context)

    assert asyncio.run(main()).score.value == 0.5


def test_methods_may_be_coroutines():
    class Awaited(Asking):
        async def judge_calls(self):
            return super().judge_calls()

        async def aggregate(self, judgments):
            return 0.25

    assert run(Awaited()).score.value == 0.25


def test_a_prompt_may_be_messages():
    service = Service(GOOD)
    run(Asking(broken={"render_prompt": [Message("user", "?")]}), service=service)
    assert service.asked[0] == ("one", (Message("user", "?"),))


def test_a_judge_that_fails_is_named_once_all_have_answered():
    down = JudgeResponse(text=None, error="503", error_code=ErrorCode.PROVIDER_UNAVAILABLE)
    service = Service({**GOOD, "one": down})
    outcome = run(service=service)
    assert outcome.score == ScoreError(
        metric_id="goodness",
        message="goodness: the judge one gave no verdict: 503",
        code=ErrorCode.PROVIDER_UNAVAILABLE,
        details={"judge": "one", "reply": ""},
    )
    assert len(service.asked) == 2
    assert [one.error is None for one in outcome.judgments] == [False, True]


def test_a_reply_without_text_is_no_judgment():
    score = run(replies={"two": JudgeResponse(text=None)}).score
    assert score.message == "goodness: the judge two gave no verdict: its reply has no text"


def test_a_reply_that_cannot_be_read_is_recorded_with_its_end():
    unclear = Asking(broken={"parse_judgment": MetricError("it says neither")})
    score = run(unclear, replies={"one": "x" * 600 + "end"}).score
    assert score.message == "goodness: the judge one gave no verdict: it says neither"
    assert score.details["judge"] == "one"
    assert (len(score.details["reply"]), score.details["reply"][-4:]) == (500, "xend")


def test_a_judge_that_the_configuration_does_not_name_is_an_error_of_the_metric():
    score = run(replies={"one": PluginError("asked a judge that is not configured")}).score
    assert score.code is ErrorCode.PLUGIN_INCOMPATIBLE
    assert "the judge one gave no verdict: asked a judge that is not configured" in score.message


def test_calls_that_a_draining_run_did_not_make_are_no_outcome():
    with pytest.raises(CallNotStarted):
        run(replies={"two": CallNotStarted()})


def test_without_a_judge_service_the_metric_says_so():
    outcome = asyncio.run(DefaultWorkflowRunner().run(Asking(), MetricContext({}, metric_id="m")))
    assert outcome.score.message == "m: there is no judge service here; score it in a run"


CALL = JudgeCall(call_id="same", judge="one")


@pytest.mark.parametrize(
    ("method", "gives", "message"),
    [
        ("judge_calls", None, "judge_calls gave None; give a list of JudgeCall"),
        ("judge_calls", ["one"], "judge_calls gave ['one']; give a list of JudgeCall"),
        ("judge_calls", [JudgeCall(call_id="c", judge=3)], "give a list of JudgeCall with ids and"),
        ("judge_calls", [], "judge_calls gave no call"),
        ("judge_calls", [CALL, CALL], "judge_calls gave one call_id twice"),
        ("judge_calls", KeyError("x"), "judge_calls raised KeyError: 'x'"),
        ("render_prompt", 5, "render_prompt gave 5; give a string, or a list of Message"),
        ("render_prompt", [], "render_prompt gave []; give a string, or a list of Message"),
        ("render_prompt", ValueError("no"), "render_prompt raised ValueError: no"),
        ("parse_judgment", {1, 2}, "parse_judgment gave {1, 2}, which cannot be recorded"),
        ("parse_judgment", KeyError("x"), "parse_judgment raised KeyError: 'x'"),
        ("score_judgment", "good", "score_judgment gave 'good'; give a finite number"),
        ("score_judgment", float("nan"), "score_judgment gave nan; give a finite number"),
        ("score_judgment", ZeroDivisionError("by 0"), "score_judgment raised ZeroDivisionError"),
        ("aggregate", None, "metric 'goodness' returned NoneType; return a number"),
        ("aggregate", float("inf"), "metric 'goodness' gave inf; a score is a finite number"),
        ("aggregate", TypeError("none"), "aggregate raised TypeError: none"),
    ],
)
def test_a_workflow_that_is_broken_gives_an_error_that_says_where(method, gives, message):
    score = run(Asking(broken={method: gives})).score
    assert isinstance(score, ScoreError)
    assert message in score.message
    assert score.metric_id == "goodness"


def test_a_judgment_need_not_have_a_number_of_its_own():
    outcome = run(Asking(broken={"score_judgment": None, "aggregate": 0.75}))
    assert [one.score for one in outcome.judgments] == [None, None]
    assert outcome.score.value == 0.75


@pytest.mark.parametrize("value", [None, 3, "workflow", b"x"])
def test_what_is_no_workflow_is_refused_with_what_one_is(value):
    with pytest.raises(WorkflowBuildError, match=r"build_workflow gave .* the methods judge_calls"):
        as_workflow(value, metric="goodness")


def test_an_object_that_lacks_methods_is_refused_with_their_names():
    class Half:
        def judge_calls(self):
            return []

    with pytest.raises(
        WorkflowBuildError,
        match=r"metric 'goodness': its workflow lacks render_prompt\(call\), parse_judgment",
    ):
        as_workflow(Half(), metric="goodness")
