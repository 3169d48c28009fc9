"""Checks by a fixed threshold: a percentage, a difference, a ceiling or floor."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from themis.statistics.regression.rows import RegressionRow
from themis.statistics.regression.thresholds import badness, change_percent, past, shift_verdict

if TYPE_CHECKING:
    from themis.statistics.regression.checks import RegressionCheck
    from themis.statistics.verdicts import Direction

__all__ = ["absolute_row", "delta_row", "finite_band", "percent_band", "percentage_row"]


def percentage_row(
    variable: str,
    current: float,
    baseline: float,
    *,
    direction: Direction,
    check: RegressionCheck,
) -> RegressionRow:
    """Regressed when the change in percent of abs(baseline) is past the threshold."""
    change = change_percent(current, baseline)
    # Rounding in the values is magnified as their difference is divided by the baseline.
    scale = 100 * (1 + abs(current / baseline)) if baseline else 0.0
    verdict = shift_verdict(change, check.threshold, direction=direction, scale=scale)
    return RegressionRow(
        variable=variable,
        method="percentage",
        verdict=verdict,
        current_value=current,
        baseline_value=baseline,
        change_percent=change if math.isfinite(change) else None,
        threshold=check.threshold,
        direction=direction,
        details=f"{_percent(change, baseline)} against {check.threshold:g} %",
        severity=check.severity,
        band=percent_band(baseline, check.threshold),
    )


def delta_row(
    variable: str,
    current: float,
    baseline: float,
    *,
    direction: Direction,
    check: RegressionCheck,
) -> RegressionRow:
    """Regressed when the difference is past the threshold, in the metric's units."""
    change, percent = current - baseline, change_percent(current, baseline)
    scale = max(abs(current), abs(baseline))
    return RegressionRow(
        variable=variable,
        method="delta",
        verdict=shift_verdict(change, check.threshold, direction=direction, scale=scale),
        current_value=current,
        baseline_value=baseline,
        change_percent=percent if math.isfinite(percent) else None,
        threshold=check.threshold,
        direction=direction,
        details=f"moved by {change:+.6g} against {check.threshold:g}",
        severity=check.severity,
        band=finite_band(baseline, check.threshold),
    )


def absolute_row(
    variable: str,
    current: float,
    baseline: float | None,
    *,
    direction: Direction,
    check: RegressionCheck,
) -> RegressionRow:
    """Regressed past the ceiling (minimize) or below the floor (maximize).

    It needs no history; with one, a metric that was past the limit and no longer is has improved.
    The row's baseline is the limit.
    """
    bound = "ceiling" if direction == "minimize" else "floor"
    outside = _outside(current, direction, check)
    was_outside = baseline is not None and _outside(baseline, direction, check)
    return RegressionRow(
        variable=variable,
        method="absolute",
        verdict="regressed" if outside else "improved" if was_outside else "unchanged",
        current_value=current,
        baseline_value=check.threshold,
        change_percent=None,
        threshold=check.threshold,
        direction=direction,
        details=f"{current:.6g} against a {bound} of {check.threshold:g}",
        severity=check.severity,
    )


def percent_band(baseline: float, percentage: float) -> tuple[float, float] | None:
    """The values within a percentage of abs(baseline); None around 0, where there are none."""
    reach = abs(baseline) * percentage / 100
    if not math.isfinite(reach):
        reach = abs(baseline) * (percentage / 100)
    return finite_band(baseline, reach) if baseline else None


def finite_band(middle: float, reach: float) -> tuple[float, float] | None:
    """The values within `reach` of the middle; None where a float cannot hold an end."""
    lower, upper = middle - reach, middle + reach
    return (lower, upper) if math.isfinite(lower) and math.isfinite(upper) else None


def _outside(value: float, direction: Direction, check: RegressionCheck) -> bool:
    if direction == "none":
        return False
    return past(badness(value, direction), badness(check.threshold, direction))


def _percent(change: float, baseline: float) -> str:
    if math.isfinite(change):
        return f"{change:+.6g} %"
    return "moved by more than can be told in percent" if baseline else "moved away from 0"
