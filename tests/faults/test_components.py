"""Components that misbehave: the run ends, each candidate has an outcome, the store is whole."""

from __future__ import annotations

import asyncio
import copy
import math
import sys
import time

import numpy as np
import pytest

from themis.builtins.datasets import MemoryDatasetProvider
from themis.errors import InferenceError
from themis.plugin.hook_points import HOOK_POINTS
from themis.plugin.registry import PluginRegistry
from themis.records import (
    CandidateRecord,
    ConversationTrace,
    EvaluationRecord,
    ExtractionRecord,
    InferenceRecord,
    InferenceResult,
    Message,
    ScoreError,
)
from themis.runtime.context import RuntimeContext
from themis.runtime.options import RuntimeOptions
from themis.runtime.orchestrator import Orchestrator
from themis.specs import BenchmarkSpec, ProjectSpec
from themis.storage import SqliteRunStore

from .crash_lab import BENCHMARK
from .invariants import broken

ITEMS = 4
PATIENT = RuntimeOptions(retry_base_seconds=0.001)
HASTY = RuntimeOptions(
    deadline_seconds={"generate": 0.3, "parse": 0.3, "score": 0.3, "judge": 0.3},
    retry_base_seconds=0.001,
)
"""For what hangs; on a busy machine anything else may take as long."""


def exits():
    sys.exit(3)


def raises(error):
    def act():
        raise error

    return act


def hangs():
    time.sleep(1.0)


def gives(value):
    return lambda: value


class ForgetfulError(InferenceError):
    """An error without what is recorded of one."""

    def __init__(self):
        pass


def does_not_know_the_codes():
    raise InferenceError("slow", code="slow")


ANSWERS = {
    "raises": raises(RuntimeError("no \0 \ud800 answer")),
    "exits": exits,
    "interrupts itself": raises(asyncio.CancelledError()),
    "hangs": hangs,
    "None": gives(None),
    "NaN": gives(math.nan),
    "NaN inside": gives(InferenceRecord(raw_text="1", structured_output={"n": math.nan})),
    "10 MB": gives("7 " * (5 * 2**20)),
    "lone surrogates": gives("\ud800 1 \udfff"),
    "NUL": gives("1\0\0"),
    "an object": gives(object()),
    "bytes": gives(b"1"),
    "messages as a conversation": gives(
        InferenceResult(InferenceRecord(raw_text="1"), conversation=[{"role": "user"}])
    ),
    "a number as a conversation": gives(InferenceRecord(raw_text="1", conversation=3)),
    "a number as a step": gives(
        InferenceResult(InferenceRecord(raw_text="1"), conversation=ConversationTrace((3,)))
    ),
    "raises with a code's name": raises(InferenceError("slow", code="provider_timeout")),
    "raises with no known code": does_not_know_the_codes,
    "raises an error without a code": raises(ForgetfulError()),
    "raises with a header's text": raises(InferenceError("429", retry_after="0.01")),
    "raises with any text to wait": raises(InferenceError("429", retry_after="soon")),
}
SCORES = {
    "raises": raises(ValueError("cannot")),
    "exits": exits,
    "hangs": hangs,
    "None": gives(None),
    "NaN": gives(math.nan),
    "infinity": gives(math.inf),
    "text": gives("high"),
    "a complex number": gives(1j),
    "a bool of NumPy": gives(np.isclose(1.0, 2.0)),
    "an array": gives(np.ones(2)),
    "a code's name": gives(ScoreError(metric_id="m", message="no", code="metric_computation")),
    "no known code": lambda: ScoreError(metric_id="m", message="no", code="no"),
    "raises an error without a code": raises(ForgetfulError()),
}


HOOKS = {
    "raises": raises(RuntimeError("no \0 \ud800 text")),
    "exits": exits,
    "interrupts itself": raises(asyncio.CancelledError()),
    "None": gives(None),
    "a number": gives(3),
    "a list of dicts": gives([{"role": "user", "content": "Say 1."}]),
    "nothing to send": gives(()),
    "an unknown role": gives((Message("zz", "Say 1."),)),
    "a candidate of texts": gives(
        CandidateRecord(
            candidate_id="c", extractions=("x",), evaluation=EvaluationRecord("", ("x",))
        )
    ),
    "a set as the answer": gives(
        CandidateRecord(
            candidate_id="c",
            extractions=(ExtractionRecord(extractor_id="x", success=True, parsed_answer={1}),),
        )
    ),
}


class Faulty:
    """Does something else for the second item; answers the prompt for the others."""

    version = "1.0"

    def __init__(self, act, *, blocking):
        self.act = act
        if blocking:
            self.infer = self.infer_blocking

    async def infer(self, trial, context, runtime):
        return self.act() if trial.item_id == "i1" else trial.prompt[-1].text

    def infer_blocking(self, trial, context, runtime):
        return self.act() if trial.item_id == "i1" else trial.prompt[-1].text

    def score(self, trial, candidate, context):
        return self.act() if trial.item_id == "i1" else 1.0

    def fingerprint(self):
        return "faulty"


