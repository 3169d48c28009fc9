"""Items in local files: JSONL, JSON, CSV and Parquet, read as a stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from themis.builtins.datasets.formats import FORMATS, read_rows
from themis.errors import ItemError

if TYPE_CHECKING:
    from themis.specs import DatasetQuerySpec, DatasetSpec, SliceSpec

__all__ = ["LocalDatasetConfig", "LocalDatasetProvider"]


class LocalDatasetConfig(BaseModel):
    """Where relative paths start."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_dir: str = Field(
        default=".", description="The folder that relative dataset paths start from."
    )


class LocalDatasetProvider:
    """Reads the file that a dataset names, or `{split}.<format>` of the folder it names.

    The path is `data_dir`, else `dataset_id`; with both, `dataset_id` within `data_dir`. It may be
    anywhere the user can read, and links are followed: a benchmark file is trusted like a script.
    """

    def __init__(self, config: LocalDatasetConfig | None = None) -> None:
        self._base = Path((config or LocalDatasetConfig()).base_dir).expanduser()

    def scan(
        self,
        slice_spec: SliceSpec,
        query: DatasetQuerySpec,  # noqa: ARG002 (the planner applies the query)
    ) -> Iterator[Mapping[str, Any]]:
        """The file's rows.

        Raises:
            ItemError: there is no such file, or a row is broken; the message names file and line.
        """
        return read_rows(self._file(slice_spec.dataset, slice_spec.slice_id))

    def _file(self, dataset: DatasetSpec, slice_id: str) -> Path:
        path = self._base / Path(dataset.data_dir or dataset.dataset_id or "").expanduser()
        if dataset.data_dir and dataset.dataset_id and (path / dataset.dataset_id).exists():
            path /= dataset.dataset_id
        if path.is_dir():
            return _split_file(path, dataset.split, slice_id)
        if not path.is_file():
            msg = f"slice {slice_id!r}: there is no file or folder {path}"
            raise ItemError(msg)
        return path


def _split_file(folder: Path, split: str, slice_id: str) -> Path:
    names = [f"{split}{suffix}" for suffix in FORMATS]
    found = [folder / name for name in names if (folder / name).is_file()]
    if len(found) == 1:
        return found[0]
    there = ", ".join(sorted(path.name for path in folder.iterdir() if path.is_file())[:10])
    problem = (
        f"has several files of split {split!r}: {', '.join(path.name for path in found)}"
        if found
        else f"has no file of split {split!r} (looked for {', '.join(names)}; there: {there})"
    )
    msg = f"slice {slice_id!r}: {folder} {problem}; name the file itself"
    raise ItemError(msg)
