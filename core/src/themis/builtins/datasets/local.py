"""Items of files on this machine, streamed.

Which file: `data_dir` and `dataset_id` are paths, of a file or of a folder that holds
`{split}.jsonl` (or another known ending). With both, `dataset_id` is looked up inside `data_dir`;
when nothing there has that name, it is a mere label and `data_dir` alone says where.

Paths are used as written: relative ones start at the configured `base_dir` (the runtime gives the
folder of the project or benchmark file), `~` is the user's home, and `..` and symbolic links lead
wherever they lead: what a benchmark's file may name is checked where that is read
(`themis.specs.dataset_roots`). A split is a name, and leads nowhere else.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from pydantic import BaseModel, ConfigDict, Field

from themis.builtins.datasets.json_array import json_array_rows
from themis.builtins.datasets.parquet_files import parquet_rows
from themis.builtins.datasets.text_files import csv_rows, json_line_rows
from themis.errors import ItemError

if TYPE_CHECKING:
    from themis.specs import DatasetQuerySpec, DatasetSpec, SliceSpec

__all__ = ["LocalDatasetConfig", "LocalDatasetProvider"]

Rows = Iterator[dict[str, Any]]

_READERS: Mapping[str, Callable[[IO[bytes], str], Rows]] = {
    ".jsonl": json_line_rows,
    ".ndjson": json_line_rows,
    ".json": json_array_rows,
    ".csv": partial(csv_rows, delimiter=","),
    ".tsv": partial(csv_rows, delimiter="\t"),
    ".parquet": parquet_rows,
}
_LISTED = 10


class LocalDatasetConfig(BaseModel):
    """Where relative paths start."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_dir: str = Field(
        default=".", description="The folder that relative dataset paths start from."
    )


class LocalDatasetProvider:
    """Reads JSON Lines, JSON (one array), CSV, TSV and Parquet files, by ending; `.gz` as well.

    Values of CSV and TSV files are text. Memory holds one line, one
    item of an array, or a few hundred rows.
    """

    component_id = "local"

    def __init__(self, config: LocalDatasetConfig | None = None) -> None:
        self._base = Path((config or LocalDatasetConfig()).base_dir).expanduser()

    def scan(self, slice_spec: SliceSpec, query: DatasetQuerySpec) -> Rows:  # noqa: ARG002 (the planner applies the query)
        """The items of the slice's file.

        Raises:
            ItemError: when there is no such file, or it cannot be read; with the line, if one.
        """
        dataset = slice_spec.dataset
        where = dataset.dataset_id or dataset.data_dir
        try:
            path = self._file(dataset)
            where = str(path)
            with _opened(path) as file:
                yield from _reader(path)(file, where)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            msg = f"{where}: damaged or not compressed with gzip: {error}"
            raise ItemError(msg) from error
        except OSError as error:
            msg = f"{where}: cannot be read: {error.strerror or error}"
            raise ItemError(msg) from error

    def _file(self, dataset: DatasetSpec) -> Path:
        root = self._base / Path(dataset.data_dir or ".").expanduser()
        if dataset.dataset_id is None:
            return _in_folder(root, dataset.split)
        named = root / Path(dataset.dataset_id).expanduser()
        if dataset.data_dir is None or os.path.exists(named):  # noqa: PTH110 (an odd label is no error)
            return _in_folder(named, dataset.split)
        return _in_folder(root, dataset.split)


def _in_folder(path: Path, split: str) -> Path:
    """The file itself, or the one of the split in the folder."""
    if path.is_file():
        return path
    if not path.is_dir():
        msg = f"{path}: there is no such file or folder (looked for at {path.absolute()})"
        raise ItemError(msg)
    if split != Path(split).name:
        msg = f"{path}: {split!r} is no name of a split; name the file in dataset_id"
        raise ItemError(msg)
    names = [f"{split}{ending}{packed}" for ending in _READERS for packed in ("", ".gz")]
    found = [name for name in names if (path / name).is_file()]
    if len(found) == 1:
        return path / found[0]
    if found:
        msg = f"{path}: split {split!r} is there as {', '.join(found)}; name one in dataset_id"
        raise ItemError(msg)
    there = sorted(entry.name for entry in path.iterdir())
    more = f" and {len(there) - _LISTED} more" if len(there) > _LISTED else ""
    msg = (
        f"{path}: the folder has no file {split}{'|'.join(_READERS)} for split {split!r}; "
        f"it has: {', '.join(there[:_LISTED]) or 'nothing'}{more}"
    )
    raise ItemError(msg)


def _reader(path: Path) -> Callable[[IO[bytes], str], Rows]:
    ending = _ending(path)
    if ending not in _READERS:
        msg = f"{path}: {ending or 'no ending'!r} is no known format; known: {', '.join(_READERS)}"
        raise ItemError(msg)
    return _READERS[ending]


def _ending(path: Path) -> str:
    name = path.name.lower()
    return Path(name.removesuffix(".gz")).suffix


def _opened(path: Path) -> IO[bytes]:
    if path.name.lower().endswith(".gz"):
        return cast("IO[bytes]", gzip.open(path, "rb"))
    return path.open("rb")
