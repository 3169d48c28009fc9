from __future__ import annotations

import gzip
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from themis.builtins.datasets.local import LocalDatasetConfig, LocalDatasetProvider
from themis.errors import ItemError
from themis.plugin import DatasetProvider
from themis.specs import DatasetQuerySpec, DatasetSpec, GenerationSpec, SliceSpec

ROWS = [{"item_id": "a", "q": "1+1"}, {"item_id": "b", "q": "2+2"}]
JSONL = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
PACKED = gzip.compress(JSONL, mtime=0)  # a time in it would be in the tests' names


def based(folder: Path | str) -> LocalDatasetProvider:
    return LocalDatasetProvider(LocalDatasetConfig(base_dir=str(folder)))


def scan(provider: LocalDatasetProvider, **dataset: Any) -> list[Any]:
    entry = SliceSpec(
        slice_id="s", dataset=DatasetSpec(source="local", **dataset), generation=GenerationSpec()
    )
    return list(provider.scan(entry, DatasetQuerySpec.all()))


def failure(provider: LocalDatasetProvider, **dataset: Any) -> str:
    with pytest.raises(ItemError) as caught:
        scan(provider, **dataset)
    return caught.value.message


@pytest.fixture
def here(tmp_path: Path) -> LocalDatasetProvider:
    return based(tmp_path)


def put(folder: Path, name: str, data: bytes = JSONL) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_it_is_a_dataset_provider():
    assert isinstance(LocalDatasetProvider(), DatasetProvider)


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize(
    ("ending", "data"),
    [
        (".jsonl", JSONL),
        (".ndjson", JSONL),
        (".json", json.dumps(ROWS).encode()),
        (".csv", b"item_id,q\na,1+1\nb,2+2\n"),
        (".tsv", b"item_id\tq\na\t1+1\nb\t2+2\n"),
    ],
)
def test_each_text_format_is_read_by_its_ending(here, tmp_path, ending, data, packed):
    put(tmp_path, f"data/test{ending}{packed}", gzip.compress(data, mtime=0) if packed else data)
    assert scan(here, data_dir="data") == ROWS


def test_parquet_files_are_read(here, tmp_path):
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "test.parquet")
    assert scan(here, data_dir=".") == ROWS


def test_the_split_names_the_file_of_a_folder(here, tmp_path):
    put(tmp_path, "d/test.jsonl", b"")
    put(tmp_path, "d/train.jsonl")
    assert scan(here, data_dir="d", split="train") == ROWS


@pytest.mark.parametrize("dataset", [{"dataset_id": "d/my.jsonl"}, {"data_dir": "d/my.jsonl"},
                                     {"data_dir": "d", "dataset_id": "my.jsonl"}])  # fmt: skip
def test_a_file_may_be_named(here, tmp_path, dataset):
    put(tmp_path, "d/my.jsonl")
    assert scan(here, **dataset) == ROWS


def test_a_folder_inside_data_dir_may_be_named(here, tmp_path):
    put(tmp_path, "d/sub/test.jsonl")
    assert scan(here, data_dir="d", dataset_id="sub") == ROWS


def test_a_dataset_id_that_is_not_there_is_a_label(here, tmp_path):
    put(tmp_path, "d/test.jsonl")
    assert scan(here, data_dir="d", dataset_id="my-benchmark") == ROWS


def test_endings_are_compared_in_any_case(here, tmp_path):
    put(tmp_path, "DATA.JSONL")
    assert scan(here, dataset_id="DATA.JSONL") == ROWS


def test_absolute_paths_need_no_base(tmp_path):
    path = put(tmp_path, "test.jsonl")
    assert scan(based("/nowhere"), dataset_id=str(path)) == ROWS


def test_without_a_base_paths_start_at_the_current_directory(tmp_path, monkeypatch):
    put(tmp_path, "d/test.jsonl")
    monkeypatch.chdir(tmp_path)
    assert scan(LocalDatasetProvider(), data_dir="d") == ROWS


def test_a_tilde_is_the_home_directory(tmp_path, monkeypatch):
    put(tmp_path, "d/test.jsonl")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert scan(based("/nowhere"), data_dir="~/d") == ROWS


def test_parent_directories_and_links_lead_where_they_lead(tmp_path):
    put(tmp_path, "outside/test.jsonl")
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "link").symlink_to(tmp_path / "outside")
    here = based(tmp_path / "base")
    assert scan(here, data_dir="../outside") == scan(here, data_dir="link") == ROWS


def test_a_missing_path_is_named_with_where_it_was_looked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert failure(LocalDatasetProvider(), data_dir="nope") == (
        f"nope: there is no such file or folder (looked for at {tmp_path / 'nope'})"
    )


def test_a_folder_without_the_split_lists_what_it_has(here, tmp_path):
    put(tmp_path, "d/train.jsonl")
    put(tmp_path, "d/readme.txt")
    assert failure(here, data_dir="d") == (
        f"{tmp_path}/d: the folder has no file test.jsonl|.ndjson|.json|.csv|.tsv|.parquet for "
        "split 'test'; it has: readme.txt, train.jsonl"
    )


def test_a_split_in_two_formats_is_ambiguous(here, tmp_path):
    put(tmp_path, "d/test.jsonl")
    put(tmp_path, "d/test.csv.gz")
    assert failure(here, data_dir="d") == (
        f"{tmp_path}/d: split 'test' is there as test.jsonl, test.csv.gz; name one in dataset_id"
    )


@pytest.mark.parametrize(("name", "ending"), [("a.txt", "'.txt'"), ("a", "'no ending'")])
def test_an_unknown_ending_is_named_with_the_known_ones(here, tmp_path, name, ending):
    put(tmp_path, name)
    assert failure(here, dataset_id=name) == (
        f"{tmp_path}/{name}: {ending} is no known format; known: .jsonl, .ndjson, .json, .csv, "
        ".tsv, .parquet"
    )


def test_a_broken_line_names_file_and_line(here, tmp_path):
    put(tmp_path, "test.jsonl", JSONL + b"{broken\n")
    assert failure(here, data_dir=".").startswith(f"{tmp_path}/test.jsonl:3: not valid JSON: ")


@pytest.mark.parametrize("data", [JSONL, PACKED[:-12], PACKED[:15]])
def test_a_damaged_archive_is_named(here, tmp_path, data):
    put(tmp_path, "test.jsonl.gz", data)
    assert failure(here, data_dir=".").startswith(
        f"{tmp_path}/test.jsonl.gz: damaged or not compressed with gzip: "
    )


def test_a_path_that_the_system_refuses_is_named(here):
    path = "x" * 300 + ".jsonl"
    assert failure(here, dataset_id=path) == f"{path}: cannot be read: File name too long"


def test_a_label_may_be_anything(here, tmp_path):
    put(tmp_path, "d/test.jsonl")
    assert scan(here, data_dir="d", dataset_id="x" * 300 + "\0") == ROWS


def test_files_are_streamed(here, tmp_path):
    row = json.dumps({"text": "x" * 1000}).encode() + b"\n"
    put(tmp_path, "test.jsonl", row * 20_000)
    entry = SliceSpec(
        slice_id="s",
        dataset=DatasetSpec(source="local", data_dir="."),
        generation=GenerationSpec(),
    )
    tracemalloc.start()
    assert sum(1 for _ in here.scan(entry, DatasetQuerySpec.all())) == 20_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000
