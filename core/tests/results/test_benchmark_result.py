from __future__ import annotations

import pytest

from themis.errors import StorageError
from themis.results import BenchmarkResult, ExperimentResult
from themis.storage import InMemoryRunStore
from themis.testing.recorded_runs import RecordedRun


def test_a_result_names_its_parts_in_the_order_of_the_plan(result_of):
    result = result_of(
        slices=("z", "a"), prompts=("q", "b"), models=("y", "c"), temperatures=(0.7, 0.0)
    )

    assert isinstance(result, ExperimentResult)
    assert (result.benchmark_id, result.status) == ("bench", "completed")
    assert (result.slice_ids, result.prompt_variant_ids) == (["z", "a"], ["q", "b"])
    assert (result.model_ids, result.metric_ids) == (["y", "c"], ["accuracy"])
    assert [params["temperature"] for params in result.parameter_sets.values()] == [0.7, 0.0]
    assert len(set(result.trial_hashes)) == 48


def test_an_unknown_run_says_where_runs_are_listed(run_store):
    with pytest.raises(StorageError, match="no run 'nope'; `themis runs` lists those it has"):
        BenchmarkResult(run_store, "nope")


def test_the_text_is_a_leaderboard_and_how_failures_count(result_of, timed_out):
    result = result_of(lambda cell: timed_out if cell.model == "beta" else 1.0)

    lines = str(result).splitlines()

    assert lines[0] == "bench: completed"
    assert lines[1].split() == [
        *("metric_id", "rank", "model_id", "mean", "ci_lower", "ci_upper"),
        *("n_items", "count", "errors"),
    ]
    assert lines[3].split() == [
        "accuracy",
        "1",
        "alpha",
        "1.0000",
        "0.4385",
        "1.0000",
        "3",
        "3",
        "0",
    ]
    assert lines[4].split() == ["accuracy", "-", "beta", "-", "-", "-", "0", "0", "3"]
    assert "3 failed (provider_timeout 3); failures are left out" in lines[5]


def test_the_representation_is_the_text(result_of):
    result = result_of()

    assert repr(result) == str(result)


def test_a_run_without_scores_says_so(result_of):
    assert "no scores yet" in str(result_of(lambda cell: None))


def test_a_notebook_shows_escaped_html(result_of):
    html = result_of(models=("<script>", "b"), benchmark_id="a & b")._repr_html_()

    assert "&lt;script&gt;" in html
    assert "<script>" not in html
    assert "<strong>a &amp; b</strong>" in html


def test_a_result_whose_store_cannot_be_read_still_has_a_representation(tmp_path):
    with InMemoryRunStore() as store:
        result = BenchmarkResult(store, RecordedRun().record(store))

    assert repr(result).startswith(f"<BenchmarkResult of run {result.run_id[:12]}: the store at")


def test_a_running_run_is_seen_as_it_stands(run_store):
    from themis.storage import run_status

    result = BenchmarkResult(run_store, RecordedRun(status="running").record(run_store))
    assert result.status == "running"

    run = run_store.find_run(result.run_id).id
    run_store.append([run_status(run, status="completed")])

    assert result.status == "completed"


def test_reading_writes_nothing(tmp_path, stored_bytes):
    from themis.storage import sqlite_store

    with sqlite_store(tmp_path / "store") as store:
        result = BenchmarkResult(store, RecordedRun().record(store))
        before = stored_bytes(tmp_path / "store")
        str(result)
        result.paired_compare(metric_id="accuracy")
        result.view_timeline(result.trial_hashes[0])
        result.persist_artifacts(storage_root=tmp_path / "report")
        list(result.iter_invalid_extractions())

        assert stored_bytes(tmp_path / "store") == before


def test_rewriting_projections_as_they_were_is_seen_as_writing(tmp_path, stored_bytes):
    import sqlite3
    from contextlib import closing

    from themis.storage import sqlite_store
    from themis.storage.sqlite_store import DATABASE

    rewrite = """
        CREATE TEMP TABLE kept AS SELECT * FROM scores;
        BEGIN; DELETE FROM scores; INSERT INTO scores SELECT * FROM kept; COMMIT;
    """
    with sqlite_store(tmp_path / "store") as store:
        RecordedRun().record(store)
        before = stored_bytes(tmp_path / "store")
        with closing(sqlite3.connect(tmp_path / "store" / DATABASE)) as writer:
            writer.executescript(rewrite)
        assert stored_bytes(tmp_path / "store") != before
