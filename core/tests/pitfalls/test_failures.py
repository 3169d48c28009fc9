"""Failures: one item's is recorded, counted and tried again; none ends or hangs a run."""

from __future__ import annotations

import asyncio
import time

import pytest

from themis.errors import ErrorCode
from themis.runtime.context import RuntimeContext
from themis.runtime.options import RuntimeOptions
from themis.specs import ExecutionPolicySpec, ModelSpec, ProjectSpec, ScoreSpec
from themis.storage.integrity import verify_store

from .conftest import rows, sums_benchmark, sums_slice

IMPATIENT = RuntimeContext(
    options=RuntimeOptions(deadline_seconds={"generate": 0.2, "parse": 0.2, "score": 0.2})
)
ONCE = ProjectSpec(execution_policy=ExecutionPolicySpec(max_retries=0))


class HungAsync:
    async def infer(self, trial, context, runtime):
        await asyncio.sleep(60 if trial.item_id == "1" else 0)
        return "0"


class HungThread:
    def infer(self, trial, context, runtime):
        time.sleep(3 if trial.item_id == "1" else 0)
        return "0"


class HungMetric:
    def score(self, trial, candidate, context):
        while trial.item_id == "1":
            pass
        return 1.0


@pytest.mark.parametrize("hung", [HungAsync, HungThread])
def test_a_hung_engine_ends_as_a_recorded_timeout_of_its_item_alone(make, registry, hung):
    registry.register_inference_engine("hung", hung)
    spec = sums_benchmark(models=[ModelSpec(model_id="m", provider="hung")])
    started = time.perf_counter()
    result = make(items=rows(3), project=ONCE).run_benchmark(spec, runtime=IMPATIENT)
    assert time.perf_counter() - started < 2.5
    [failure] = result.iter_failures()
    assert (failure["item_id"], failure["code"]) == ("1", ErrorCode.PROVIDER_TIMEOUT)
    assert result.aggregate(group_by=["metric_id"])[0]["count"] == 2


def test_a_hung_metric_ends_as_a_recorded_timeout_of_its_score_alone(make, registry):
    registry.register_metric("hung", HungMetric)
    scores = [ScoreSpec(name="s", parse="number", metrics=["hung", "numeric_match"])]
    result = make(items=rows(3)).run_benchmark(
        sums_benchmark(slices=[sums_slice(scores=scores)]), runtime=IMPATIENT
    )
    found = {row["metric_id"]: row for row in result.aggregate(group_by=["metric_id"])}
    assert (found["hung"]["count"], found["hung"]["errors"]) == (2, 1)
    assert found["numeric_match"]["count"] == 3


def test_a_dead_provider_is_not_called_for_every_item(make, registry):
    from themis.errors import InferenceError

    class Dead:
        calls = 0

        async def infer(self, trial, context, runtime):
            Dead.calls += 1
            raise InferenceError("refused", code=ErrorCode.PROVIDER_UNAVAILABLE)

    registry.register_inference_engine("dead", Dead)
    options = RuntimeOptions(breaker_cooldown_seconds=0.01, retry_base_seconds=0.01)
    result = make(items=rows(200)).run_benchmark(
        sums_benchmark(models=[ModelSpec(model_id="m", provider="dead")]),
        runtime=RuntimeContext(options=options),
    )
    assert Dead.calls < 30
    assert len(list(result.iter_failures())) == 200


class Repairable:
    """A metric that fails until it is repaired."""

    repaired = False
    version = "1.0"

    def score(self, trial, candidate, context):
        if trial.item_id == "1" and not Repairable.repaired:
            raise ValueError("not yet")
        return 1.0

    def fingerprint(self):
        return "repairable"


def standing(result):
    [row] = result.aggregate(group_by=["metric_id"])
    states = [entry["status"] for entry in result.iter_trial_summaries()]
    return result.status, len(list(result.iter_failures())), row["count"], row["errors"], states


def test_a_later_success_clears_the_earlier_error_of_a_generation(make, engine, store):
    engine.failing = {"1"}
    orchestrator = make(items=rows(3), project=ONCE)
    failed = orchestrator.run_benchmark(sums_benchmark())
    assert standing(failed) == ("partial_failure", 1, 2, 1, ["ok", "error", "ok"])
    engine.failing = set()
    healed = orchestrator.resume(failed.run_id)
    assert standing(healed) == ("completed", 0, 3, 0, ["ok"] * 3)
    [candidate] = healed.get_trial(healed.trial_hashes[1]).candidates
    assert (candidate.status, candidate.failure) == ("ok", None)
    assert (healed.counts().failed, healed.counts().failures_by_code) == (0, {})
    assert verify_store(store).findings == []


def test_a_later_success_clears_the_earlier_error_of_a_score(make, registry, store):
    registry.register_metric("repairable", Repairable)
    scores = [ScoreSpec(name="s", parse="number", metrics=["repairable"])]
    orchestrator = make(items=rows(3))
    failed = orchestrator.run_benchmark(sums_benchmark(slices=[sums_slice(scores=scores)]))
    assert standing(failed)[:4] == ("partial_failure", 1, 2, 1)
    Repairable.repaired = True
    healed = orchestrator.resume(failed.run_id)
    assert standing(healed) == ("completed", 0, 3, 0, ["ok"] * 3)
    assert verify_store(store).findings == []


def test_every_code_that_passes_is_retried_by_default(make, registry):
    from themis.errors import InferenceError

    codes = [
        ErrorCode.PROVIDER_TIMEOUT, ErrorCode.PROVIDER_RATE_LIMIT, ErrorCode.PROVIDER_UNAVAILABLE,
    ]  # fmt: skip

    raised = []

    class Flaky:
        async def infer(self, trial, context, runtime):
            if len(raised) < len(codes):
                raised.append(codes[len(raised)])
                raise InferenceError("for now", code=raised[-1])
            return "0"

    registry.register_inference_engine("flaky", Flaky)
    quick = RuntimeContext(options=RuntimeOptions(retry_base_seconds=0.001))
    spec = sums_benchmark(models=[ModelSpec(model_id="m", provider="flaky")])
    assert make(items=rows(1)).run_benchmark(spec, runtime=quick).status == "completed"
    assert raised == codes
