"""A judge service that replies as it is told, and keeps what it was asked."""

from __future__ import annotations

import asyncio

import attrs
import pytest

from themis.plugin import MetricContext
from themis.records import JudgeResponse


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

    def score(self, metric, trial, candidate, item):
        context = MetricContext(item, judge_service=self)
        return asyncio.run(metric.score(trial, candidate, context))


@pytest.fixture
def judging():
    return Judging
