"""Dataset providers over real files."""

from __future__ import annotations

import gzip
import json

import pytest

from themis.builtins.datasets import MemoryDatasetProvider
from themis.builtins.datasets.huggingface import HuggingFaceDatasetProvider
from themis.builtins.datasets.local import LocalDatasetConfig, LocalDatasetProvider
from themis.builtins.datasets.memory import NoItemsInMemory
from themis.errors import ItemError
from themis.specs import DatasetSpec, GenerationSpec, SliceSpec

ROWS = [{"item_id": str(n), "text": f"é {n}", "n": n} for n in range(5)]


def slice_of(**dataset):
    return SliceSpec(slice_id="s", dataset=DatasetSpec(**dataset), generation=GenerationSpec())


def scan(provider, **dataset):
    spec = slice_of(**dataset)
    return list(provider.scan(spec, spec.dataset_query))


def local(folder, **dataset):
    return scan(
        LocalDatasetProvider(LocalDatasetConfig(base_dir=str(folder))), source="local", **dataset
    )


def write(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_jsonl_is_read_relative_to_the_base_folder(tmp_path):
    write(tmp_path, "rows.jsonl", "\n\n".join(map(json.dumps, ROWS)))
    assert local(tmp_path, dataset_id="rows.jsonl") == ROWS


@pytest.mark.parametrize("indent", [None, 2])
def test_a_json_array_is_read_row_by_row(tmp_path, indent):
    rows = [{"item_id": str(n), "text": "[{]}," * 9000, "n": n} for n in range(7)]
    write(tmp_path, "rows.json", json.dumps(rows, indent=indent))
    assert local(tmp_path, dataset_id="rows.json") == rows


@pytest.mark.parametrize("text", ["[]", " [ \n ] "])
def test_an_empty_array_has_no_rows(tmp_path, text):
    write(tmp_path, "rows.json", text)
    assert local(tmp_path, dataset_id="rows.json") == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "expected '\\['"),
        ('{"a": 1}', "expected '\\['"),
        ('[{"a": 1}\n {"a": 2}]', "rows.json:2: expected ','"),
        ('[{"a": 1},\n{"a": ]', "rows.json:2: not JSON"),
        ('[{"a": 1},]', "not JSON"),
        ('[{"a": 1}', "expected ','"),
        ("[1]", "a row is a JSON object, not int"),
    ],
)
def test_a_broken_array_is_an_error_that_names_the_line(tmp_path, text, problem):
    write(tmp_path, "rows.json", text)
    with pytest.raises(ItemError, match=problem):
        local(tmp_path, dataset_id="rows.json")


@pytest.mark.parametrize("line", ["{broken", "[1, 2]", '{"x": NaN}'])
def test_a_broken_line_is_an_error_that_names_file_and_line(tmp_path, line):
    write(tmp_path, "rows.jsonl", f'{{"a": 1}}\n{line}\n')
    with pytest.raises(ItemError, match=r"rows\.jsonl:2: "):
        local(tmp_path, dataset_id="rows.jsonl")


def test_a_file_in_another_encoding_is_an_error(tmp_path):
    (tmp_path / "rows.jsonl").write_bytes('{"a": "é"}'.encode("latin-1"))
    with pytest.raises(ItemError, match="not UTF-8"):
        local(tmp_path, dataset_id="rows.jsonl")


def test_csv_gives_strings_by_column(tmp_path):
    write(tmp_path, "rows.csv", '\ufeffitem_id,q\n1,"a, b"\n2,c\n')
    assert local(tmp_path, dataset_id="rows.csv") == [
        {"item_id": "1", "q": "a, b"},
        {"item_id": "2", "q": "c"},
    ]


@pytest.mark.parametrize("text", ["a,b\n1\n", "a,b\n1,2,3\n"])
def test_a_csv_row_of_another_length_is_an_error(tmp_path, text):
    write(tmp_path, "rows.csv", text)
    with pytest.raises(ItemError, match=r"rows\.csv:2: the row has another number of fields"):
        local(tmp_path, dataset_id="rows.csv")


