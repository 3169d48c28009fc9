"""A check that learns the noise of the history: a step out of it, or a drift through it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs

from themis.statistics.means import mean_of
from themis.statistics.regression.checks import DEFAULT_PERCENTAGE
from themis.statistics.regression.fixed import finite_band, percent_band, percentage_row
from themis.statistics.regression.rows import RegressionRow, RegressionVerdict
from themis.statistics.regression.thresholds import badness, change_percent, past

if TYPE_CHECKING:
    from themis.statistics.regression.checks import RegressionCheck
    from themis.statistics.verdicts import Direction

__all__ = ["LEAST_HISTORY", "adaptive_row"]

LEAST_HISTORY = 4
"""With fewer points the noise is unknown, and a percentage is used."""
_DRIFT_P = 0.1
_MAD_TO_SD = 1.4826
_LARGE = 1e150
"""Differences of values past this may overflow: they are read in units of the largest."""


@attrs.frozen(slots=True, kw_only=True)
class _Reading:
    """The current value in the light of the history; `drift` is over the window, start to end."""

    median: float
    noise: float
    step: float
    drift: float
    drift_p: float


def adaptive_row(
    variable: str,
    current: float,
    history: Sequence[float],
    *,
    direction: Direction,
    check: RegressionCheck,
) -> RegressionRow:
    """Regressed by a step (more than `threshold` noise widths from the median) or a drift.

    noise = max(1.4826 MAD, 1e-6 abs(median), 1e-12). Drift is Theil-Sen's slope over history and
    current value, times the runs, where Kendall's p is below 0.1. Either must be past the
    percentage gate too. With fewer than 4 points the check is by percentage.
    """
    if len(history) < LEAST_HISTORY:
        return _young(variable, current, history, direction=direction, check=check)
    reading = _read(current, history)
    percent = change_percent(current, reading.median)
    reach = check.threshold * reading.noise
    gate = check.percent_gate
    return RegressionRow(
        variable=variable,
        method="adaptive",
        verdict=_verdict(current, reading, direction, check),
        current_value=current,
        baseline_value=reading.median,
        change_percent=percent if math.isfinite(percent) else None,
        threshold=check.threshold,
        direction=direction,
        details=_details(reading),
        severity=check.severity,
        band=finite_band(reading.median, reach),
        percent_band=None if gate is None else percent_band(reading.median, gate),
    )


def _young(
    variable: str,
    current: float,
    history: Sequence[float],
    *,
    direction: Direction,
    check: RegressionCheck,
) -> RegressionRow:
    gate = DEFAULT_PERCENTAGE if check.percent_gate is None else check.percent_gate
    by_percentage = attrs.evolve(check, method="percentage", threshold=gate)
    baseline = mean_of(history)
    row = percentage_row(variable, current, baseline, direction=direction, check=by_percentage)
    told = f"adaptive needs {LEAST_HISTORY} runs of history and has {len(history)}: by percentage, "
    return attrs.evolve(row, young_baseline=True, details=told + row.details)


def _read(current: float, history: Sequence[float]) -> _Reading:
    import numpy as np
    from scipy.stats import kendalltau, theilslopes

    largest = max(map(abs, [*history, current]))
    unit = largest if largest > _LARGE else 1.0
    window = np.append(history, current) / unit
    past_means = window[:-1]
    median = float(np.median(past_means))
    spread = float(np.median(np.abs(past_means - median)))
    noise = max(_MAD_TO_SD * spread, 1e-6 * abs(median), 1e-12 / unit)
    runs = np.arange(len(window))
    moving = window.max() > window.min()
    return _Reading(
        median=median * unit,
        noise=noise * unit,
        step=float(window[-1] - median) / noise,
        drift=float(theilslopes(window, runs).slope) * (len(window) - 1) * unit,
        drift_p=float(kendalltau(runs, window).pvalue) if moving else 1.0,
    )


def _verdict(
    current: float, reading: _Reading, direction: Direction, check: RegressionCheck
) -> RegressionVerdict:
    if direction == "none":
        return "unchanged"
    for sign, verdict in ((1.0, "regressed"), (-1.0, "improved")):
        step = sign * badness(reading.step, direction)
        stepped = past(step, check.threshold) and _through_gate(
            sign * badness(current - reading.median, direction), reading, check
        )
        drifted = reading.drift_p < _DRIFT_P and _through_gate(
            sign * badness(reading.drift, direction), reading, check
        )
        if stepped or drifted:
            return verdict  # type: ignore[return-value]
    return "unchanged"


def _through_gate(worse: float, reading: _Reading, check: RegressionCheck) -> bool:
    """Whether a movement, turned so that up is worse, is past the percentage gate."""
    if worse <= 0:
        return False
    if check.percent_gate is None:
        return True
    percent = 100 * (worse / abs(reading.median)) if reading.median else math.inf
    return past(percent, check.percent_gate)


def _details(reading: _Reading) -> str:
    drift = f"drift of {reading.drift:+.6g} over the window (Kendall p {reading.drift_p:.3g})"
    return f"{reading.step:+.4g} noise widths from the median (noise {reading.noise:.6g}); {drift}"
