"""Experiments in files: TOML, YAML or JSON with the fields of an Experiment, and overrides."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import attrs
from pydantic import BaseModel, ValidationError

from themis.errors import SpecIssue, SpecValidationError
from themis.specs import DatasetSpec
from themis.specs.dataset_roots import data_roots, escapes
from themis.specs.documents import Document, read_document, refuse
from themis.specs.findings import file_issues
from themis.specs.positions import KeyPath
from themis.specs.recordings import located_recordings, recording_escapes

__all__ = ["WrittenIn", "read_config"]

M = TypeVar("M", bound=BaseModel)

_PART = re.compile(r"[^.\[\]]+")
_PATH = re.compile(r"[^.\[\]]+(?:\.[^.\[\]]+|\[\d+\])*")


@attrs.frozen(slots=True)
class WrittenIn:
    """Says where in a file the findings about an experiment are."""

    document: Document

    def __call__(self, path: KeyPath, message: str) -> SpecIssue:
        """The finding at its key, as far as that is in the file, and the line."""
        values: Any = self.document.values
        for depth, part in enumerate(path):
            there = part in values if isinstance(values, Mapping) else isinstance(values, list)
            if not there:
                return self.document.issue(path[:depth] or path, message)
            values = values[part]
        return self.document.issue(path, message)


def read_config(
    model: type[M],
    path: Path,
    overrides: Sequence[str],
    *,
    sources: Callable[[M], Iterable[tuple[KeyPath, DatasetSpec]]],
) -> tuple[M, WrittenIn]:
    """The model's value in a file, with some of its keys replaced, and where it is written.

    `sources` gives what it would read, with the places: that is to be in the file's folder.

    Raises:
        SpecValidationError: naming the file, line and key of everything that is wrong.
    """
    document = read_document(path)
    values = _plain(document.values)
    for override in overrides:
        _apply(values, override)
    home = path.absolute().parent
    document = attrs.evolve(document, values=located_recordings(values, home))
    value = _validated(model, document)
    roots = data_roots(home)
    issues = [
        document.issue((*place, field), problem)
        for place, dataset in sources(value)
        for field, problem in escapes(dataset, roots)
    ]
    issues += [document.issue(*found) for found in recording_escapes(document.values, roots)]
    if issues:
        raise refuse(issues, path=path)
    return value, WrittenIn(document)


def _validated(model: type[M], document: Document) -> M:
    try:
        return model.model_validate(document.values)
    except ValidationError as error:
        issues = file_issues(error, document=document, model=model, section=(), beside=frozenset())
        raise refuse(issues, path=document.path) from error


def _plain(value: Any) -> Any:
    """A deep copy that can be changed."""
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, list) else value


def _apply(values: dict[str, Any], override: str) -> None:
    """Set one `dotted.key=value`; tables on the way that are not there are made."""
    path, equals, text = override.partition("=")
    path = path.strip()
    if not equals or not _PATH.fullmatch(path):
        msg = (
            f"override {override!r} is not of the form key=value; write, for example, "
            "generation.candidate_policy.num_samples=4"
        )
        raise SpecValidationError(msg)
    *above, last = _PART.findall(path)
    place: Any = values
    for part in above:
        place = _below(place, part, override)
    if isinstance(place, list):
        place[_index(place, last, override)] = _value(text)
    else:
        place[last] = _value(text)


def _below(place: Any, part: str, override: str) -> Any:
    if isinstance(place, list):
        below = place[_index(place, part, override)]
    else:
        if place.get(part) is None:
            place[part] = {}
        below = place[part]
    if not isinstance(below, (dict, list)):
        msg = f"override {override!r}: {part} is a single value, and has no keys to set"
        raise SpecValidationError(msg)
    return below


def _index(place: list[Any], part: str, override: str) -> int:
    if not part.isdecimal() or int(part) >= len(place):
        msg = f"override {override!r}: there is no entry {part}; the list has {len(place)}, from 0"
        raise SpecValidationError(msg)
    return int(part)


def _value(text: str) -> Any:
    """A JSON value, or else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text.strip()
