"""What an experiment asks about: cases, in datasets, written out or read from a source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from themis.errors import ItemError
from themis.planning.items import ITEM_ID, as_json
from themis.specs import DatasetSpec, Spec
from themis.specs.frozen import FrozenDict, FrozenList, freeze
from themis.specs.spec import Items, Problem, Settings, Text, repeats

__all__ = ["Case", "Dataset", "DatasetSource", "Datasets"]


def _json(value: Any) -> Any:
    try:
        return freeze(as_json(value))
    except ItemError as error:
        raise ValueError(error.message) from error


Json = Annotated[Any, BeforeValidator(_json)]
"""A JSON value; dates, decimals and NumPy values are written as JSON has them."""


Metadata = Annotated[Settings, BeforeValidator(_json)]
"""Free JSON values under string keys, written as JSON has them."""


class Case(Spec):
    """One thing that is asked, and what a good answer is."""

    case_id: Text | None = Field(
        default=None, description="The case's name in its dataset; None: derived from its content."
    )
    input: Json = Field(description="What the model is asked: text, or any JSON value.")
    expected_output: Json = Field(
        default=None, description="The reference answer, or a list of acceptable ones."
    )
    metadata: Metadata = Field(
        default_factory=FrozenDict, description="Anything else that is known of the case."
    )

    def fields(self) -> dict[str, Any]:
        """The item that the runtime works on."""
        named = {} if self.case_id is None else {ITEM_ID: self.case_id}
        return {
            **named,
            "input": self.input,
            "expected_output": self.expected_output,
            "metadata": self.metadata,
        }


class Dataset(Spec):
    """Cases that belong together."""

    dataset_id: Text = Field(default="data", description="The dataset's name in the experiment.")
    cases: Items[Case] = Field(min_length=1, description="The cases.")
    revision: Text | None = Field(default=None, description="The version of the dataset.")
    metadata: Metadata = Field(
        default_factory=FrozenDict, description="Anything else that is known of the dataset."
    )

    @property
    def source(self) -> DatasetSpec:
        """What the plan records of where the cases come from."""
        return DatasetSpec(source="memory", dataset_id=self.dataset_id, revision=self.revision)

    def problems(self) -> Iterator[Problem]:
        """Cases that results could not tell apart."""
        named = (case.case_id for case in self.cases if case.case_id is not None)
        for _, name in repeats(named):
            yield Problem(("cases",), f"two cases have the case_id {name!r}; rename one")


class DatasetSource(Spec):
    """A dataset whose rows are read when the experiment is planned; they are never all in memory.

    A path stands for `{"source": {"source": "local", "dataset_id": path}}`.
    """

    dataset_id: Text = Field(
        default="", description="The dataset's name in the experiment; empty: the source's own."
    )
    source: DatasetSpec = Field(description="Where the rows come from.")
    input: Text = Field(default="input", description="The field with what the model is asked.")
    expected_output: Text = Field(
        default="expected_output", description="The field with the reference answer."
    )
    case_id: Text | None = Field(
        default=None, description="The field with the case's name; None: case_id, or item_id."
    )

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        if isinstance(value, str | Path):
            value = {"source": {"source": "local", "dataset_id": str(value)}}
        if isinstance(value, Mapping) and not value.get("dataset_id"):
            value = {**value, "dataset_id": _own_name(value.get("source"))}
        return value

    @classmethod
    def of(cls, path: str | Path) -> Self:
        """The dataset in a file."""
        return cls.model_validate(path)


def _own_name(source: Any) -> str:
    """A name for a dataset that has none: its file's, without folders and endings."""
    if isinstance(source, DatasetSpec):
        source = {"dataset_id": source.dataset_id, "data_dir": source.data_dir}
    if not isinstance(source, Mapping):
        return "data"
    where = source.get("dataset_id") or source.get("data_dir") or "data"
    return Path(str(where)).name.split(".")[0] or "data"


def _form(value: Any) -> str:
    if isinstance(value, Dataset) or (isinstance(value, Mapping) and "cases" in value):
        return "written_out"
    return "read_from"


def _distinct(datasets: list[Dataset | DatasetSource]) -> list[Dataset | DatasetSource]:
    for _, name in repeats(entry.dataset_id for entry in datasets):
        msg = f"two datasets are named {name!r}; give one of them a dataset_id of its own"
        raise ValueError(msg)
    return FrozenList(datasets)


_AnyDataset = Annotated[
    Annotated[Dataset, Tag("written_out")] | Annotated[DatasetSource, Tag("read_from")],
    Discriminator(_form),
]

Datasets = Annotated[Items[_AnyDataset], Field(min_length=1), AfterValidator(_distinct)]
"""Datasets of an experiment: with their cases, as tables that name a source, or as paths."""
