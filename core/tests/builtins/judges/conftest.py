"""A judge service that replies as it is told, and keeps what it was asked."""

from __future__ import annotations

import asyncio

import attrs
import pytest

from themis.plugin import MetricContext
from themis.records import JudgeResponse, MetricScore
from themis.runtime.workflows import DefaultWorkflowRunner, as_workflow


@attrs.define
class Judging:
    """`replies` are a text for every call, one per call in order, or a function of the prompt."""

    replies: object = "Verdict: 3"
    prompts: list = attrs.field(factory=list)
    judges: list = attrs.field(factory=list)

    async def judge(self, judge, prompt):
        self.judges.append(judge)
        self.prompts.append(prompt)
        reply = self.replies
        if isinstance(reply, list):
            reply = reply[len(self.prompts) - 1]
        if callable(reply):
            reply = reply(prompt)
        return reply if isinstance(reply, JudgeResponse) else JudgeResponse(text=reply)

    def score(self, metric, trial, subject, item):
        name = metric.component_id
        context = MetricContext(item, judge_service=self, metric_id=name, trial=trial)
        built = as_workflow(metric.build_workflow(subject, context), metric=name)
        if isinstance(built, MetricScore):
            return built
        return asyncio.run(DefaultWorkflowRunner().run(built, context)).score


@pytest.fixture
def judging():
    return Judging
