"""Where a slice's items come from, and which of them are used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field

from themis.specs.frozen import FrozenDict, FrozenList
from themis.specs.spec import Items, Labels, Problem, Settings, Spec, Text

__all__ = [
    "DatasetQuerySpec",
    "DatasetSpec",
    "DatasetTransformSpec",
    "JinjaTransformSpec",
    "PythonTransformSpec",
    "RenameTransformSpec",
]


class RenameTransformSpec(Spec):
    """Gives an item's field another name."""

    kind: Literal["rename"] = Field(default="rename", description="The kind of transform.")
    field: Text = Field(description="The name the field gets.")
    source_field: Text = Field(description="The name the field has in the source.")


class JinjaTransformSpec(Spec):
    """Writes a field from a template."""

    kind: Literal["jinja"] = Field(default="jinja", description="The kind of transform.")
    field: Text = Field(description="The field that is written.")
    template: str = Field(description="A Jinja template; `item` is the item so far.")


class PythonTransformSpec(Spec):
    """Writes a field from a Python function."""

    kind: Literal["python"] = Field(default="python", description="The kind of transform.")
    field: Text = Field(description="The field that is written.")
    config: Settings = Field(
        default_factory=FrozenDict,
        description="Which function writes the field, and its settings.",
    )


DatasetTransformSpec = Annotated[
    RenameTransformSpec | JinjaTransformSpec | PythonTransformSpec, Field(discriminator="kind")
]
"""One transform of an item, told apart by `kind`."""


class DatasetSpec(Spec):
    """Where items come from. The whole of it, revision included, is part of planning."""

    source: Text = Field(
        default="huggingface",
        description="The dataset provider: huggingface, local, memory, or an installed one.",
    )
    dataset_id: Text | None = Field(
        default=None,
        description="The dataset's name at its source; for local also a path to a file or folder.",
    )
    data_dir: Text | None = Field(
        default=None,
        description="The file or folder with the items; for huggingface one of the repository.",
    )
    split: Text = Field(default="test", description="The split to read.")
    revision: Text | None = Field(
        default=None, description="The version of the dataset: a tag, branch or commit."
    )
    transforms: Items[DatasetTransformSpec] = Field(
        default_factory=FrozenList, description="Changes to each item, applied in order."
    )

    def problems(self) -> Iterator[Problem]:
        """The identity that each built-in source needs."""
        if self.source == "huggingface" and self.dataset_id is None:
            yield Problem(
                ("dataset_id",),
                'a huggingface dataset needs one, such as "openai/gsm8k"; '
                'for files set source = "local" and data_dir',
            )
        if self.source == "local" and self.dataset_id is None and self.data_dir is None:
            yield Problem(
                ("data_dir",),
                "a local dataset needs data_dir (or dataset_id): the path of its file or folder",
            )


class DatasetQuerySpec(Spec):
    """Which items are used. The outcome never depends on the order in which a source gives them."""

    kind: Literal["all", "subset", "stratified"] = Field(
        default="all", description="All items, a random subset, or one spread over strata."
    )
    count: int | None = Field(default=None, gt=0, description="How many items a sample has.")
    seed: int | None = Field(
        default=None, description="Which sample is drawn; the same seed gives the same items."
    )
    strata_field: Text | None = Field(
        default=None, description="The item field whose values are the strata."
    )
    item_ids: Items[Text] = Field(
        default_factory=FrozenList, description="Only these items; empty: no such limit."
    )
    metadata_filters: Labels = Field(
        default_factory=FrozenDict, description="Only items whose fields have these values."
    )
    projected_fields: Items[Text] = Field(
        default_factory=FrozenList, description="Only these fields of each item; empty: all."
    )

    @classmethod
    def all(cls) -> Self:
        """Every item."""
        return cls()

    @classmethod
    def subset(cls, count: int, *, seed: int | None = None) -> Self:
        """Exactly `count` items, drawn at random."""
        return cls(kind="subset", count=count, seed=seed)

    @classmethod
    def stratified(cls, count: int, *, strata_field: str, seed: int | None = None) -> Self:
        """Exactly `count` items, spread over the values of `strata_field` in proportion."""
        return cls(kind="stratified", count=count, strata_field=strata_field, seed=seed)

    def problems(self) -> Iterator[Problem]:
        """What the kind of query needs and excludes."""
        yield from self._missing()
        yield from self._excluded()

    def _missing(self) -> Iterator[Problem]:
        if self.kind != "all" and self.count is None:
            yield Problem(("count",), f"a {self.kind} query needs count: how many items to draw")
        if self.kind == "stratified" and self.strata_field is None:
            yield Problem(
                ("strata_field",),
                "a stratified query needs the item field whose values are the strata",
            )

    def _excluded(self) -> Iterator[Problem]:
        if self.kind != "all" and self.item_ids:
            yield Problem(
                ("item_ids",),
                f'a {self.kind} query draws items itself; remove item_ids, or set kind = "all"',
            )
        if self.kind == "all" and self.count is not None:
            yield Problem(
                ("count",), 'an "all" query takes every item; set kind = "subset", or remove count'
            )
        if self.kind != "stratified" and self.strata_field is not None:
            yield Problem(
                ("strata_field",), 'only a stratified query has strata; set kind = "stratified"'
            )
