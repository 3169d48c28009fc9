"""Which files a benchmark or experiment file may have read as data: those in its folder.

A file may come from anybody, and what its datasets hold is sent to a model. So the paths in it,
links resolved, must lie in its own folder or in the project's; `THEMIS_DATA_ROOTS` names further
folders, and only whoever runs it can set that. Specs made in Python are not restricted.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from themis.specs.dataset import DatasetSpec

__all__ = ["DATA_ROOTS", "data_roots", "escape", "escapes", "joined"]

DATA_ROOTS = "THEMIS_DATA_ROOTS"
"""The environment variable: folders, separated as in PATH."""


def data_roots(*folders: Path) -> tuple[Path, ...]:
    """The folders, the first of which relative paths start from, and those of the environment."""
    named = filter(None, os.environ.get(DATA_ROOTS, "").split(os.pathsep))
    return (*folders, *map(Path, named))


def escapes(dataset: DatasetSpec, roots: Sequence[Path]) -> Iterator[tuple[str, str]]:
    """Each field of `dataset` that leads out of all `roots`, and what is to be done about it."""
    for field, written, paths in _paths(dataset, roots[0]):
        problem = escape(written, paths, roots)
        if problem is not None:
            yield field, problem


def escape(written: str, paths: Iterable[Path], roots: Sequence[Path]) -> str | None:
    """What is to be done about the first of `paths` that leads out of all `roots`; None if none.

    They are what may be read where `written` stands in a file.
    """
    allowed = [root.resolve() for root in roots]
    for path in paths:
        found = _resolved(path)
        if found is None or not any(found.is_relative_to(root) for root in allowed):
            return _explained(written, found, roots[0])
    return None


def joined(start: Path, written: str) -> Path | None:
    """A path as written from `start`; None where the user of a `~` is not there."""
    try:
        return start / Path(written).expanduser()
    except RuntimeError:
        return None


def _explained(written: str, found: Path | None, home: Path) -> str:
    if found is None:
        return f"{written!r:.80} is no path"
    return (
        f"{written!r:.80} leads out of {home}, to {found}; put the data there, or allow its folder "
        f"in the environment: {DATA_ROOTS}={found.parent}"
    )


def _paths(dataset: DatasetSpec, home: Path) -> Iterator[tuple[str, str, Iterable[Path]]]:
    """Each field that names a path, as written, and the paths that may be read for it."""
    folder = dataset.data_dir
    if folder is not None and (dataset.source == "local" or _is_path(folder, home)):
        yield "data_dir", folder, _read(home, folder, dataset.split)
    name = dataset.dataset_id
    start = joined(home, folder) if folder is not None and dataset.source == "local" else home
    labels = dataset.source != "local" or folder is not None
    if name is not None and start is not None and (not labels or _is_path(name, start)):
        yield "dataset_id", name, _read(start, name, dataset.split)


def _is_path(written: str, start: Path) -> bool:
    """Whether a name that may be a mere label is a path: one that leads up, or one that exists."""
    path = Path(written)
    leads_up = path.is_absolute() or written.startswith("~") or ".." in path.parts
    return any(os.path.exists(place / written) for place in (start, Path())) or leads_up  # noqa: PTH110 (an odd label is no error)


def _read(start: Path, written: str, split: str) -> Iterator[Path]:
    """The path, and the files of the split in it if it is a folder."""
    path = joined(start, written)
    yield start / written if path is None else path
    if path is not None and os.path.isdir(path):  # noqa: PTH112 (an odd name is no error)
        yield from (entry for entry in path.iterdir() if entry.name.startswith(f"{split}."))


def _resolved(path: Path) -> Path | None:
    """Where a path leads; None for one that leads nowhere: too long, a loop of links, a NUL."""
    try:
        try:
            return path.resolve(strict=True)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            return path.resolve()
    except (OSError, RuntimeError, ValueError):
        return None