def test_a_repeated_csv_column_is_an_error(tmp_path):
    write(tmp_path, "rows.csv", "a,a\n1,2\n")
    with pytest.raises(ItemError, match="the columns a are there twice"):
        local(tmp_path, dataset_id="rows.csv")


def test_gzipped_files_are_read_and_truncated_ones_are_errors(tmp_path):
    data = gzip.compress("\n".join(map(json.dumps, ROWS)).encode())
    (tmp_path / "whole.jsonl.gz").write_bytes(data)
    (tmp_path / "cut.jsonl.gz").write_bytes(data[:-12])
    assert local(tmp_path, dataset_id="whole.jsonl.gz") == ROWS
    with pytest.raises(ItemError, match="cannot be read"):
        local(tmp_path, dataset_id="cut.jsonl.gz")


def test_parquet_is_read_with_dates_as_text(tmp_path):
    import datetime as dt

    import pyarrow as pa
    from pyarrow import parquet

    table = pa.table({"item_id": ["1"], "day": [dt.date(2026, 1, 2)]})
    parquet.write_table(table, tmp_path / "rows.parquet")
    assert local(tmp_path, dataset_id="rows.parquet") == [{"item_id": "1", "day": "2026-01-02"}]
    write(tmp_path, "bad.parquet", "no parquet")
    with pytest.raises(ItemError, match="not a Parquet file"):
        local(tmp_path, dataset_id="bad.parquet")


def test_a_folder_holds_a_file_per_split(tmp_path):
    write(tmp_path, "test.jsonl", '{"item_id": "1"}')
    assert local(tmp_path.parent, data_dir=tmp_path.name) == [{"item_id": "1"}]
    with pytest.raises(ItemError, match=r"no file of split 'train' .*there: test\.jsonl"):
        local(tmp_path.parent, data_dir=tmp_path.name, split="train")
    write(tmp_path, "test.csv", "item_id\n1\n")
    with pytest.raises(ItemError, match="several files of split 'test'"):
        local(tmp_path.parent, data_dir=tmp_path.name)


def test_a_missing_file_and_an_unknown_format_are_errors(tmp_path):
    with pytest.raises(ItemError, match="there is no file or folder"):
        local(tmp_path, dataset_id="none.jsonl")
    write(tmp_path, "rows.xlsx", "")
    with pytest.raises(ItemError, match=r"the format '\.xlsx' is unknown; known are \.jsonl"):
        local(tmp_path, dataset_id="rows.xlsx")


def test_rows_in_memory_are_the_same_for_all_slices_or_given_by_dataset_id():
    assert scan(MemoryDatasetProvider(ROWS), source="memory") == ROWS
    provider = MemoryDatasetProvider({"sums": ROWS})
    assert scan(provider, source="memory", dataset_id="sums") == ROWS
    with pytest.raises(ItemError, match="no rows were given for dataset_id 'other'; given: 'sums'"):
        scan(provider, source="memory", dataset_id="other")


def test_memory_without_items_says_how_to_hand_them_over():
    with pytest.raises(ItemError, match="pass dataset_provider=MemoryDatasetProvider"):
        scan(NoItemsInMemory(), source="memory")


@pytest.mark.filterwarnings("ignore")
def test_a_hugging_face_dataset_is_streamed_through_the_real_library(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    write(folder, "test.jsonl", "\n".join(map(json.dumps, ROWS)))
    rows = scan(HuggingFaceDatasetProvider(), dataset_id=str(folder))
    assert [row["text"] for row in rows] == [row["text"] for row in ROWS]


@pytest.mark.filterwarnings("ignore")
def test_a_dataset_that_cannot_be_reached_is_a_clear_error(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ItemError, match="cannot be read from the Hugging Face hub"):
        scan(HuggingFaceDatasetProvider(), dataset_id="nobody/none")
