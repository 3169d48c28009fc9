from __future__ import annotations

import pytest

from themis.errors import StorageError
from themis.results.history import judge_run, run_history
from themis.results.moments import score_moments


def labels(points):
    return [(point.label, point.accepted) for point in points]


def test_the_runs_of_one_benchmark_come_oldest_first(result_of, run_store):
    first, second = result_of(name="one"), result_of(name="two")
    result_of(name="other", benchmark_id="elsewhere")

    points = run_history(run_store, "bench")

    assert [point.run_id for point in points] == [first.run_id, second.run_id]
    assert labels(points) == [(first.run_id[:12], True), (second.run_id[:12], True)]


def test_a_run_that_did_not_end_is_no_history(result_of, run_store):
    result_of(name="one", status="interrupted")

    assert run_history(run_store, "bench") == []


def test_history_before_a_run_leaves_it_out(result_of, run_store):
    first, second = result_of(name="one"), result_of(name="two")

    [point] = run_history(run_store, "bench", before=second.run_id)

    assert point.run_id == first.run_id


def test_a_rejected_run_counts_once_it_is_accepted(result_of, run_store):
    run = result_of(name="one").run_id

    judge_run(run_store, run, accepted=False, reason="accuracy regressed")
    [rejected] = run_history(run_store, "bench")
    judge_run(run_store, run, accepted=True, reason="on purpose")
    [accepted] = run_history(run_store, "bench")

    assert (rejected.accepted, rejected.reason) == (False, "accuracy regressed")
    assert (accepted.accepted, accepted.reason) == (True, "on purpose")
    assert accepted.to_dict()["created_at"].endswith("+00:00")


def test_saying_the_same_again_writes_nothing(result_of, run_store):
    run = result_of(name="one").run_id

    judge_run(run_store, run, accepted=True, reason="anyway")

    assert run_history(run_store, "bench")[0].reason is None


def test_an_unknown_run_cannot_be_judged(run_store):
    with pytest.raises(StorageError, match="no run 'abc'"):
        judge_run(run_store, "abc", accepted=True, reason="")


def test_moments_are_over_all_scores(result_of):
    result = result_of(lambda cell: float(cell.item_id[1:]), models=("m",))
    side = result.run_side()

    with side.source.connection() as connection:
        found = score_moments(connection, side.layout, side.metrics)

    assert (found.n, found.mean, found.std) == (3, 2.0, pytest.approx((2 / 3) ** 0.5))


def test_no_scores_have_no_moments(result_of, timed_out):
    side = result_of(lambda cell: timed_out).run_side()

    with side.source.connection() as connection:
        assert score_moments(connection, side.layout, side.metrics).n == 0