@pytest.fixture
def ran(tmp_path):
    """Run the benchmark with a component replaced; gives the result and what is wrong after it."""

    def run(*, engine=None, metric=None, hook=None, hangs=False, **context):
        registry = PluginRegistry(plugins=())
        registry.register_inference_engine("logged", engine or Faulty(lambda: "1", blocking=False))
        if hook is not None:
            registry.register_hook("faulty", hook)
        spec = copy.deepcopy(BENCHMARK)
        if metric is not None:
            registry.register_metric("faulty", metric)
            spec["slices"][0]["scores"][0]["metrics"].append("faulty")
        rows = [{"item_id": f"i{n}", "question": f"Say {n}.", "answer": n} for n in range(ITEMS)]
        with SqliteRunStore(tmp_path / "store") as store:
            orchestrator = Orchestrator.from_project_spec(
                ProjectSpec(execution_policy={"max_retries": 0}),
                registry=registry,
                dataset_provider=MemoryDatasetProvider(rows),
                storage_bundle=store,
            )
            context = RuntimeContext(options=HASTY if hangs else PATIENT, **context)
            result = orchestrator.run_benchmark(BenchmarkSpec.model_validate(spec), runtime=context)
            made = [row.ok for row in store.iter_candidates(store.runs()[0].id)]
            scores = {row["metric_id"]: row for row in result.aggregate(group_by="metric_id")}
            return result.status, made, scores, broken(store)

    return run


@pytest.mark.parametrize(
    ("answer", "blocking"),
    # A coroutine that blocks the loop has a test of its own.
    [(answer, blocking) for answer in ANSWERS for blocking in (answer == "hangs", True)],
)
def test_an_engine_that_misbehaves_costs_its_own_candidates_at_most(ran, answer, blocking):
    engine = Faulty(ANSWERS[answer], blocking=blocking)
    status, made, scores, wrong = ran(engine=engine, hangs=answer == "hangs")
    assert wrong == []
    assert len(made) == 2 * ITEMS
    assert made.count(False) in {0, 2}
    assert status in {"completed", "partial_failure"}
    assert (status == "completed") == (
        made.count(False) == 0 and not scores["numeric_match"]["errors"]
    )


@pytest.mark.parametrize("score", SCORES)
def test_a_metric_that_misbehaves_costs_its_own_scores_at_most(ran, score):
    metric = Faulty(SCORES[score], blocking=False)
    status, made, scores, wrong = ran(metric=metric, hangs=score == "hangs")
    assert wrong == []
    assert made == [True] * 2 * ITEMS
    assert scores["numeric_match"]["count"] == 2 * ITEMS
    faulty = scores["faulty"]
    assert faulty["count"] + faulty["errors"] == 2 * ITEMS
    assert faulty["count"] in {2 * ITEMS, 2 * ITEMS - 2}
    assert status in {"completed", "partial_failure"}


def faulty_hook(point, act):
    """Does something else for the second item at one point, and changes nothing otherwise."""

    def method(self, trial, subject):
        return act() if trial.item_id == "i1" else subject

    named = dict.fromkeys(HOOK_POINTS, lambda self, trial, subject: subject)
    named |= {point: method, "fingerprint": lambda self: "faulty"}
    return type("Hook", (), named)()


@pytest.mark.parametrize("point", HOOK_POINTS)
@pytest.mark.parametrize("returned", HOOKS)
def test_a_hook_that_misbehaves_costs_its_own_item_at_most(ran, point, returned):
    status, made, scores, wrong = ran(hook=faulty_hook(point, HOOKS[returned]))
    assert wrong == []
    assert len(made) == 2 * ITEMS
    assert made.count(False) in {0, 2}
    assert (made.count(False) == 2) == (point in {"pre_inference", "post_inference"})
    assert scores["numeric_match"]["count"] >= 2 * ITEMS - 2
    assert status in {"completed", "partial_failure"}


class Slow:
    """Watches, and takes its time on the thread that tells it."""

    told = 0

    def after_generate(self, trial, candidate, context):
        self.told += 1
        time.sleep(0.1)


class Exits(Slow):
    def after_generate(self, trial, candidate, context):
        self.told += 1
        sys.exit(4)


@pytest.mark.parametrize("kind", [Slow, Exits])
def test_an_observer_that_is_slow_or_exits_changes_nothing(ran, kind):
    observer = kind()
    status, made, _, wrong = ran(subscribers=[observer])
    assert (status, made, wrong) == ("completed", [True] * 2 * ITEMS, [])
    assert observer.told > 0


def test_an_engine_that_blocks_the_loop_holds_the_run_up_and_breaks_nothing(ran):
    engine = Faulty(lambda: time.sleep(0.5) or "1", blocking=False)
    status, made, _, wrong = ran(engine=engine, hangs=True)
    assert wrong == []
    assert len(made) == 2 * ITEMS
    assert status in {"completed", "partial_failure"}
