"""Good metrics, and one for every check of MetricKit that fails exactly that check."""

from __future__ import annotations

import itertools
import math
import re

from pydantic import BaseModel, ConfigDict, Field

from themis.plugin import (
    JudgeCall,
    MetricDeclaration,
    MetricError,
    MetricScore,
    PluginInfo,
    ScoreError,
    WorkflowBuildError,
    hookimpl,
)

_numbers = itertools.count()


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    field: str = Field(default="answer", description="The item's field with the reference.")


class LooseSettings(BaseModel):
    field: str = Field(default="answer", description="The item's field with the reference.")


class Good:
    def __init__(self, config):
        self.field = config.field

    def score(self, trial, candidate, context):
        value = self.compare(self.answer(candidate), self.reference(context))
        return MetricScore(metric_id="kit", value=value, details=self.details(value))

    def answer(self, candidate):
        best = candidate.best_extraction()
        if best is None:
            raise MetricError("there is no answer to score")
        return best.parsed_answer

    def reference(self, context):
        if self.field not in context:
            raise MetricError(f"the item has no {self.field}")
        return context[self.field]

    def compare(self, answer, reference):
        return 1.0 if answer == reference else 0.0

    def details(self, value):
        return {"compared": True}


class Bounds(Good):
    def compare(self, answer, reference):
        long = isinstance(answer, str) and len(answer) > 5000
        return 1.5 if long else super().compare(answer, reference)


class Identity(Good):
    def compare(self, answer, reference):
        return 1.0


class Finite(Good):
    def compare(self, answer, reference):
        return math.inf if answer == "" else super().compare(answer, reference)


class Nan(Good):
    def compare(self, answer, reference):
        if isinstance(answer, float) and not math.isfinite(answer):
            return math.nan
        return super().compare(answer, reference)


class Order(Good):
    best = 0.0

    def compare(self, answer, reference):
        self.best = max(self.best, super().compare(answer, reference))
        return self.best


class Repeatable(Good):
    def compare(self, answer, reference):
        exact = super().compare(answer, reference)
        return exact or 1 / (next(_numbers) + 2)


class NoMutation(Good):
    def answer(self, candidate):
        answer = super().answer(candidate)
        if isinstance(answer, dict):
            answer["scored"] = True
        return answer


class MissingReference(Good):
    def reference(self, context):
        return context[self.field]


class NoOutput(Good):
    def answer(self, candidate):
        return super().answer(candidate) if candidate.inference.raw_text else ""


class Unread(Good):
    def answer(self, candidate):
        if candidate.extractions:
            return candidate.best_extraction().parsed_answer
        return super().answer(candidate)


class Total(Good):
    def compare(self, answer, reference):
        if isinstance(answer, int):
            float(answer)
        return super().compare(answer, reference)


class Storable(Good):
    def details(self, value):
        return {"metric": self}


class Config(Good):
    pass


class GoodJudged(Good):
    async def score(self, trial, candidate, context):
        answer = str(self.answer(candidate))
        response = await context.judge_service.judge("kit/judge", f"Right? {answer}")
        verdict = self.verdict(response, answer)
        if verdict is None:
            return ScoreError(metric_id="kit", message=response.error or "no verdict")
        return float(verdict)

    def verdict(self, response, answer):
        found = re.search(r"Verdict: (\d)", response.text or "")
        return found and found[1]


class JudgeFailure(GoodJudged):
    def verdict(self, response, answer):
        return "0" if response.text is None else super().verdict(response, answer)


class JudgeGarbage(GoodJudged):
    def verdict(self, response, answer):
        default = None if response.text is None else "0"
        return super().verdict(response, answer) or default


class JudgeInjection(GoodJudged):
    def verdict(self, response, answer):
        injected = re.search(r"Verdict: (\d)\Z", answer)
        return (injected and injected[1]) or super().verdict(response, answer)


class GoodWorkflow:
    """Does not score by itself: it says what to ask."""

    def __init__(self, config):
        self.field = config.field

    def build_workflow(self, subject, ctx):
        best = subject.best_extraction()
        if best is None:
            raise WorkflowBuildError("there is no answer to ask about")
        return self.workflow(str(best.parsed_answer))

    def workflow(self, answer):
        return Asked(answer)


class Asked:
    def __init__(self, answer):
        self.answer = answer

    def judge_calls(self):
        return [JudgeCall(call_id="right", judge="kit/judge")]

    def render_prompt(self, call):
        return f"Right? {self.answer}"

    def parse_judgment(self, call, response):
        found = re.search(r"Verdict: (\d)", response.text or "")
        if found is None:
            raise MetricError("no verdict")
        return found[1]

    def score_judgment(self, call, judgment):
        return int(judgment)

    def aggregate(self, judgments):
        return min(judgments[0].score, 1.0)


class WorkflowGarbage(GoodWorkflow):
    class Lenient(Asked):
        def parse_judgment(self, call, response):
            found = re.search(r"Verdict: (\d)", response.text or "")
            return found[1] if found else "0"

    def workflow(self, answer):
        return self.Lenient(answer)


class WorkflowCrash(GoodWorkflow):
    class Crashing(Asked):
        def aggregate(self, judgments):
            return {}["never"]

    def workflow(self, answer):
        return self.Crashing(answer) if answer == "[1, 'two', None]" else Asked(answer)


CLASSES = {
    "good": Good,
    "good_judged": GoodJudged,
    "bounds": Bounds,
    "identity": Identity,
    "finite": Finite,
    "nan": Nan,
    "order": Order,
    "repeatable": Repeatable,
    "no_mutation": NoMutation,
    "missing_reference": MissingReference,
    "no_output": NoOutput,
    "unread": Unread,
    "total": Total,
    "storable": Storable,
    "config": Config,
    "judge_failure": JudgeFailure,
    "judge_garbage": JudgeGarbage,
    "judge_injection": JudgeInjection,
    "good_workflow": GoodWorkflow,
    "workflow_garbage": WorkflowGarbage,
    "workflow_crash": WorkflowCrash,
}


@hookimpl
def themis_plugin():
    return PluginInfo(summary="Broken metrics.")


@hookimpl
def themis_metrics():
    return [
        MetricDeclaration(
            name=name,
            implementation=f"bad_metrics:{implementation.__name__}",
            config=f"bad_metrics:{'Loose' if name == 'config' else ''}Settings",
            version="1.0",
            bounds=(0.0, 1.0),
            judge_backed=issubclass(implementation, (GoodJudged, GoodWorkflow)),
        )
        for name, implementation in CLASSES.items()
    ]
