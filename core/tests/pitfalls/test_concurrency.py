"""Concurrency and speed: what is in flight, what is streamed, and what reading costs."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import func, select

from themis.runtime.observers import TelemetryBus
from themis.runtime.options import RuntimeOptions
from themis.specs import ModelSpec
from themis.storage.schema import events

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


def test_the_first_score_is_there_long_before_the_last_generation(make):
    bus, seen = TelemetryBus(), []
    bus.subscribe(lambda event: seen.append(event["kind"]))
    make(items=rows(400), telemetry_bus=bus).run_benchmark(sums_benchmark())
    bus.close()
    last_generation = len(seen) - seen[::-1].index("generated")
    assert seen.index("evaluated") < last_generation / 2


def test_no_limit_of_requests_a_minute_holds_that_nobody_set(make, engine):
    options = RuntimeOptions()
    assert (options.provider_rate_limits, options.provider_token_limits) == ({}, {})
    started = time.perf_counter()
    make(items=rows(200)).run_benchmark(sums_benchmark())
    assert (len(engine.calls), time.perf_counter() - started < 20) == (200, True)


def test_reading_results_writes_nothing(make, store):
    result = make().run_benchmark(sums_benchmark())

    def written():
        with store.reader() as connection:
            return connection.scalar(select(func.count()).select_from(events))

    before = written()
    result.aggregate(group_by=["model_id"])
    result.view_timeline(result.trial_hashes[0])
    list(result.iter_trial_summaries())
    result.leaderboard()
    assert written() == before


@pytest.mark.slow
def test_a_trial_takes_a_few_kilobytes_on_disk(tmp_path, make):
    from themis.specs import ProjectSpec, SqliteBlobStorageSpec

    project = ProjectSpec(storage=SqliteBlobStorageSpec(root_dir=str(tmp_path / "store")))
    with make(items=rows(1000), project=project, storage_bundle=None) as orchestrator:
        orchestrator.run_benchmark(sums_benchmark())
    size = sum(file.stat().st_size for file in (tmp_path / "store").rglob("*") if file.is_file())
    assert size / 1000 < 4096


def test_more_trials_than_a_statement_has_variables_are_no_problem(make):
    orchestrator = make(items=rows(400))
    spec = sums_benchmark(num_samples=100)
    assert orchestrator.estimate(spec).stages["score"].total == 40_000
