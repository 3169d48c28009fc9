"""The contract's documents as files of strict JSON, and the schemas they follow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from themis.reporting.contract import result_to_dict
from themis.reporting.contract_comparison import compare_results
from themis.reporting.strict_json import write_json

if TYPE_CHECKING:
    from themis.results import BenchmarkResult
    from themis.statistics.regression import RegressionConfig

__all__ = ["comparison_to_json", "document_schema", "result_to_json"]


def result_to_json(result: BenchmarkResult, path: str | Path, *, indent: int | None = 2) -> Path:
    """Write `result_to_dict(result)`; folders are made, and a reader never sees half a file.

    A folder, or a path without a suffix, gets `result.json` in it.
    """
    return write_json(result_to_dict(result), _file(path, "result.json"), indent=indent)


def comparison_to_json(
    baseline: BenchmarkResult | Mapping[str, Any],
    candidate: BenchmarkResult | Mapping[str, Any],
    path: str | Path,
    *,
    run_cfg: RegressionConfig | Mapping[str, Any] | None = None,
    indent: int | None = 2,
) -> Path:
    """Write `compare_results(...)`, as `result_to_json` writes.

    A folder, or a path without a suffix, gets `comparison.json` in it.
    """
    document = compare_results(baseline, candidate, run_cfg=run_cfg)
    return write_json(document, _file(path, "comparison.json"), indent=indent)


def document_schema(kind: Literal["result", "comparison"]) -> dict[str, Any]:
    """The JSON Schema of a document, as it ships with the package."""
    text = (files("themis.reporting") / "schemas" / f"{kind}.schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _file(path: str | Path, name: str) -> Path:
    target = Path(path)
    return target / name if target.is_dir() or not target.suffix else target
