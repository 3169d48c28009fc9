"""Equality of JSON values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from themis.builtins.json_scan import load_json
from themis.builtins.metrics.scoring import (
    AnswerMetric,
    Graded,
    ReferenceSettings,
    reference_value,
)
from themis.plugin import MetricError
from themis.records.canonical import canonical_bytes

__all__ = ["JsonMatch", "JsonMatchSettings"]

Path = tuple[str | int, ...]


class JsonMatchSettings(ReferenceSettings):
    """What of two JSON values must agree."""

    mode: Literal["exact", "subset", "fields"] = Field(
        default="exact",
        description=(
            "exact: the values are equal. subset: every leaf of the reference is in the answer, "
            "which may hold more. fields: the share of the reference's leaves that the answer has."
        ),
    )
    ignore_order: bool = Field(
        default=False,
        description="Compare arrays without their order; each array is then one leaf.",
    )


class JsonMatch(AnswerMetric[JsonMatchSettings]):
    """How far the answer is the same JSON value as the reference: 0 to 1.

    Texts are read as JSON first. Keys have no order; 1 equals 1.0 but not true; strings are
    compared exactly. A leaf is a string, number, bool, null, or empty container at its path. A list
    as reference is that array, not a list of acceptable answers. An answer that is no JSON scores 0
    and says so; a reference text that is none is a MetricError.
    """

    component_id: ClassVar[str] = "json_match"
    settings_model = JsonMatchSettings

    def references(self, item: Mapping[str, Any]) -> Sequence[Any]:
        """The one reference value."""
        return (reference_value(item, self.settings.reference_field, self.component_id),)

    def compare(self, answer: Any, reference: Any) -> Graded:
        """The share of leaves, or 1.0 or 0.0."""
        try:
            expected = self._form(_read(reference))
        except ValueError as problem:
            raise MetricError(f"json_match: the reference is no JSON: {problem}") from problem
        try:
            given = self._form(_read(answer))
        except ValueError as problem:
            return Graded(0.0, {"reason": f"the answer is no JSON: {problem}"[:300]})
        if self.settings.mode == "exact":
            return Graded(float(canonical_bytes(given) == canonical_bytes(expected)))
        return self._by_leaves(given, expected)

    def _by_leaves(self, given: Any, expected: Any) -> Graded:
        whole_arrays = self.settings.ignore_order
        found = dict(_leaves(given, whole_arrays=whole_arrays))
        wanted = dict(_leaves(expected, whole_arrays=whole_arrays))
        missed = [path for path, leaf in wanted.items() if found.get(path) != leaf]
        share = 1 - len(missed) / len(wanted)
        value = share if self.settings.mode == "fields" else float(not missed)
        return Graded(value, {"missed": [_written(path) for path in missed[:20]]} if missed else {})

    def _form(self, value: Any) -> Any:
        """The value with one form for each number and, without order, for each array."""
        if isinstance(value, Mapping):
            return {key: self._form(entry) for key, entry in value.items()}
        if isinstance(value, (list, tuple)):
            entries = [self._form(entry) for entry in value]
            return sorted(entries, key=canonical_bytes) if self.settings.ignore_order else entries
        return int(value) if isinstance(value, float) and value.is_integer() else value


def _read(value: Any) -> Any:
    return load_json(value) if isinstance(value, str) else value


def _leaves(value: Any, *, whole_arrays: bool, path: Path = ()) -> Iterator[tuple[Path, bytes]]:
    """Each leaf's path and canonical bytes."""
    if isinstance(value, dict) and value:
        parts: Iterator[tuple[str | int, Any]] = iter(value.items())
    elif isinstance(value, list) and value and not whole_arrays:
        parts = iter(enumerate(value))
    else:
        yield path, canonical_bytes(value)
        return
    for key, part in parts:
        yield from _leaves(part, whole_arrays=whole_arrays, path=(*path, key))


def _written(path: Path) -> str:
    """A path as `$.name[0]`."""
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
