"""The checks of one metric, applied."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeGuard

import attrs

from themis.statistics.means import mean_of
from themis.statistics.regression.adaptive import adaptive_row
from themis.statistics.regression.fixed import absolute_row, delta_row, percentage_row
from themis.statistics.regression.paired import paired_row
from themis.statistics.regression.rows import RegressionRow, RegressionVerdict
from themis.statistics.verdicts import check_direction

if TYPE_CHECKING:
    from themis.statistics.comparing import Comparison
    from themis.statistics.regression.checks import RegressionCheck
    from themis.statistics.verdicts import Direction

__all__ = ["Measured", "detect"]


@attrs.frozen(slots=True, kw_only=True)
class Measured:
    """What is known of a metric: its current mean, the accepted history, oldest first.

    `pairs` is the comparison with the baseline's items, which the method `paired` needs, and
    `adjusted_p` its p-value corrected over a family; None: its interval judges. None or
    NaN as `current` means that the metric vanished or has no score. `scored` and `failed` count the
    scores that `current` is of, and those that it is not of.
    """

    variable: str
    current: float | None
    history: Sequence[float | None] = ()
    direction: Direction = "maximize"
    pairs: Comparison | None = None
    adjusted_p: float | None = None
    scored: int = 0
    failed: int = 0


def detect(measured: Measured, checks: Sequence[RegressionCheck]) -> list[RegressionRow]:
    """One row per check, in order.

    A metric that has a history but no current value is `missing`; one without what the method
    needs to judge it is `not_comparable`. The details say how many scores the value is without.

    Raises:
        ValueError: no checks, or an unknown direction.
    """
    check_direction(measured.direction)
    if not checks:
        msg = f"no check is configured for {measured.variable!r}: nothing would be judged"
        raise ValueError(msg)
    rows = [_row(measured, check) for check in checks]
    if not measured.failed:
        return rows
    without = f"; {measured.failed} of {measured.failed + measured.scored} scores failed"
    return [attrs.evolve(row, details=row.details + without) for row in rows]


def _row(measured: Measured, check: RegressionCheck) -> RegressionRow:
    history = [mean for mean in measured.history if _known(mean)]
    current = measured.current
    if check.method == "paired" and measured.pairs is not None:
        return paired_row(
            measured.variable,
            measured.pairs,
            direction=measured.direction,
            check=check,
            adjusted_p=measured.adjusted_p,
        )
    if not _known(current):
        if history or check.method == "absolute":
            return _unjudged(measured, check, "missing", "the metric has no value in this run")
        return _unjudged(measured, check, "not_comparable", "the metric never had a value")
    if check.method == "paired":
        return _unjudged(measured, check, "not_comparable", "no items were paired")
    return _judged(measured, current, history, check)


def _judged(
    measured: Measured, current: float, history: Sequence[float], check: RegressionCheck
) -> RegressionRow:
    name, direction = measured.variable, measured.direction
    baseline = mean_of(history) if history else None
    if check.method == "absolute":
        return absolute_row(name, current, baseline, direction=direction, check=check)
    if baseline is None:
        return _unjudged(measured, check, "not_comparable", "there is no accepted history")
    if check.method == "adaptive":
        return adaptive_row(name, current, history, direction=direction, check=check)
    judge = percentage_row if check.method == "percentage" else delta_row
    return judge(name, current, baseline, direction=direction, check=check)


def _unjudged(
    measured: Measured, check: RegressionCheck, verdict: RegressionVerdict, details: str
) -> RegressionRow:
    history = [mean for mean in measured.history if _known(mean)]
    return RegressionRow(
        variable=measured.variable,
        method=check.method,
        verdict=verdict,
        current_value=measured.current if _known(measured.current) else None,
        baseline_value=mean_of(history) if history else None,
        change_percent=None,
        threshold=check.threshold,
        direction=measured.direction,
        details=details,
        severity=check.severity,
    )


def _known(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)
