from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

import pytest
from themis.plugin import ItemError
from themis.specs import DatasetQuerySpec, DatasetSpec, GenerationSpec, SliceSpec
from themis.testing import DatasetKit

from {{ cookiecutter.__package }}.dataset import SqliteTable, SqliteTableConfig

ROWS = [(f"q{number}", f"What is {number} + {number}?", 2 * number) for number in range(6)]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "questions.db"
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute('CREATE TABLE "test" (item_id TEXT, question TEXT, answer INTEGER)')
        opened.executemany('INSERT INTO "test" VALUES (?, ?, ?)', ROWS)
    return path


class TestSqliteTable(DatasetKit):
    ref: ClassVar[str] = "{{ cookiecutter.__distribution }}/{{ cookiecutter.__component }}"
    broken: ClassVar[Mapping[str, Any]] = {"dataset_id": "missing.db"}
    filtered: ClassVar[Mapping[str, str]] = {"answer": "4"}

    @pytest.fixture(autouse=True)
    def _with_a_database(self, database: Path) -> None:
        self._database = database

    def source(self) -> Mapping[str, Any]:
        return {"dataset_id": str(self._database)}


def read(path: Path, **dataset: Any) -> list[Mapping[str, Any]]:
    spec = SliceSpec(
        slice_id="s",
        dataset=DatasetSpec(source="{{ cookiecutter.__component }}", dataset_id=path.name, **dataset),
        generation=GenerationSpec(),
    )
    provider = SqliteTable(SqliteTableConfig(base_dir=str(path.parent)))
    return list(provider.scan(spec, DatasetQuerySpec()))


def test_a_row_is_an_item(database: Path) -> None:
    items = read(database)
    assert len(items) == len(ROWS)
    assert items[2] == {"item_id": "q2", "question": "What is 2 + 2?", "answer": 4}


def test_a_table_that_is_not_there_is_named(database: Path) -> None:
    with pytest.raises(ItemError, match="table 'train' cannot be read: no such table"):
        read(database, split="train")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "questions.db"
    path.write_text("item_id,question\n" * 100)
    with pytest.raises(ItemError, match=r"questions\.db: table 'test' cannot be read"):
        read(path)
