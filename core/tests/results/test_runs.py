from __future__ import annotations

from datetime import UTC, datetime

from themis.results import list_runs


def test_runs_come_newest_first_with_their_counts(run_store, result_of, timed_out):
    result_of(name="old", status="interrupted", num_samples=2)
    result_of(lambda cell: timed_out if cell.item_id == "i1" else 1.0, name="new", benchmark_id="b")

    new, old = list_runs(run_store)

    assert (new.benchmark_id, new.status, new.trials) == ("b", "completed", 6)
    assert (new.candidates_planned, new.candidates_ok, new.candidates_failed) == (6, 4, 2)
    assert (old.status, old.candidates_planned) == ("interrupted", 12)


def test_times_are_in_utc_and_written_as_iso_text(run_store, result_of):
    result_of()

    [run] = list_runs(run_store)

    assert run.created_at.tzinfo is UTC
    assert datetime.fromisoformat(run.to_dict()["updated_at"]) == run.updated_at


def test_a_run_in_short_fits_a_line(run_store, result_of):
    result = result_of()

    [run] = list_runs(run_store)

    row = run.to_row()
    assert (row["run"], row["candidates"], row["failed"]) == (result.run_id[:12], "6 of 6", 0)
    assert row["planned"] == run.created_at.strftime("%Y-%m-%d %H:%M")


def test_a_run_without_candidates_counts_none(run_store, result_of):
    result_of(lambda cell: None)

    [run] = list_runs(run_store)

    assert (run.candidates_planned, run.candidates_ok, run.candidates_failed) == (6, 0, 0)


def test_an_empty_store_has_no_runs(run_store):
    assert list_runs(run_store) == []
