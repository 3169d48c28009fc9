"""A small hand-off bundle: the aggregate as JSON, and a summary that a person reads."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import orjson

from themis.results.tables import markdown_table, markdown_text

__all__ = ["BUNDLE_KEYS", "ArtifactBundle", "write_artifacts"]

BUNDLE_KEYS = ("model_id", "slice_id", "metric_id", "prompt_variant_id")
"""What the bundle's rows are grouped by."""

_SCHEMA_VERSION = 1
_SHOWN = (*BUNDLE_KEYS, "score_name", "mean", "ci_lower", "ci_upper", "count", "n_items", "errors")


@attrs.frozen(slots=True, kw_only=True)
class ArtifactBundle:
    """Where the bundle's two files are."""

    aggregate_json_path: Path
    summary_markdown_path: Path


def write_artifacts(
    folder: Path,
    *,
    described: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    note: str,
) -> ArtifactBundle:
    """Write both files into `folder`, which is made; what was there is replaced as a whole.

    `described` names the run; `note` says how many candidates failed and how they count.
    """
    folder.mkdir(parents=True, exist_ok=True)
    bundle = ArtifactBundle(
        aggregate_json_path=folder / "aggregate.json",
        summary_markdown_path=folder / "summary.md",
    )
    aggregate = {"schema_version": _SCHEMA_VERSION, **described, "note": note, "rows": rows}
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    _replace(bundle.aggregate_json_path, orjson.dumps(aggregate, option=options))
    _replace(bundle.summary_markdown_path, _markdown(described, rows, note).encode())
    return bundle


def _markdown(described: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], note: str) -> str:
    facts = "\n".join(f"* {name}: {markdown_text(str(value))}" for name, value in described.items())
    columns = [name for name in _SHOWN if any(name in row for row in rows)]
    title = markdown_text(str(described["benchmark_id"]))
    table = markdown_table(rows, columns) if rows else "No scores yet."
    return f"# {title}\n\n{facts}\n\n{table}\n\n{markdown_text(note)}\n"


def _replace(path: Path, data: bytes) -> None:
    """Write to the side and rename, so that a reader never sees half a file."""
    side = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    side.write_bytes(data)
    side.replace(path)
