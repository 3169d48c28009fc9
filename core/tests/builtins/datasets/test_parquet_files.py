from __future__ import annotations

import datetime as dt
import io
import sys
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from themis.builtins.datasets.parquet_files import parquet_rows
from themis.errors import ErrorCode, ItemError, OptionalDependencyError


def written(table: Any) -> io.BytesIO:
    file = io.BytesIO()
    pq.write_table(table, file)
    file.seek(0)
    return file


def test_rows_come_back_as_python_values():
    rows = [
        {"item_id": "a", "n": 1, "tags": ["x", "y"], "meta": {"hard": True, "on": None}},
        {"item_id": "b", "n": 2, "tags": [], "meta": {"hard": False, "on": dt.date(2024, 1, 2)}},
    ]
    assert list(parquet_rows(written(pa.Table.from_pylist(rows)), "f")) == rows


def test_many_rows_come_in_order():
    table = pa.table({"n": list(range(1000))})
    assert [row["n"] for row in parquet_rows(written(table), "f")] == list(range(1000))


@pytest.mark.parametrize("data", [b"", b"PAR1 and not much more PAR1", b"a,b\n1,2\n" * 10])
def test_a_file_in_another_format_is_named(data):
    with pytest.raises(ItemError, match=r"^f: not a Parquet file that can be read: "):
        list(parquet_rows(io.BytesIO(data), "f"))


def test_without_pyarrow_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(OptionalDependencyError) as caught:
        list(parquet_rows(io.BytesIO(b""), "data/test.parquet"))
    assert caught.value.code == ErrorCode.MISSING_OPTIONAL_DEPENDENCY
    assert caught.value.message == (
        "data/test.parquet: Parquet needs pyarrow; pip install 'themis-framework[parquet]'"
    )
