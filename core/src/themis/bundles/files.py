"""Bundles as files: JSON Lines, a manifest first; written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import attrs

from themis.bundles.bundle import FORMAT, VERSION, Bundle
from themis.bundles.checking import check_bundle
from themis.bundles.plan import BundlePlan
from themis.bundles.refusal import refused
from themis.errors import SpecValidationError
from themis.records.canonical import canonical_bytes, decode
from themis.storage import PlannedTrial

__all__ = ["read_bundle", "write_bundle"]

B = TypeVar("B", bound=Bundle)

_MAX_LINE = 2**28
"""A candidate's text is far below it; a file of one endless line would fill the memory."""

_MANIFEST = {
    "format": str,
    "version": int,
    "stage": str,
    "run_id": str,
    "counts": Mapping,
    "content_hash": str,
    "plan": Mapping,
}


def write_bundle(bundle: Bundle, path: Path) -> Path:
    """Write a bundle to the side and rename it: no reader sees half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    side = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with side.open("wb") as file:
        for line in (bundle.manifest(), *bundle.lines()):
            file.write(_written(line, path))
    side.replace(path)
    return path


def _written(line: Mapping[str, Any], path: Path) -> bytes:
    written = canonical_bytes(line) + b"\n"
    if len(written) > _MAX_LINE:
        msg = f"{path} is not written: a line of it has {len(written):,} bytes"
        raise SpecValidationError(f"{msg}, and none may have more than {_MAX_LINE:,}")
    return written


def read_bundle(kind: type[B], path: Path) -> B:
    """The bundle in a file, checked.

    Raises:
        SpecValidationError: it is none of this stage, is not as it was exported, has a line of
            more than 2**28 bytes, or is no regular file.
    """
    lines = _lines(path)
    manifest = next(lines, None)
    if manifest is None:
        raise refused("the file is empty", file=str(path))
    _check_manifest(kind, manifest, str(path))
    bundle = _assembled(kind, manifest, lines, str(path))
    try:
        check_bundle(bundle)
    except SpecValidationError as error:
        raise refused(_bare(error), file=str(path)) from error
    if manifest["run_id"] != bundle.run_id or manifest["counts"] != bundle.counts():
        raise refused("its first line is of another bundle", file=str(path), line=1)
    return bundle


def _assembled(
    kind: type[B], manifest: Mapping[str, Any], lines: Iterator[Mapping[str, Any]], file: str
) -> B:
    draft = _Draft()
    for number, line in enumerate(lines, 2):
        try:
            draft.take(kind, line)
        except SpecValidationError as error:
            raise refused(_bare(error), file=file, line=number) from error
    return kind(
        plan=BundlePlan(manifest["plan"], tuple(draft.trials)),
        items=draft.items,
        records=tuple(draft.records),
        content_hash=manifest["content_hash"],
    )


@attrs.define(slots=True)
class _Draft:
    """What has been read of a bundle."""

    trials: list[PlannedTrial] = attrs.field(factory=list)
    items: dict[str, Any] = attrs.field(factory=dict)
    records: list[Any] = attrs.field(factory=list)

    def take(self, kind: type[Bundle], line: Mapping[str, Any]) -> None:
        """One further line."""
        match line:
            case {"line": "trials", "trials": list(rows), **rest} if not rest:
                self.trials.extend(map(_trial, rows))
            case {"line": "item", "item_hash": str(name), "item": dict(item), **rest} if not rest:
                self.items[name] = item
            case {"line": "record", **fields}:
                self.records.append(kind.record_type.from_dict(fields))
            case _:
                raise refused("the line is neither trials, an item nor a record")


def _trial(row: Any) -> PlannedTrial:
    match row:
        case [int(arm), str(item_id), str(item_hash), str(trial_hash)]:
            return PlannedTrial(arm, item_id, item_hash, trial_hash)
    raise refused(f"{row!r:.80} is no trial")


def _check_manifest(kind: type[Bundle], manifest: Mapping[str, Any], file: str) -> None:
    if manifest.get("format") != FORMAT:
        found = manifest.get("format")
        raise refused(f"its format is {found!r:.60}, not {FORMAT!r}", file=file, line=1)
    if manifest.get("version") != VERSION:
        found = manifest.get("version")
        known = f"this Themis reads version {VERSION}"
        raise refused(f"it is of version {found!r:.60}; {known}", file=file, line=1)
    if manifest.get("stage") != kind.stage:
        found = manifest.get("stage")
        reason = f"it holds the {found!r:.60} stage; a {kind.stage} bundle is asked for"
        raise refused(reason, file=file, line=1)
    odd = [name for name, of in _MANIFEST.items() if not isinstance(manifest.get(name), of)]
    odd += sorted(manifest.keys() - _MANIFEST.keys())
    if odd:
        raise refused(f"its first line has wrong fields: {', '.join(odd)}", file=file, line=1)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        if path.exists() and not path.is_file():
            raise refused("it is no regular file", file=str(path))
        with path.open("rb") as file:
            for number, line in enumerate(iter(partial(file.readline, _MAX_LINE + 1), b""), 1):
                yield _line(line, str(path), number)
    except OSError as error:
        raise refused(f"it cannot be read: {error.strerror or error}", file=str(path)) from error


def _line(line: bytes, file: str, number: int) -> dict[str, Any]:
    if len(line) > _MAX_LINE:
        raise refused(f"it is longer than {_MAX_LINE:,} bytes", file=file, line=number)
    try:
        value = decode(line)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise refused(f"not JSON: {error}", file=file, line=number) from error
    if not isinstance(value, dict):
        raise refused("every line is a JSON object", file=file, line=number)
    return value


def _bare(error: SpecValidationError) -> str:
    return error.message.removeprefix("the bundle is refused: ")
