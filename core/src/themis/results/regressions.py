"""A run against its history, and a run against another: which metrics got worse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from themis.results.comparison_rows import ComparedGroup
from themis.results.pairing import Criteria
from themis.results.run_comparison import compared_groups
from themis.results.variables import Variable, measured_variables, variable_name
from themis.statistics import Comparison, adjust
from themis.statistics.regression import Measured, RegressionConfig, RegressionRow, detect

if TYPE_CHECKING:
    from themis.results.benchmark_result import BenchmarkResult
    from themis.results.history import HistoryPoint

__all__ = ["detect_against", "detect_over_time", "paired_groups", "regression_config"]

Means = Mapping[str, float | None]


def regression_config(given: RegressionConfig | Mapping[str, Any] | None) -> RegressionConfig:
    """The configuration as given: None is 10 percent of the baseline, for every metric.

    Raises:
        ValueError: an unknown key, or a value that is not allowed.
    """
    if given is None:
        return RegressionConfig()
    return given if isinstance(given, RegressionConfig) else RegressionConfig.from_mapping(given)


def detect_over_time(
    result: BenchmarkResult, config: RegressionConfig | Mapping[str, Any] | None = None
) -> list[RegressionRow]:
    """The run's means against those of the accepted earlier runs of its benchmark.

    A metric of any of them that this run lacks is `missing`, but for those that the latest run that
    somebody accepted, and all since, did without. No history gives no rows but for checks of an
    absolute limit. The method `paired` compares with the items of the latest.

    Raises:
        ValueError: the configuration names a metric that there is not.
    """
    wanted = regression_config(config)
    points = [point for point in result.history() if point.accepted]
    history = [result.other_run(point.run_id) for point in points]
    current = measured_variables(result)
    past = [measured_variables(run) for run in history]
    known = {**_expected(points, past), **current}
    wanted.check_variables(list(known))
    pairs = _paired(history[-1], result, wanted, list(known)) if history else {}
    return [
        row
        for name, variable in known.items()
        for row in detect(
            Measured(
                variable=name,
                current=current[name].mean if name in current else None,
                history=[run[name].mean for run in past if name in run],
                direction=variable.direction,  # type: ignore[arg-type]
                **_evidence(pairs.get(name)),
                **_counted(current.get(name)),
            ),
            wanted.checks_of(name),
        )
        if history or row.method == "absolute"
    ]


def _expected(
    points: Sequence[HistoryPoint], past: Sequence[Mapping[str, Variable]]
) -> dict[str, Variable]:
    """The metrics that a run must have: those of the history since somebody last accepted a run."""
    said = [place for place, point in enumerate(points) if point.accepted_by_hand]
    found: dict[str, Variable] = {}
    for run in past[said[-1] if said else 0 :]:
        found.update(run)
    return found


def detect_against(
    baseline: Mapping[str, Variable],
    candidate: Mapping[str, Variable],
    config: RegressionConfig,
    *,
    pairs: Mapping[str, ComparedGroup],
) -> dict[str, list[RegressionRow]]:
    """Each metric of either side by the same detector, the baseline's mean its only history."""
    known = {**baseline, **candidate}
    judged = _judged(pairs, config)
    config.check_variables(list(known))
    return {
        name: detect(
            Measured(
                variable=name,
                current=candidate[name].mean if name in candidate else None,
                history=[baseline[name].mean] if name in baseline else [],
                direction=variable.direction,  # type: ignore[arg-type]
                **_evidence(judged.get(name)),
                **_counted(candidate.get(name)),
            ),
            config.checks_of(name),
        )
        for name, variable in known.items()
    }


def paired_groups(
    baseline: BenchmarkResult, candidate: BenchmarkResult, *, criteria: Criteria
) -> dict[str, ComparedGroup]:
    """Each variable compared on the items that two runs share."""
    groups = compared_groups(baseline.run_side(), candidate.run_side(), criteria=criteria)
    return {variable_name(group.keys): group for group in groups}


def _counted(variable: Variable | None) -> dict[str, Any]:
    """How many scores a mean is of, and how many failed; a document may not say."""
    row = {} if variable is None else variable.row
    return {"scored": row.get("count") or 0, "failed": row.get("errors") or 0}


@attrs.frozen(slots=True, kw_only=True)
class _JudgedPairs:
    """A comparison item by item, and its p-value where that judges and not the interval."""

    found: Comparison
    adjusted_p: float | None = None


def _judged(
    groups: Mapping[str, ComparedGroup], config: RegressionConfig
) -> dict[str, _JudgedPairs]:
    """The comparisons as the checks by `paired` read them, all metrics one family."""
    if config.correction is None:
        return {name: _JudgedPairs(found=group.found) for name, group in groups.items()}
    found = [group.found for group in groups.values()]
    p_values, size = [one.p_value for one in found], len(found)
    adjusted = adjust(p_values, config.correction, size=size)
    equivalence = adjust([one.equivalence_p for one in found], config.correction, size=size)
    return {
        name: _JudgedPairs(found=one.with_adjusted_p(p, equivalence_p=alike), adjusted_p=p)
        for name, one, p, alike in zip(groups, found, adjusted, equivalence, strict=True)
    }


def _evidence(pairs: _JudgedPairs | None) -> dict[str, Any]:
    return {} if pairs is None else {"pairs": pairs.found, "adjusted_p": pairs.adjusted_p}


def _paired(
    before: BenchmarkResult,
    after: BenchmarkResult,
    config: RegressionConfig,
    names: Sequence[str],
) -> dict[str, _JudgedPairs]:
    """The pairs that checks ask for; reading them costs as much as all means together."""
    methods = {check.method for name in names for check in config.checks_of(name)}
    if "paired" not in methods:
        return {}
    groups = paired_groups(before, after, criteria=Criteria(level=config.ci_level))
    return _judged(groups, config)
