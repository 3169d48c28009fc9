from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from themis import storage
from themis.errors import StorageError
from themis.storage import schema
from themis.storage.integrity import verify_database
from themis.storage.maintenance import rebuild_projections
from themis.storage.payloads import PayloadFormat


@pytest.fixture
def memory():
    with storage.InMemoryRunStore() as store:
        yield store


def rows(store, table, *columns):
    with store.reader() as connection:
        picked = select(*(table.c[name] for name in columns)).order_by(*table.primary_key)
        return [tuple(row) for row in connection.execute(picked)]


def scores(store):
    return rows(store, schema.scores, "trial", "metric", "value", "status")


def test_a_planned_run_is_described_by_its_arms_and_metrics(memory, plan):
    plan(memory)
    described = rows(memory, schema.arms, "arm", "slice_id", "params", "dimensions")
    assert described[1] == (1, "slice-1", '{"temperature":0.0}', '{"subject":"sums"}')
    assert rows(memory, schema.metrics, "metric", "metric_id", "slice_id")[3] == (
        3,
        "length",
        "slice-1",
    )
    assert memory.runs()[0].trial_count == 6


def test_a_candidate_has_its_tokens_and_latency(memory, plan):
    memory.append([plan(memory).generated(1)])
    columns = ("trial", "status", "prompt_tokens", "completion_tokens", "latency_ms")
    assert rows(memory, schema.candidates, *columns) == [(1, 0, 3, 1, 2.5)]


def test_numbers_no_column_can_hold_are_left_out(memory, plan):
    script = plan(memory)
    event = script.generated(0)
    value = event.value()
    value["inference"] |= {"latency_ms": math.nan, "token_usage": {"prompt": 2**70}}
    memory.append([storage.Event.of("generated", value, run=script.run, key=event.key)])
    columns = ("prompt_tokens", "completion_tokens", "latency_ms")
    assert rows(memory, schema.candidates, *columns) == [(None, None, None)]


def test_scores_belong_to_their_arm_and_position(memory, plan):
    script = plan(memory)
    _, seq = memory.append([script.generated(1), script.evaluated(1)])
    columns = ("metric", "arm", "value", "seq", "position")
    assert rows(memory, schema.scores, *columns) == [(2, 1, 1.0, seq, 0), (3, 1, 0.5, seq, 1)]


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_a_score_that_is_no_number_counts_as_an_error(memory, plan, value):
    script = plan(memory)
    memory.append([script.generated(0), script.evaluated(0, values=(value,))])
    assert scores(memory) == [(0, 0, None, 1)]


def test_a_failed_generation_counts_for_every_metric_of_its_slice(memory, plan):
    memory.append([plan(memory).generated(1, ok=False)])
    assert scores(memory) == [(1, 2, None, 2), (1, 3, None, 2)]


def test_a_later_success_clears_what_the_failure_left(memory, plan):
    script = plan(memory)
    memory.append([script.generated(1, ok=False)])
    memory.append([script.generated(1)])
    assert scores(memory) == []
    assert rows(memory, schema.candidates, "status", "error_code") == [(0, None)]


def test_a_failure_and_its_success_in_one_group_leave_no_trace(memory, plan):
    script = plan(memory)
    memory.append([script.generated(1, ok=False), script.generated(1), script.evaluated(1)])
    assert scores(memory) == [(1, 2, 1.0, 0), (1, 3, 0.5, 0)]


def test_a_failure_and_its_success_in_one_group_clear_what_was_scored_before(memory, plan):
    script = plan(memory)
    memory.append([script.generated(1), script.evaluated(1)])
    memory.append([script.evaluated(0)])
    memory.append([script.generated(1, ok=False), script.generated(1)])
    alone = scores(memory)
    rebuild_projections(memory.writing, PayloadFormat(memory.blobs))
    assert scores(memory) == alone


def test_text_no_database_can_hold_is_escaped(memory):
    event = storage.run_planned(
        run_id="r", benchmark_id="a\0b\ud800\u00e9", manifest={}, arms=[], metrics=[], num_samples=1
    )
    memory.append([event])
    assert memory.runs()[0].benchmark_id == "a\\x00b\\ud800\u00e9"


def test_an_event_of_an_unplanned_run_is_refused(memory):
    with pytest.raises(StorageError, match=r"run 9 of event 1 \(run_status\) was never planned"):
        memory.append([storage.run_status(9, status="running")])


def test_reusing_a_score_that_is_not_there_is_refused(memory, plan):
    script = plan(memory)
    (seq,) = memory.append([script.evaluated(0)])
    missing = storage.ReusedScore(0, 0, 0, seq, "ff" * 32)
    with pytest.raises(StorageError, match=f"score {'f' * 16} of event {seq} was never planned or"):
        memory.append([storage.reused(script.run, scores=[missing])])


TRIALS = st.integers(0, 3)
STEPS = st.one_of(
    st.tuples(st.just("generated"), TRIALS, st.booleans()),
    st.tuples(st.just("evaluated"), TRIALS, st.lists(st.none() | st.floats(), max_size=2)),
    st.tuples(st.just("status"), st.sampled_from(["running", "failed"]), st.none()),
)
HISTORIES = st.lists(st.lists(st.tuples(st.sampled_from("ab"), STEPS), max_size=5), max_size=8)


def as_event(script, step):
    kind, what, detail = step
    if kind == "generated":
        return script.generated(what, ok=detail)
    if kind == "evaluated":
        return script.evaluated(what, values=detail)
    return storage.run_status(script.run, status=what)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(history=HISTORIES)
def test_projections_do_not_depend_on_how_events_were_grouped(plan, history):
    with storage.InMemoryRunStore() as store:
        scripts = {"a": plan(store, "a"), "b": plan(store, "b")}
        for group in history:
            store.append([as_event(scripts[name], step) for name, step in group])
        assert verify_database(store._reading, store.blobs, place="memory").findings == []


def test_rebuilding_gives_what_was_there(memory, plan):
    script = plan(memory)
    memory.append([script.generated(0), script.evaluated(0), script.generated(1, ok=False)])
    before = scores(memory)
    assert rebuild_projections(memory.writing, PayloadFormat(memory.blobs)) == 5
    assert scores(memory) == before
    assert verify_database(memory._reading, memory.blobs, place="memory").ok


def test_an_id_that_no_database_can_hold_is_read_back_as_planned(memory):
    ids = ["a\0b", "a\\x00b", "\ud800", "\\ud800", "C:\\x"]
    plan = storage.run_planned(
        run_id="r", benchmark_id="b", manifest={}, arms=[], metrics=[], num_samples=1
    )
    (run,) = memory.append([plan])
    trials = [storage.PlannedTrial(0, name, "00" * 32, "00" * 32) for name in ids]
    memory.append([storage.trials_planned(run, start=0, trials=trials)])
    assert [row.item_id for row in memory.iter_trials(run)] == ids
    [written] = zip(*rows(memory, schema.trials, "item_id"), strict=True)
    assert len(set(written)) == len(ids)
