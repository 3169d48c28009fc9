"""A small planned run to record into, and the stores to record it in."""

from __future__ import annotations

from hashlib import sha256

import attrs
import pytest

from themis import storage
from themis.errors import ErrorCode
from themis.records import (
    ExtractionRecord,
    FailureRecord,
    InferenceRecord,
    MetricScore,
    ScoreError,
    TokenUsage,
)


def hexkey(*parts):
    """64 hex digits that stand for the key of something."""
    return sha256(repr(parts).encode()).hexdigest()


ARMS = [
    storage.PlannedArm(
        slice_id=f"slice-{number}",
        prompt_variant_id="plain",
        model_id="m",
        provider="builtin/demo",
        params_hash=hexkey("params"),
        params={"temperature": 0.0},
        dimensions={"subject": "sums"},
    )
    for number in range(2)
]
METRICS = [
    storage.PlannedMetric(
        metric_id=metric,
        score_name="main",
        slice_id=arm.slice_id,
        evaluation_hash=hexkey("evaluation", arm.slice_id),
        transform_hash=hexkey("transform"),
    )
    for arm in ARMS
    for metric in ("exact", "length")
]


@attrs.frozen
class RunScript:
    """Builds the events of one run: even trials have arm 0, odd ones arm 1."""

    run: int

    def generated(self, trial, *, ok=True, sample=0, text="4", shared=True):
        failure = FailureRecord(
            code=ErrorCode.PROVIDER_TIMEOUT, message="late", stage="generate", attempts=2
        )
        return storage.generated(
            self.run,
            candidate_id=hexkey("candidate", trial, sample, None if shared else self.run),
            trial=trial,
            sample=sample,
            seed=7,
            inference=InferenceRecord(
                raw_text=text, latency_ms=2.5, token_usage=TokenUsage(prompt=3, completion=1)
            )
            if ok
            else None,
            failure=None if ok else failure,
        )

    def evaluated(self, trial, *, sample=0, values=(1.0, 0.5)):
        first = 2 * (trial % 2)
        return storage.evaluated(
            self.run,
            candidate_id=hexkey("candidate", trial, sample, None),
            trial=trial,
            sample=sample,
            parses=[
                storage.ParseEntry(
                    hexkey("transform"),
                    hexkey("parse", trial, sample),
                    (ExtractionRecord(extractor_id="number", success=True, parsed_answer=4),),
                )
            ],
            scores=[
                storage.ScoreEntry(
                    first + offset,
                    hexkey("score", first + offset, trial, sample),
                    METRICS[first + offset].evaluation_hash,
                    ScoreError(metric_id="exact", message="no reference")
                    if value is None
                    else MetricScore(metric_id="exact", value=value),
                )
                for offset, value in enumerate(values)
            ],
        )


def plan_events(name="one", *, trials=6, samples=1):
    """The `run_planned` event and a function that gives `trials_planned` of the run's number."""
    planned = storage.run_planned(
        run_id=hexkey("run", name),
        benchmark_id="sums",
        manifest={"name": name},
        arms=ARMS,
        metrics=METRICS,
        num_samples=samples,
    )
    rows = [
        storage.PlannedTrial(trial % 2, f"item-{trial}", hexkey("item", trial), hexkey("t", trial))
        for trial in range(trials)
    ]
    return planned, lambda run: storage.trials_planned(run, start=0, trials=rows)


def plan(store, name="one", *, trials=6, samples=1):
    """Plan a run in `store` and return its script."""
    planned, trials_of = plan_events(name, trials=trials, samples=samples)
    (run,) = store.append([planned])
    store.append([trials_of(run)])
    return RunScript(run)


@pytest.fixture(name="plan")
def plan_fixture():
    return plan


@pytest.fixture
def root(tmp_path):
    return tmp_path / "store"


@pytest.fixture(params=["sqlite", "memory"])
def store(request, root):
    opened = storage.sqlite_store(root) if request.param == "sqlite" else storage.InMemoryRunStore()
    with opened as store:
        yield store
