"""The stable JSON document of two results side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast, get_args

import attrs

from themis.reporting.contract import SCHEMA_VERSION, provenance_of
from themis.reporting.strict_json import strict
from themis.results.comparison_rows import ComparedGroup, family_rows
from themis.results.item_fields import item_field
from themis.results.pairing import Criteria
from themis.results.regressions import detect_against, paired_groups, regression_config
from themis.results.run_comparison import unpaired_items
from themis.results.variables import Variable, measured_variables
from themis.statistics import Direction
from themis.statistics.regression import (
    RegressionConfig,
    RegressionRow,
    blocks,
    worst_verdict,
)

if TYPE_CHECKING:
    from themis.results import BenchmarkResult
    from themis.statistics import Adjustment

__all__ = ["compare_results"]

_VERDICTS = ("improved", "regressed", "unchanged", "missing", "not_comparable")
_MOST_NAMED = 1000
"""Ids of unpaired items that are listed; how many there are is said in any case."""


@attrs.frozen(slots=True, kw_only=True)
class _Side:
    """One of the two: a result of a store, or the document of one."""

    described: Mapping[str, Any]
    variables: Mapping[str, Variable]
    result: BenchmarkResult | None


@attrs.frozen(slots=True, kw_only=True)
class _Paired:
    """What only two results of stores have, by variable: comparisons, and their rows."""

    groups: Mapping[str, ComparedGroup] = attrs.field(factory=dict)
    rows: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict)
    further: Mapping[str, Any] = attrs.field(factory=dict)


def compare_results(
    baseline: BenchmarkResult | Mapping[str, Any],
    candidate: BenchmarkResult | Mapping[str, Any],
    *,
    run_cfg: RegressionConfig | Mapping[str, Any] | None = None,
    margin: float | None = None,
    cluster_by: str | None = None,
) -> dict[str, Any]:
    """The document of a comparison. Either side may be a document of `result_to_dict`.

    Each metric goes through the detector of regressions over time, the baseline its only history;
    without `run_cfg` by percentage. Two results of stores are compared on the items they share too:
    `statistics` of each metric, its p-values corrected over all metrics (as `run_cfg` says, else by
    Holm). `margin` and `cluster_by` are those of `BenchmarkResult.compare_with`; checks by `paired`
    judge the same comparison.

    Raises:
        ValueError: the two share no metric of which the baseline has a mean, a bad `run_cfg` (a
            check by `paired`, a margin or clusters where one side is a document, too), something
            that is no document, or an unknown item field.
    """
    config = regression_config(run_cfg)
    before, after = _side(baseline), _side(candidate)
    _check_comparable(before.variables, after.variables)
    paired = _Paired()
    if before.result is not None and after.result is not None:
        source = after.result.run_side().source
        names = None if cluster_by is None else item_field(source, cluster_by)
        criteria = Criteria(level=config.ci_level, margin=margin, cluster_names=names)
        paired = _paired(before.result, after.result, criteria, config.correction or "holm")
    else:
        _check_needs_no_pairs(config, [*before.variables, *after.variables])
        if margin is not None or cluster_by is not None:
            msg = "a document has no items: margin and cluster_by are for two results of stores"
            raise ValueError(msg)
    found = detect_against(before.variables, after.variables, config, pairs=paired.groups)
    metrics = [_metric(name, rows, paired.rows.get(name)) for name, rows in found.items()]
    verdicts = [metric["verdict"] for metric in metrics]
    document = {
        "schema_version": SCHEMA_VERSION,
        "baseline": dict(before.described),
        "candidate": dict(after.described),
        "metrics": metrics,
        "summary": {verdict: verdicts.count(verdict) for verdict in _VERDICTS},
        "has_blocking_regressions": any(blocks(row) for rows in found.values() for row in rows),
        **paired.further,
    }
    return cast("dict[str, Any]", strict(document))


def _paired(
    before: BenchmarkResult, after: BenchmarkResult, criteria: Criteria, correction: Adjustment
) -> _Paired:
    groups = paired_groups(before, after, criteria=criteria)
    rows = family_rows(list(groups.values()), correction)
    return _Paired(
        groups=groups,
        rows=dict(zip(groups, rows, strict=True)),
        further={"unpaired": _unpaired(before, after)},
    )


def _check_comparable(before: Mapping[str, Variable], after: Mapping[str, Variable]) -> None:
    shared = [name for name in before if name in after]
    if not shared:
        msg = (
            "the two results share no comparable metric: the baseline has "
            f"{_listed(before)}, the candidate {_listed(after)}"
        )
        raise ValueError(msg)
    if all(before[name].mean is None for name in shared):
        msg = (
            f"there is nothing to compare with: the baseline has no mean of {_listed(shared)}, "
            "its scores failed or there are none"
        )
        raise ValueError(msg)


def _check_needs_no_pairs(config: RegressionConfig, names: Sequence[str]) -> None:
    """A check that could never judge would be a gate that is always open."""
    if any(check.method == "paired" for name in names for check in config.checks_of(name)):
        msg = "a document has no items to pair: check by another method, or give both runs"
        raise ValueError(msg)


def _side(given: BenchmarkResult | Mapping[str, Any]) -> _Side:
    if isinstance(given, Mapping):
        return _document_side(given)
    if not hasattr(given, "run_side"):
        msg = f"{type(given).__name__} is neither a result nor a document of result_to_dict()"
        raise TypeError(msg)
    described = {"bench_name": given.benchmark_id, "provenance": provenance_of(given)}
    return _Side(described=described, variables=measured_variables(given), result=given)


def _document_side(document: Mapping[str, Any]) -> _Side:
    if document.get("schema_version") != SCHEMA_VERSION or "metrics" not in document:
        msg = (
            f"not a result document of schema version {SCHEMA_VERSION}: "
            f"schema_version is {document.get('schema_version')!r}"
        )
        raise ValueError(msg)
    try:
        described = {name: document[name] for name in ("bench_name", "provenance")}
        variables = {entry["variable"]: _variable(entry) for entry in document["metrics"]}
    except KeyError as error:
        msg = f"not a result document, by its schema: it has no {error.args[0]!r}"
        raise ValueError(msg) from error
    except (AttributeError, TypeError) as error:
        msg = f"not a result document, by its schema: {error}"
        raise ValueError(msg) from error
    return _Side(described=described, variables=variables, result=None)


def _variable(entry: Mapping[str, Any]) -> Variable:
    name, mean = entry["variable"], entry.get("mean")
    if mean is not None and (isinstance(mean, bool) or not isinstance(mean, (int, float))):
        msg = f"not a result document: the mean of {name!r} is {mean!r}"
        raise ValueError(msg)
    direction = entry["direction"]
    if not isinstance(name, str) or direction not in get_args(Direction):
        msg = f"not a result document: variable {name!r:.80}, direction {direction!r:.80}"
        raise ValueError(msg)
    return Variable(
        name=name,
        metric_id=name,
        score_name=None,
        direction=direction,
        units=entry["units"],
        row={**entry.get("statistics", {}), "mean": mean},
    )


def _metric(
    name: str, rows: Sequence[RegressionRow], statistics: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The metric by its worst row; every row is under `checks`."""
    verdict = worst_verdict(rows)
    worst = next(row for row in rows if row.verdict == verdict).to_dict()
    document = {**worst, "variable": name, "checks": [row.to_dict() for row in rows]}
    if statistics is not None:
        document["statistics"] = {
            key: value for key, value in statistics.items() if key != "metric_id"
        }
    return document


def _unpaired(before: BenchmarkResult, after: BenchmarkResult) -> dict[str, Any]:
    found = unpaired_items(before.run_side(), after.run_side())
    return {
        "baseline": list(found.baseline[:_MOST_NAMED]),
        "candidate": list(found.candidate[:_MOST_NAMED]),
        "baseline_count": len(found.baseline),
        "candidate_count": len(found.candidate),
    }


def _listed(variables: Iterable[str]) -> str:
    return ", ".join(variables) or "none"
