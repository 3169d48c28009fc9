"""Concurrency and speed: what is in flight, what is streamed, and what reading costs."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from themis.runtime.observers import TelemetryBus
from themis.runtime.options import RuntimeOptions
from themis.specs import ExecutionPolicySpec, ModelSpec
from themis.storage import sqlite_store

from .conftest import rows, sums_benchmark


class Blocking:
    """A plain, blocking engine that notes how many of its calls ran at once."""

    def __init__(self):
        self.now = self.most = 0
        self.lock = threading.Lock()

    def infer(self, trial, context, runtime):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.1)
        with self.lock:
            self.now -= 1
        return context["answer"]


def test_thirty_two_blocking_calls_are_really_in_flight_at_once(make, registry):
    engine = Blocking()
    registry.register_inference_engine("blocking", engine)
    spec = sums_benchmark(models=[ModelSpec(model_id="m", provider="blocking")])
    make(items=rows(128)).run_benchmark(spec)
    assert engine.most == 32


class Answering:
    """An engine that takes a moment, so that all calls that may be in flight are."""

    async def infer(self, trial, context, runtime):
        await asyncio.sleep(0.02)
        return context["answer"]


def test_the_first_score_is_there_before_the_second_window_of_calls_has_answered(make, registry):
    registry.register_inference_engine("answering", Answering)
    spec = sums_benchmark(models=[ModelSpec(model_id="m", provider="answering")])
    bus, seen = TelemetryBus(), []
    bus.subscribe(lambda event: seen.append(event["kind"]), kinds={"generated", "evaluated"})
    make(items=rows(400), telemetry_bus=bus).run_benchmark(spec)
    bus.close()
    assert seen.count("generated") == 400
    assert seen.index("evaluated") <= ExecutionPolicySpec().max_in_flight_work_items


def test_no_limit_of_requests_a_minute_holds_that_nobody_set(make, engine):
    options = RuntimeOptions()
    assert (options.provider_rate_limits, options.provider_token_limits) == ({}, {})
    started = time.perf_counter()
    make(items=rows(200)).run_benchmark(sums_benchmark())
    assert (len(engine.calls), time.perf_counter() - started < 20) == (200, True)


def test_reading_results_writes_nothing(make, tmp_path, stored_bytes):
    with sqlite_store(tmp_path / "store") as store:
        result = make(storage_bundle=store).run_benchmark(sums_benchmark())
        store.flush()
        before = stored_bytes(tmp_path / "store")
        result.aggregate(group_by=["model_id"])
        result.view_timeline(result.trial_hashes[0])
        list(result.iter_trial_summaries())
        result.leaderboard()
        assert stored_bytes(tmp_path / "store") == before


@pytest.mark.slow
def test_a_trial_takes_a_few_kilobytes_on_disk(tmp_path, make):
    from themis.specs import ProjectSpec, SqliteBlobStorageSpec

    project = ProjectSpec(storage=SqliteBlobStorageSpec(root_dir=str(tmp_path / "store")))
    with make(items=rows(1000), project=project, storage_bundle=None) as orchestrator:
        orchestrator.run_benchmark(sums_benchmark())
    size = sum(file.stat().st_size for file in (tmp_path / "store").rglob("*") if file.is_file())
    assert size / 1000 < 4096


@pytest.mark.slow
def test_more_trials_than_a_statement_has_variables_are_run_and_read_back(make, store):
    most = 32_766  # of SQLite; others take fewer
    result = make(items=rows(most + 1)).run_benchmark(sums_benchmark())
    assert (result.status, result.counts().made) == ("completed", most + 1)
    by_item = result.aggregate(group_by=["item_id"])
    assert sum(row["count"] for row in by_item) == len(by_item) == most + 1
    assert sum(1 for _ in result.iter_trial_summaries()) == most + 1
    [run] = store.runs()
    rows_read = list(store.iter_candidates(run.id))
    assert len(store.known(bytes.fromhex(row.candidate_id) for row in rows_read)) == most + 1
    assert len(store.events([row.generated_seq for row in rows_read])) == most + 1


def test_more_samples_than_a_statement_has_variables_are_estimated(make):
    orchestrator = make(items=rows(400))
    spec = sums_benchmark(num_samples=100)
    assert orchestrator.estimate(spec).stages["score"].total == 40_000
