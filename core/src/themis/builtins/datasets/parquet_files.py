"""Rows of Parquet files, a batch of rows at a time. Needs pyarrow (the extra `parquet`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from themis.errors import ItemError, OptionalDependencyError

__all__ = ["parquet_rows"]

_BATCH = 256


def parquet_rows(file: IO[bytes], path: str) -> Iterator[dict[str, Any]]:
    """The rows, as Python values.

    Raises:
        ItemError: when the file is no Parquet file, or damaged.
        OptionalDependencyError: when pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        msg = f"{path}: Parquet needs pyarrow; pip install 'themis-framework[parquet]'"
        raise OptionalDependencyError(msg) from error
    try:
        with pq.ParquetFile(file) as opened:
            for batch in opened.iter_batches(batch_size=_BATCH):
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        msg = f"{path}: not a Parquet file that can be read: {error}"
        raise ItemError(msg) from error
