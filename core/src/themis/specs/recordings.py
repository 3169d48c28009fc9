"""The files of outputs that a file's models name for the `replay` engine to give again.

They are data like those of datasets: their paths start from the file's own folder, and lie in it or
in what `themis.specs.dataset_roots` allows besides. In Python they start from the working folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from themis.specs.dataset_roots import escape, joined
from themis.specs.positions import KeyPath

__all__ = ["located_recordings", "recording_escapes"]

_ENGINE = "replay"


def located_recordings(values: Any, home: Path) -> Any:
    """A file's values, with paths of recordings from `home` written as from the working folder."""
    if isinstance(values, Mapping):
        located = {key: located_recordings(value, home) for key, value in values.items()}
        if _recording(values) is not None:
            located["extras"]["path"] = _located(_recording(values), home)
        return located
    if isinstance(values, list):
        return [located_recordings(value, home) for value in values]
    return values


def recording_escapes(
    values: Any, roots: Sequence[Path], place: KeyPath = ()
) -> Iterator[tuple[KeyPath, str]]:
    """Each recording of located values that is in none of `roots`: where, and what to do."""
    if isinstance(values, Mapping):
        written = _recording(values)
        problem = None if written is None else escape(written, [Path(written)], roots)
        if problem is not None:
            yield (*place, "extras", "path"), problem
    parts = values.items() if isinstance(values, Mapping) else enumerate(values)
    for key, value in parts:
        if isinstance(value, (Mapping, list)):
            yield from recording_escapes(value, roots, (*place, key))


def _recording(model: Mapping[str, Any]) -> Any:
    """The path in what describes a model of the engine, wherever it stands; None for all else."""
    provider, extras = model.get("provider"), model.get("extras")
    if not isinstance(provider, str) or not isinstance(extras, Mapping):
        return None
    name = provider.rpartition("/")[2].partition("@")[0].lower()
    path = extras.get("path")
    return path if name == _ENGINE and isinstance(path, str) else None


def _located(written: str, home: Path) -> str:
    path = joined(home, written)
    if path is None or path == Path.cwd() / written:
        return written
    absolute = Path(written).expanduser().is_absolute()
    return str(path) if absolute else os.path.relpath(path)
