"""What an argument means that names a result: a run, a benchmark's latest run, or a document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from themis.results import BenchmarkResult
    from themis.storage import RunStore

__all__ = ["check_config", "result_file", "stored_result"]


def result_file(name: str) -> Mapping[str, Any] | None:
    """The document in a .json file of that name; None if there is no such file.

    Raises:
        UsageError: it holds something else.
    """
    path = Path(name)
    if path.suffix.lower() != ".json" or not path.is_file():
        return None
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        msg = f"{name} cannot be read as JSON: {error}"
        raise click.UsageError(msg) from error
    if not isinstance(document, Mapping):
        msg = f"{name} holds no result document"
        raise click.UsageError(msg)
    return document


def stored_result(store: RunStore, name: str) -> BenchmarkResult:
    """The run of that id (or its beginning), else the latest run of that benchmark that ended.

    Raises:
        UsageError: the store has neither.
    """
    from themis.results import BenchmarkResult
    from themis.results.history import run_history

    row = store.find_run(name)
    if row is not None:
        return BenchmarkResult(store, row.run_id)
    points = run_history(store, name)
    if points:
        return BenchmarkResult(store, points[-1].run_id)
    msg = f"{name!r} is no run, no benchmark with a run that ended, and no result file"
    raise click.UsageError(msg)


def check_config(path: Path | None) -> Mapping[str, Any] | None:
    """The checks in a .toml, .yaml or .json file; None without one.

    Raises:
        SpecValidationError: the file cannot be read.
    """
    from themis.specs.documents import read_document

    return None if path is None else read_document(path).values
