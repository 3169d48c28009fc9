"""Data in every form that experiments take."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest

from themis import evaluate
from themis.errors import ItemError, SpecValidationError
from themis.experiment.dataset import Case, Dataset, DatasetSource
from themis.experiment.rows import as_datasets

ROWS = [
    {"case_id": "a", "input": "x", "expected_output": "x", "topic": "t"},
    {"case_id": "b", "input": "y", "expected_output": "z"},
]


def echoed(data):
    return evaluate(model=lambda q: q, data=data, metric="exact_match")


def test_dicts_become_one_dataset_and_what_else_they_hold_is_metadata():
    [dataset] = as_datasets(ROWS)
    assert dataset.dataset_id == "data"
    assert dataset.cases[0].metadata == {"topic": "t"}
    assert [case.case_id for case in dataset.cases] == ["a", "b"]


def test_a_generator_of_dicts_is_read():
    assert echoed(dict(row) for row in ROWS).metric_means == {"exact_match": 0.5}


def test_datasets_are_slices_of_one_run():
    easy = Dataset(dataset_id="easy", cases=[Case(input="x", expected_output="x")])
    hard = Dataset(dataset_id="hard", cases=[Case(input="x", expected_output="y")])
    result = echoed([easy, hard])
    assert {row["slice_id"]: row["mean"] for row in result.aggregate(group_by="slice_id")} == {
        "easy": 1.0,
        "hard": 0.0,
    }
    assert [case.dataset_id for case in result.cases] == ["easy", "hard"]


def test_two_datasets_of_one_name_are_refused():
    dataset = Dataset(cases=[Case(input="x")])
    with pytest.raises(ValueError, match="two datasets are named 'data'"):
        echoed([dataset, dataset.model_copy(update={"revision": "2"})])


def test_cases_of_one_name_are_refused():
    with pytest.raises(ValueError, match="two cases have the case_id 'a'"):
        echoed([ROWS[0], ROWS[0]])


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_data_frame_is_read_with_its_gaps(library):
    frames = pytest.importorskip(library)
    frame = frames.DataFrame(
        {"input": ["x", "y"], "expected_output": ["x", "z"], "note": ["n", None], "n": [1, 2]}
    )
    [dataset] = as_datasets(frame)
    assert [case.metadata for case in dataset.cases] == [
        {"note": "n", "n": 1},
        {"note": None, "n": 2},
    ]
    assert echoed(frame).metric_means == {"exact_match": 0.5}


def test_a_missing_number_of_a_data_frame_is_null():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"input": ["x", "y"], "expected_output": ["x", "y"], "n": [1.5, None]})
    [dataset] = as_datasets(frame)
    assert [case.metadata["n"] for case in dataset.cases] == [1.5, None]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rows.jsonl", "\n".join(map(json.dumps, ROWS))),
        ("rows.json", json.dumps(ROWS)),
        ("rows.csv", "case_id,input,expected_output\na,x,x\nb,y,z\n"),
    ],
)
def test_a_path_is_read_by_its_ending(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    result = echoed(path)
    assert result.metric_means == {"exact_match": 0.5}
    assert result.benchmark_id == "rows"
    assert [case.case_id for case in result.cases] == ["a", "b"]


def test_a_parquet_file_is_read(tmp_path):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "rows.parquet"
    table = arrow.table({"input": ["x", "y"], "expected_output": ["x", "z"]})
    parquet.write_table(table, path)
    assert echoed(str(path)).metric_means == {"exact_match": 0.5}


def test_a_source_says_which_fields_are_which(tmp_path):
    path = tmp_path / "questions.jsonl"
    path.write_text('{"q": "x", "a": "x", "id": 7}\n', encoding="utf-8")
    source = DatasetSource(
        source={"source": "local", "dataset_id": str(path)},
        input="q",
        expected_output="a",
        case_id="id",
    )
    [case] = echoed(source).cases
    assert (case.case_id, case.input, case.expected_output) == ("7", "x", "x")


def test_a_row_without_input_is_an_error_that_lists_its_fields():
    with pytest.raises(
        SpecValidationError, match=r"data\[1\] .* has no 'input'; it has: 'question'"
    ):
        as_datasets([ROWS[0], {"question": "x"}])


def test_a_misspelt_reference_is_an_error_and_no_metadata():
    with pytest.raises(SpecValidationError, match="'expected_ouput'; write 'expected_output'"):
        as_datasets([{"input": "x", "expected_ouput": "x"}])


def test_a_reference_of_a_common_name_is_an_error_and_no_metadata():
    with pytest.raises(SpecValidationError, match="the field 'expected'; write 'expected_output'"):
        echoed([{"input": "a", "expected": "a"}])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"input": None}, "its 'input' is null; give what the model is asked"),
        ({"input": {1}}, "input: the item is a set, which has no JSON form"),
        ({"input": float("nan")}, "input: the value is nan, which JSON cannot hold"),
    ],
)
def test_a_case_that_cannot_be_used_is_named_with_the_field(row, message):
    with pytest.raises(SpecValidationError, match=rf"^data\[1\] cannot be used: {message}"):
        echoed([{"input": "a"}, row])


def test_a_file_without_the_field_is_named(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"question": "x"}\n', encoding="utf-8")
    with pytest.raises(ItemError, match=r"rows.*has no 'input'"):
        echoed(path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "the data is empty"),
        ({"input": "x"}, "put it into a list"),
        (7, "data is a int"),
        (["x"], r"data\[0\] is a str"),
    ],
)
def test_what_is_no_data_says_what_may_be_given(data, message):
    with pytest.raises(SpecValidationError, match=message):
        as_datasets(data)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_dates_and_decimals_of_a_data_frame_are_written_as_json_has_them(library):
    frames = pytest.importorskip(library)
    columns = {
        "when": [dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)], "day": [dt.date(2024, 5, 1)],
        "price": [Decimal("1.50")],
    }  # fmt: skip
    frame = frames.DataFrame({"input": ["x"], "expected_output": ["x"], **columns})
    [dataset] = as_datasets(frame)
    assert dataset.cases[0].metadata == {
        "when": "2024-05-01T12:00:00+00:00", "day": "2024-05-01", "price": "1.50",
    }  # fmt: skip
    assert echoed(frame).metric_means == {"exact_match": 1.0}


def test_numpy_values_in_metadata_are_numbers_and_lists():
    numpy = pytest.importorskip("numpy")
    row = {**ROWS[0], "n": numpy.int64(3), "vector": numpy.array([1.0, 2.0])}
    [dataset] = as_datasets([row])
    assert dataset.cases[0].metadata == {"topic": "t", "n": 3, "vector": [1.0, 2.0]}


def test_what_has_no_json_form_in_metadata_is_named():
    with pytest.raises(ValueError, match=r"data\[0\] cannot be used: metadata: tags is a set"):
        as_datasets([{**ROWS[0], "tags": {"a"}}])


@pytest.mark.parametrize("depth", [100, 2000])
@pytest.mark.parametrize("field", ["input", "expected_output", "topic"])
def test_what_is_nested_too_deeply_is_refused(depth, field):
    value = "x"
    for _ in range(depth):
        value = {"a": value}
    with pytest.raises(SpecValidationError, match=r"^data\[0\] cannot be used: .* flatten it"):
        as_datasets([{**ROWS[0], field: value}])


@pytest.mark.parametrize("names", [["input", "input"], [1, "1"]])
def test_a_data_frame_with_two_columns_of_one_name_is_refused(names):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame([["a", "b", "c"]], columns=[*names, "expected_output"])
    with pytest.raises(SpecValidationError, match=f"several columns named '{names[-1]}'; rename"):
        as_datasets(frame)


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.json"])
def test_what_is_no_number_in_a_file_is_refused_with_its_line(tmp_path, name):
    row = '{"input": "a", "expected_output": NaN}'
    (tmp_path / name).write_text(
        f"[\n{row}]" if name.endswith(".json") else f'{{"input": 1}}\n{row}'
    )
    with pytest.raises(ItemError, match=rf"{name}:2: .*NaN is no JSON value; write null"):
        echoed(tmp_path / name)
