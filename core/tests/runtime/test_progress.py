from __future__ import annotations

import json
import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.errors import ErrorCode
from themis.runtime.progress import ProgressSnapshot, ProgressTracker, StageProgress


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def tracker(clock):
    return ProgressTracker("run-1", clock=clock, wall=lambda: 1000.0 + clock.now)


def test_a_stage_counts_what_began_and_what_ended(tracker):
    tracker.expect("generate", 10, done=4)
    for _ in range(3):
        tracker.started("generate")
    tracker.finished("generate")
    tracker.finished("generate", ErrorCode.PROVIDER_TIMEOUT)

    snapshot = tracker.snapshot()
    assert snapshot.stages["generate"] == StageProgress(done=6, total=10, failed=1, in_flight=1)
    assert snapshot.failures == {"provider_timeout": 1}


def test_what_was_cut_off_is_still_to_do(tracker):
    tracker.expect("generate", 10)
    tracker.started("generate")
    tracker.dropped("generate")

    assert tracker.snapshot().stages["generate"] == StageProgress(done=0, total=10)


def test_rate_and_time_left_come_from_the_last_half_minute(tracker, clock):
    tracker.expect("generate", 1000)
    tracker.expect("score", 1000)
    for second in range(120):
        clock.now = float(second)
        for _ in range(1 if second < 60 else 4):
            tracker.started("score")
            tracker.finished("score")
        snapshot = tracker.snapshot()

    assert snapshot.rate == pytest.approx(4.0)
    assert snapshot.eta_seconds == pytest.approx((1000 - 300) / 4)


def test_before_anything_is_done_there_is_no_rate_and_no_time_left(tracker, clock):
    tracker.expect("generate", 10)
    first = tracker.snapshot()
    clock.now = 5.0
    second = tracker.snapshot()

    assert (first.rate, first.eta_seconds) == (None, None)
    assert (second.rate, second.eta_seconds) == (0.0, None)


def test_what_an_earlier_run_had_done_is_no_part_of_the_rate(tracker, clock):
    tracker.expect("generate", 100, done=90)
    tracker.snapshot()
    clock.now = 10.0
    for _ in range(5):
        tracker.started("generate")
        tracker.finished("generate")

    assert tracker.snapshot().rate == 0.5


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=50))
def test_a_running_mean_is_the_mean_with_a_normal_interval(values):
    tracker = ProgressTracker("run-1")
    for value in values:
        tracker.score("f1", value)

    (mean,) = tracker.snapshot().metrics
    half = 1.959964 * statistics.stdev(values) / math.sqrt(len(values))
    assert mean.count == len(values)
    assert mean.mean == pytest.approx(statistics.fmean(values), rel=1e-6, abs=1e-6)
    assert mean.ci_upper - mean.mean == pytest.approx(half, rel=1e-5, abs=1e-5)


def test_one_value_has_no_interval_and_no_value_no_mean(tracker):
    tracker.score("f1", 0.5)
    tracker.score("bleu", None)
    tracker.score("bleu", float("nan"))

    (mean,) = tracker.snapshot().metrics
    assert (mean.metric_id, mean.mean, mean.ci_lower, mean.ci_upper) == ("f1", 0.5, None, None)


def test_tokens_add_up_where_they_are_known(tracker):
    tracker.tokens(10, 20)
    tracker.tokens(None, 5)

    snapshot = tracker.snapshot()
    assert (snapshot.prompt_tokens, snapshot.completion_tokens) == (10, 25)


def test_a_snapshot_survives_a_journey_through_json(tracker, clock):
    tracker.expect("generate", None)
    tracker.started("generate")
    tracker.finished("generate", ErrorCode.CIRCUIT_BREAKER)
    tracker.score("f1", 0.5)
    tracker.score("f1", 1.0)
    tracker.notes = ("openai: given up",)
    clock.now = 2.0
    snapshot = tracker.snapshot()

    assert ProgressSnapshot.from_dict(json.loads(json.dumps(snapshot.to_dict()))) == snapshot
    assert (snapshot.started_at, snapshot.updated_at) == (1000.0, 1002.0)
