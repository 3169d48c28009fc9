"""What gets past every check of a component's work is its item's failure, and the run goes on."""

from __future__ import annotations

import logging

import attrs
import pytest

from themis.errors import ErrorCode
from themis.plugin import JudgeCall, JudgeResponse, Judgment, WorkflowOutcome
from themis.records import ExtractionRecord, InferenceRecord, MetricScore
from themis.runtime.context import RuntimeContext
from themis.specs import ModelSpec, ParseSpec, ReductionSpec, ScoreSpec

from .conftest import rows, sums_benchmark, sums_slice


@attrs.frozen(kw_only=True)
class OwnInference(InferenceRecord):
    """A record of the engine's own, which the store cannot read back."""


@attrs.frozen(kw_only=True)
class OwnExtraction(ExtractionRecord):
    """The same of an extractor."""


class Subclassing:
    """An engine, an extractor and a reducer whose records are of their own classes where told."""

    def __init__(self, *items, text="2"):
        self.items = items
        self.text = text

    def infer(self, trial, context, runtime):
        kind = OwnInference if trial.item_id in self.items else InferenceRecord
        return kind(raw_text=self.text if kind is OwnInference else str(context["answer"]))

    def extract(self, trial, candidate, config=None):
        kind = OwnExtraction if trial.item_id in self.items else ExtractionRecord
        answer = float(candidate.inference.raw_text)
        return kind(extractor_id="own", success=True, parsed_answer=answer)

    def reduce(self, candidates, ctx):
        [first, *_] = candidates
        inference = OwnInference(raw_text=first.inference.raw_text)
        return attrs.evolve(first, inference=inference)

    def fingerprint(self):
        return "subclassing"


def mean(result):
    [row] = result.aggregate(group_by=["metric_id"])
    return row["mean"], row["count"], row["errors"]


@pytest.fixture
def own(registry):
    """Register a component and give a benchmark that uses it."""

    def register(kind, component, **slices):
        registry.register(kind, "own", component, version="1.0")
        provider = "own" if kind == "engine" else "counting"
        models = [ModelSpec(model_id="m", provider=provider)]
        return sums_benchmark(models=models, slices=[sums_slice(**slices)])

    return register


def test_an_engine_whose_record_cannot_be_written_fails_its_own_candidates(make, own):
    result = make(items=rows(3)).run_benchmark(own("engine", Subclassing("1")))
    [failure] = result.iter_failures()
    assert (failure["item_id"], failure["code"]) == ("1", ErrorCode.PLUGIN_INCOMPATIBLE)
    assert failure["message"].startswith(
        "Themis could not handle what came of engine 'own' for item '1': "
        "TypeError: OwnInference is not a stored record"
    )
    assert failure["message"].endswith("report it with the traceback in the log")
    assert (result.status, mean(result)[:2]) == ("partial_failure", (1.0, 2))


def test_it_is_logged_once_in_a_run_with_its_traceback(make, own, caplog):
    spec = own("engine", Subclassing("0", "1", "2"))
    with caplog.at_level(logging.ERROR):
        assert make(items=rows(3)).run_benchmark(spec).status == "failed"
    [record] = caplog.records
    assert "engine 'own'" in record.message
    assert "Traceback" in record.message


def test_nothing_of_it_shows_a_secret(make, own, caplog):
    class QuotesError(KeyError):
        def __str__(self):
            return "sk-1234567890"

    class Own(InferenceRecord):
        def __getattribute__(self, name):
            if name == "token_usage":
                raise QuotesError
            return super().__getattribute__(name)

    class Quoting(Subclassing):
        def infer(self, trial, context, runtime):
            return Own(raw_text="2")

    runtime = RuntimeContext(secrets={"key": "sk-1234567890"})
    spec = own("engine", Quoting())
    result = make(items=rows(1)).run_benchmark(spec, runtime=runtime)
    [failure] = result.iter_failures()
    assert "QuotesError" in failure["message"]
    assert "sk-1234567890" not in failure["message"] + caplog.text


def test_an_extraction_that_cannot_be_written_is_made_again_by_the_next_run(make, own):
    extractor = Subclassing("1")
    parses = [ParseSpec(name="number", extractors=["own"])]
    spec = own("extractor", extractor, parses=parses)
    result = make(items=rows(3)).run_benchmark(spec)
    assert (result.status, mean(result)) == ("partial_failure", (1.0, 2, 1))
    [failure] = result.iter_failures()
    assert "what came of 'numeric_match' for item '1': TypeError" in failure["message"]
    extractor.items = ()
    result = make(items=rows(3)).run_benchmark(spec)
    assert (result.status, mean(result)) == ("completed", (1.0, 3, 0))


def test_where_nothing_is_scored_the_extraction_itself_has_failed(make, own):
    parses = [ParseSpec(name="number", extractors=["own"])]
    result = make(items=rows(2)).run_benchmark(
        own("extractor", Subclassing("1"), parses=parses, scores=[])
    )
    [entry] = result.iter_invalid_extractions()
    assert "what came of 'number' for item '1': TypeError" in str(entry)


def test_a_reduction_that_cannot_be_written_has_failed_and_the_run_ends(make, own):
    reduction = ReductionSpec(reducer={"id": "own"})
    result = make(items=rows(2)).run_benchmark(own("reducer", Subclassing(), reduction=reduction))
    assert result.counts().reduction_errors == 2
    failure = next(result.iter_failures())
    assert "what came of reducer 'own' for item '0': TypeError" in failure["message"]


def test_an_outcome_that_nobody_foresaw_fails_the_scores_of_its_candidate(make, registry):
    class Runner:
        async def run(self, workflow, ctx):
            reply = await ctx.judge_service.judge("house", "is it?")
            odd = Judgment(call=3, response=reply)
            return WorkflowOutcome(score=MetricScore(metric_id="m", value=1.0), judgments=(odd,))

    class Asks:
        def build_workflow(self, subject, ctx):
            return self

        def judge_calls(self):
            return [JudgeCall(call_id="c", judge="house")]

        def render_prompt(self, call):
            return "is it?"

        def parse_judgment(self, call, response):
            return response.text

        def score_judgment(self, call, judgment):
            return 1.0

        def aggregate(self, judgments):
            return 1.0

        def judge(self, request):
            return JudgeResponse(text="yes")

        def fingerprint(self):
            return "asks"

    registry.register_judge("house", Asks())
    registry.register_metric("asks", Asks())
    metrics = [{"id": "asks", "config": {"judges": ["house"]}}]
    slices = [sums_slice(scores=[ScoreSpec(name="asked", parse="number", metrics=metrics)])]
    runtime = RuntimeContext(workflow_runner=Runner())
    result = make(items=rows(2)).run_benchmark(sums_benchmark(slices=slices), runtime=runtime)
    assert (result.status, result.counts().metric_errors) == ("partial_failure", 2)
    assert (
        "what came of 'asks' for item '0': AttributeError"
        in next(result.iter_failures())["message"]
    )
