"""The stable JSON document of a result: for CI and other programs.

Keys may be added under one `schema_version`; none is renamed, removed or given another meaning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from themis.reporting.strict_json import strict
from themis.reporting.sweep import input_variables, optimum
from themis.results.moments import score_moments
from themis.results.regressions import detect_over_time
from themis.results.variables import Variable, measured_variables
from themis.statistics.regression import RegressionConfig, RegressionRow, blocks

if TYPE_CHECKING:
    from themis.results import BenchmarkResult

__all__ = ["SCHEMA_VERSION", "provenance_of", "regressions_document", "result_to_dict"]

SCHEMA_VERSION = 1
_STATISTICS = (
    "se",
    "ci_lower",
    "ci_upper",
    "ci_level",
    "method",
    "reason",
    "n_items",
    "count",
    "errors",
)


def result_to_dict(
    result: BenchmarkResult,
    *,
    include_series: bool = False,
    run_cfg: RegressionConfig | Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The document of one run: what was swept, what was measured, and what regressed over time.

    `over_time` says whether the store has earlier runs of the benchmark. With `include_series`, a
    metric that has such a history carries `series`, one point per run, this one last.

    Raises:
        ValueError: a bad `run_cfg` (see `themis.statistics.regression.RegressionConfig`).
    """
    variables = measured_variables(result)
    earlier = [result.other_run(point.run_id) for point in result.history()]
    labels = [point.label for point in result.history()]
    documents = [_metric(result, variable) for variable in variables.values()]
    if include_series and earlier:
        for document, variable in zip(documents, variables.values(), strict=True):
            runs = [*zip(labels, earlier, strict=True), (_own_label(result), result)]
            series = [_point(label, run, variable) for label, run in runs]
            document["series"] = [point for point in series if point is not None]
    document = {
        "schema_version": SCHEMA_VERSION,
        "bench_name": result.benchmark_id,
        "provenance": provenance_of(result),
        "input_vars": input_variables(result),
        "over_time": bool(earlier),
        "metrics": documents,
        "regressions": regressions_document(detect_over_time(result, run_cfg)),
    }
    return cast("dict[str, Any]", strict(document))


def provenance_of(result: BenchmarkResult) -> dict[str, Any]:
    """Where a run came from, in the words of the contract."""
    manifest, run = result.manifest, result.run_side().source.run_row()
    recorded = manifest.get("provenance", {})
    git = recorded.get("git") or {}
    return {
        "run_id": result.run_id,
        "status": run.status,
        "created_at": datetime.fromtimestamp(run.created_at / 1000, UTC).isoformat(),
        "themis_version": recorded.get("themis"),
        "python_version": recorded.get("python"),
        "platform": recorded.get("platform"),
        "git_commit": git.get("commit"),
        "git_dirty": git.get("dirty"),
        "global_seed": manifest.get("global_seed"),
    }


def regressions_document(rows: Sequence[RegressionRow]) -> dict[str, Any]:
    """The findings of one detection. A metric that is missing counts as a regression."""
    found = [row for row in rows if row.verdict in {"regressed", "missing"}]
    return {
        "has_regressions": bool(found),
        "has_blocking_regressions": any(map(blocks, rows)),
        "missing": len(_named(rows, "missing")),
        "not_comparable": len(_named(rows, "not_comparable")),
        "results": [row.to_dict() for row in rows],
    }


def _named(rows: Iterable[RegressionRow], verdict: str) -> set[str]:
    return {row.variable for row in rows if row.verdict == verdict}


def _metric(result: BenchmarkResult, variable: Variable) -> dict[str, Any]:
    value, inputs = optimum(result, variable)
    return {
        "variable": variable.name,
        "units": variable.units,
        "direction": variable.direction,
        "optimal_value": value,
        "optimal_inputs": inputs,
        "mean": variable.mean,
        "statistics": {name: variable.row[name] for name in _STATISTICS},
    }


def _own_label(result: BenchmarkResult) -> str:
    git = result.manifest.get("provenance", {}).get("git") or {}
    return str(git.get("commit") or result.run_id)[:12]


def _point(label: str, run: BenchmarkResult, variable: Variable) -> dict[str, Any] | None:
    """A run's point of a variable's series; None if the run never measured it."""
    side = run.run_side()
    columns = [
        column
        for column in side.metrics
        if column.metric_id == variable.metric_id
        and variable.score_name in (None, column.score_name)
    ]
    if not columns:
        return None
    with side.source.connection() as connection:
        moments = score_moments(connection, side.layout, columns)
    return {"time_event": label, "mean": moments.mean, "std": moments.std, "n": moments.n}
