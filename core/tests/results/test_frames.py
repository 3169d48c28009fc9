from __future__ import annotations

import sys

import pandas as pd
import polars as pl
import pytest
from pyarrow import parquet

from themis.errors import OptionalDependencyError


@pytest.fixture
def result(result_of, timed_out):
    return result_of(
        lambda cell: timed_out if (cell.item_id, cell.model) == ("i1", "beta") else 0.5,
        dimensions={"main": {"lang": "en"}},
        num_samples=2,
    )


def test_scores_come_as_a_pandas_frame_by_default(result):
    frame = result.to_dataframe()

    assert isinstance(frame, pd.DataFrame)
    assert len(frame) == 12
    assert frame[frame.status == "ok"].value.tolist() == [0.5] * 10
    assert frame[frame.status == "no_candidate"].value.isna().all()
    assert set(frame["dimension.lang"]) == {"en"}


def test_a_polars_frame_has_the_same_rows(result):
    frame = result.to_dataframe(backend="polars")

    assert isinstance(frame, pl.DataFrame)
    pandas_frame = result.to_dataframe(backend="pandas")
    assert frame.columns == list(pandas_frame.columns)
    assert frame["trial_hash"].to_list() == pandas_frame["trial_hash"].tolist()
    assert frame["value"].null_count() == 2


def test_candidates_have_tokens_and_times(result):
    frame = result.to_dataframe("candidates")

    failed = frame[frame.status == "error"]
    assert (len(frame), set(failed.error_code)) == (12, {"provider_timeout"})
    assert frame.prompt_tokens.dtype == "Int64"
    assert (frame.prompt_tokens.sum(), failed.latency_ms.isna().all()) == (100, True)


def test_trials_have_their_status(result):
    frame = result.to_dataframe("trials")

    assert frame.trial_hash.tolist() == result.trial_hashes
    assert frame.status.value_counts().to_dict() == {"ok": 5, "error": 1}


def test_an_empty_run_gives_a_frame_with_columns(result_of):
    frame = result_of(lambda cell: None).to_dataframe()

    assert (len(frame), "value" in frame.columns) == (0, True)


def test_a_parquet_file_holds_the_scores_and_the_run(result, tmp_path):
    path = result.export_parquet(tmp_path / "new" / "scores.parquet")

    table = parquet.read_table(path)
    assert (table.num_rows, table["value"].null_count) == (12, 2)
    assert table.schema.metadata[b"themis.run_id"].decode() == result.run_id


def test_a_long_table_is_written_in_batches(result, tmp_path, monkeypatch):
    monkeypatch.setattr("themis.results.frames._BATCH", 5)

    path = result.export_parquet(tmp_path / "scores.parquet")

    file = parquet.ParquetFile(path)
    assert (file.num_row_groups, file.metadata.num_rows) == (3, 12)


def test_an_unknown_kind_lists_the_known_ones(result, tmp_path):
    message = "no table of 'runs'; the kinds are: scores, candidates, trials"
    with pytest.raises(ValueError, match=message):
        result.to_dataframe("runs")
    with pytest.raises(ValueError, match=message):
        result.export_parquet(tmp_path / "x", kind="runs")


def test_an_unknown_backend_lists_the_known_ones(result):
    with pytest.raises(
        ValueError, match="unknown data frame backend 'dask'; known: pandas, polars"
    ):
        result.to_dataframe(backend="dask")


def test_a_backend_that_is_not_installed_names_the_extra(result, monkeypatch):
    monkeypatch.setitem(sys.modules, "polars", None)

    with pytest.raises(OptionalDependencyError, match=r"pip install 'themis-framework\[polars\]'"):
        result.to_dataframe(backend="polars")


def test_without_any_backend_both_extras_are_named(result, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(OptionalDependencyError, match=r"needs pandas or polars: pip install"):
        result.to_dataframe()


def test_without_pyarrow_the_extra_is_named(result, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(OptionalDependencyError, match=r"needs pyarrow: .*\[parquet\]"):
        result.export_parquet(tmp_path / "scores.parquet")
