"""Items from a table of an SQLite database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field
from themis.plugin import ItemError

if TYPE_CHECKING:
    from themis.specs import DatasetQuerySpec, SliceSpec

__all__ = ["SqliteTable", "SqliteTableConfig"]


class SqliteTableConfig(BaseModel):
    """Where relative paths start. A run sets it to the folder of the benchmark's file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_dir: str = Field(".", description="The folder that relative paths start from.")


class SqliteTable:
    """Reads the rows of a table: `dataset_id` is the database's file, `split` the table.

    A column becomes a field; a column `item_id`, where there is one, names the items. The query is
    left to the planner, which applies it to whatever a provider gives.
    """

    component_id = "{{ cookiecutter.__component }}"

    def __init__(self, config: SqliteTableConfig) -> None:
        self._base = Path(config.base_dir)

    def scan(
        self,
        slice_spec: SliceSpec,
        query: DatasetQuerySpec,  # noqa: ARG002 (the planner applies it)
    ) -> Iterator[Mapping[str, Any]]:
        """The rows, in the table's order, read one by one.

        Raises:
            ItemError: there is no such file or table, or it is no database.
        """
        dataset = slice_spec.dataset
        path = self._base / (dataset.dataset_id or "")
        if not path.is_file():
            msg = f"slice {slice_spec.slice_id!r}: there is no file {path}; set dataset_id"
            raise ItemError(msg)
        try:
            with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as opened:
                yield from _rows(opened, dataset.split)
        except sqlite3.Error as problem:
            msg = f"{path}: table {dataset.split!r} cannot be read: {problem}"
            raise ItemError(msg) from problem


def _rows(opened: sqlite3.Connection, table: str) -> Iterator[dict[str, Any]]:
    opened.row_factory = sqlite3.Row
    name = table.replace('"', '""')
    for row in opened.execute(f'SELECT * FROM "{name}"'):  # noqa: S608 (a quoted name)
        yield dict(row)
