from __future__ import annotations

import json
import math
import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.errors import ErrorCode
from themis.runtime.progress import (
    ExpectedScores,
    ProgressSnapshot,
    ProgressTracker,
    StageProgress,
)


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


@given(st.lists(st.floats(-1e6, 1e6), min_size=50, max_size=80))
def test_a_running_mean_is_the_mean_with_an_interval_for_every_look(values):
    tracker = ProgressTracker("run-1")
    for value in values:
        tracker.score("f1", value)

    (mean,) = tracker.snapshot().metrics
    assert mean.count == len(values)
    assert mean.mean == pytest.approx(statistics.fmean(values), rel=1e-6, abs=1e-6)
    if mean.ci_upper is not None:
        ordinary = 1.96 * statistics.pstdev(values) / math.sqrt(len(values))
        assert mean.ci_upper - mean.mean > ordinary * (1 - 1e-6)
        assert mean.method == "asymptotic_confidence_sequence"


def test_whoever_looks_after_every_score_is_seldom_misled():
    chance, misled = random.Random(8), 0
    for _ in range(100):
        tracker = ProgressTracker("run-1")
        tracker.expect_scores({"accuracy": ExpectedScores(bounds=(0.0, 1.0))})
        looks = [_look(tracker, float(chance.random() < 0.7)) for _ in range(150)]
        misled += any(not low <= 0.7 <= high for low, high in looks)

    assert misled / 100 <= 0.05


def test_scores_of_one_item_do_not_narrow_the_interval():
    once, thrice = ProgressTracker("run-1"), ProgressTracker("run-2")
    thrice.expect_scores({"accuracy": ExpectedScores(bounds=(0.0, 1.0), per_item=3)})
    once.expect_scores({"accuracy": ExpectedScores(bounds=(0.0, 1.0))})
    for value in [1.0, 0.0, 1.0, 1.0] * 5:
        once.score("accuracy", value)
        for _ in range(3):
            thrice.score("accuracy", value)

    [one], [three] = once.snapshot().metrics, thrice.snapshot().metrics
    assert (one.count, three.count) == (20, 60)
    assert (three.ci_lower, three.ci_upper) == pytest.approx((one.ci_lower, one.ci_upper))


def test_a_score_outside_its_bounds_has_none(tracker):
    tracker.expect_scores({"accuracy": ExpectedScores(bounds=(0.0, 1.0))})
    for value in [0.5, 0.25, 7.0] * 20:
        tracker.score("accuracy", value)

    assert tracker.snapshot().metrics[0].method == "asymptotic_confidence_sequence"


def _look(tracker, value):
    tracker.score("accuracy", value)
    [mean] = tracker.snapshot().metrics
    return mean.ci_lower, mean.ci_upper


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
