"""Data as people have it (dicts, data frames, files) as datasets, and datasets as items."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import attrs
from pydantic import ValidationError

from themis.errors import ItemError, SpecValidationError
from themis.experiment.dataset import Case, Dataset, DatasetSource
from themis.planning.async_rows import rows_of
from themis.planning.items import ITEM_ID
from themis.runtime.providers import DatasetProviders
from themis.specs import DatasetQuerySpec, SliceSpec
from themis.specs.findings import value_findings
from themis.specs.positions import dotted
from themis.specs.spec import repeats

__all__ = ["CaseFields", "CaseProvider", "as_datasets"]

_ACCEPTED = (
    "a Dataset, a list of them, a list of mappings with `input` and `expected_output`, a pandas or "
    "polars data frame, or the path of a file"
)
_NEAR = 0.8
_REFERENCES = ("expected", "expected_answer", "expected_result")
"""Names under which many have what `expected_output` is."""


@attrs.frozen(slots=True, kw_only=True)
class CaseFields:
    """Which fields of a row are a case's; what else it has becomes metadata."""

    input: str = "input"
    expected_output: str = "expected_output"
    case_id: str | None = None

    def fields(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The row as the fields of a Case.

        Raises:
            ItemError: it has no input, or only a misspelt field.
        """
        self._check(row)
        name = next((n for n in self._names() if row.get(n) is not None), None)
        taken = {self.input, self.expected_output, "metadata", *self._names()}
        more = {key: value for key, value in row.items() if key not in taken}
        metadata = row.get("metadata")
        if metadata is not None and not isinstance(metadata, Mapping):
            more["metadata"], metadata = metadata, None
        return {
            "case_id": None if name is None else str(row[name]),
            "input": row[self.input],
            "expected_output": row.get(self.expected_output),
            "metadata": {**(metadata or {}), **more},
        }

    def _names(self) -> tuple[str, ...]:
        return ("case_id", ITEM_ID) if self.case_id is None else (self.case_id,)

    def _check(self, row: Mapping[str, Any]) -> None:
        if self.input not in row:
            msg = f"it has no {self.input!r}; it has: {', '.join(map(repr, row)) or 'nothing'}"
            raise ItemError(msg)
        if row[self.input] is None:
            msg = f"its {self.input!r} is null; give what the model is asked"
            raise ItemError(msg)
        if self.expected_output not in row:
            for near in self._near(row):
                msg = f"it has the field {near!r}; write {self.expected_output!r}"
                raise ItemError(msg)

    def _near(self, row: Mapping[str, Any]) -> Iterator[str]:
        """Fields that are likely meant to be the expected output."""
        yield from get_close_matches(self.expected_output, map(str, row), n=1, cutoff=_NEAR)
        yield from (name for name in _REFERENCES if name in row)


def as_datasets(data: Any) -> list[Dataset | DatasetSource]:
    """The datasets that `data` stands for.

    Raises:
        SpecValidationError: it is nothing that data may be; the message says what may.
    """
    if isinstance(data, (Dataset, DatasetSource)):
        return [data]
    if isinstance(data, (str, Path)):
        return [DatasetSource.of(data)]
    rows: list[Any] | None = _frame_rows(data)
    if rows is None:
        rows = _listed(data)
        if rows and all(isinstance(row, (Dataset, DatasetSource)) for row in rows):
            return rows
    if not rows:
        msg = "the data is empty: there is nothing to evaluate; give at least one case"
        raise SpecValidationError(msg)
    return [_dataset([_case(row, number) for number, row in enumerate(rows)])]


def _dataset(cases: list[Case]) -> Dataset:
    values = {"cases": cases}
    try:
        return Dataset.model_validate(values)
    except ValidationError as error:
        found = value_findings(error, model=Dataset, values=values)
        raise SpecValidationError("; ".join(f"data: {message}" for _, message in found)) from error


def _listed(data: Any) -> list[Any]:
    if isinstance(data, Mapping):
        msg = "data is one mapping; put it into a list: data=[{...}]"
        raise SpecValidationError(msg)
    if not isinstance(data, Iterable) or isinstance(data, bytes):
        msg = f"data is a {type(data).__name__}; give {_ACCEPTED}"
        raise SpecValidationError(msg)
    return list(data)


def _case(row: Any, number: int) -> Case:
    if isinstance(row, Case):
        return row
    if not isinstance(row, Mapping):
        msg = f"data[{number}] is a {type(row).__name__}; give {_ACCEPTED}"
        raise SpecValidationError(msg)
    fields: dict[str, Any] = {}
    try:
        fields = CaseFields().fields(row)
        return Case.model_validate(fields)
    except ValidationError as error:
        found = value_findings(error, model=Case, values=fields)
        problem = "; ".join(f"{dotted(path)}: {message}" for path, message in found)
    except ItemError as error:
        problem = str(error)
    msg = f"data[{number}] cannot be used: {problem}"
    raise SpecValidationError(msg)


def _frame_rows(data: Any) -> list[Mapping[str, Any]] | None:
    """The rows of a data frame; None for anything else. Neither library is imported for it."""
    library = type(data).__module__.partition(".")[0]
    if library == "polars" and hasattr(data, "collect"):
        data = data.collect()
    if library == "polars" and hasattr(data, "to_dicts"):
        return list(data.to_dicts())
    if library == "pandas" and hasattr(data, "to_dict") and hasattr(data, "columns"):
        _check_columns([str(name) for name in data.columns])
        return [
            {str(name): _present(value) for name, value in row.items()}
            for row in data.to_dict("records")
        ]
    return None


def _check_columns(names: Sequence[str]) -> None:
    """Refuse a frame of which one column would stand for two."""
    twice = sorted({names[place] for place, _ in repeats(names)})
    if twice:
        msg = f"data has several columns named {', '.join(map(repr, twice))}; rename all but one"
        raise SpecValidationError(msg)


def _present(value: Any) -> Any:
    """A pandas cell: what is missing there is NaN, NaT or NA."""
    missing = isinstance(value, float) and math.isnan(value)
    return None if missing or type(value).__name__ in ("NAType", "NaTType") else value


@attrs.frozen(slots=True, kw_only=True)
class CaseProvider:
    """Gives the cases of an experiment's datasets, one slice each, as items.

    `sources` finds the provider of a dataset that is read from elsewhere.
    """

    datasets: Sequence[Dataset | DatasetSource]
    sources: DatasetProviders

    def scan(self, slice_spec: SliceSpec, query: DatasetQuerySpec) -> Iterator[Mapping[str, Any]]:
        """The items of the slice's dataset."""
        dataset = next(d for d in self.datasets if d.dataset_id == slice_spec.slice_id)
        if isinstance(dataset, Dataset):
            yield from (case.fields() for case in dataset.cases)
            return
        fields = CaseFields(
            input=dataset.input,
            expected_output=dataset.expected_output,
            case_id=dataset.case_id,
        )
        provider = self.sources.for_slice(slice_spec)
        for row in rows_of(provider.scan(slice_spec, query)):
            case = fields.fields(row)
            name = case.pop("case_id")
            yield case if name is None else {ITEM_ID: name, **case}

    def labels(self, slices: Sequence[SliceSpec]) -> dict[str, str]:
        """Who gives the rows of the datasets that are read from elsewhere, by source."""
        read = {each.dataset_id for each in self.datasets if isinstance(each, DatasetSource)}
        found = self.sources.installed(each for each in slices if each.slice_id in read)
        return {source: str(component.registration) for source, component in found.items()}
