"""What every spec shares: immutability, strictness, one canonical hash, all problems at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, Self, TypeVar

import attrs
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from themis.records.canonical import content_hash
from themis.records.secrets import redact
from themis.specs.frozen import FrozenDict, FrozenList, freeze
from themis.specs.positions import KeyPath, dotted

__all__ = ["Items", "Labels", "Problem", "Settings", "Spec", "Text", "is_several", "repeats"]

T = TypeVar("T")


def is_several(value: Any) -> bool:
    """Whether it is a sequence of things: a list, a tuple, a range, a deque; no text."""
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray))


def _as_list(value: Any) -> Any:
    return list(value) if is_several(value) and not isinstance(value, list) else value


def _as_dict(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value


Text = Annotated[str, Field(min_length=1)]
"""A string that is not empty."""

Items = Annotated[list[T], BeforeValidator(_as_list), AfterValidator(FrozenList)]
"""A list of specs or values; a tuple is taken too."""

Labels = Annotated[dict[str, str], BeforeValidator(_as_dict), AfterValidator(FrozenDict)]
"""Names and strings."""

Settings = Annotated[dict[str, Any], BeforeValidator(_as_dict), AfterValidator(freeze)]
"""Free JSON values under string keys; whoever reads them validates them."""


@attrs.frozen(slots=True)
class Problem:
    """Something wrong between the fields of one spec: where, and what to do."""

    path: KeyPath
    message: str

    def __str__(self) -> str:
        """`slices[1].slice_id: message`."""
        return f"{dotted(self.path)}: {self.message}"


class Spec(BaseModel):
    """An immutable part of what users write. Unknown fields are refused, types are strict.

    Two specs of one class are equal exactly when their `canonical_hash` is.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,  # an input may hold a key or password
    )

    @cached_property
    def canonical_hash(self) -> str:
        """The hex SHA-256 of the spec's whole content, defaults included.

        Equal content has the equal hash in any process, on any platform and Python version.
        """
        return content_hash(self.model_dump(), kind=type(self).__name__)

    def problems(self) -> Iterator[Problem]:
        """What is wrong between fields; one error reports all of it."""
        yield from ()

    @model_validator(mode="after")
    def _report_problems(self) -> Self:
        problems = list(self.problems())
        if problems:
            text = "; ".join(str(problem) for problem in problems)
            raise PydanticCustomError("problems", "{text}", {"text": text, "problems": problems})
        return self

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:  # noqa: ARG002
        """This spec with fields replaced, validated again. `deep` is moot: nothing can change."""
        if not update:
            return self
        written = {name: getattr(self, name) for name in self.model_fields_set}
        return type(self).model_validate(written | dict(update))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Spec):
            return NotImplemented
        return type(self) is type(other) and self.canonical_hash == other.canonical_hash

    def __hash__(self) -> int:
        return hash(self.canonical_hash)

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """The fields, credentials masked."""
        for name, value in super().__repr_args__():
            yield name, redact({name: value}).get(name) if name else value


def repeats(values: Iterable[T]) -> Iterator[tuple[int, T]]:
    """Each value that came before, with its index."""
    seen: set[T] = set()
    for index, value in enumerate(values):
        if value in seen:
            yield index, value
        seen.add(value)
