"""A check of two runs on the same items: the interval of the difference, past a margin."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from themis.statistics.estimate import error_rate
from themis.statistics.regression.rows import RegressionRow, RegressionVerdict
from themis.statistics.regression.thresholds import badness, change_percent, past

if TYPE_CHECKING:
    from themis.statistics.comparing import Comparison
    from themis.statistics.regression.checks import RegressionCheck
    from themis.statistics.verdicts import Direction

__all__ = ["paired_row"]


def paired_row(
    variable: str,
    found: Comparison,
    *,
    direction: Direction,
    check: RegressionCheck,
    adjusted_p: float | None = None,
) -> RegressionRow:
    """Regressed when the interval leaves out 0 and the difference is past the margin.

    With `adjusted_p`, the p-value corrected over a family, that is below 1 - level instead. Where
    no items were paired, a difference that was not shown is `not_comparable`, no metric that held.
    """
    current, baseline = found.candidate_mean, found.baseline_mean
    percent = None
    if current is not None and baseline is not None:
        change = change_percent(current, baseline)
        percent = change if math.isfinite(change) else None
    return RegressionRow(
        variable=variable,
        method="paired",
        verdict=_verdict(found, direction, check, adjusted_p),
        current_value=current,
        baseline_value=baseline,
        change_percent=percent,
        threshold=check.threshold,
        direction=direction,
        details=_details(found, adjusted_p),
        severity=check.severity,
    )


def _verdict(
    found: Comparison, direction: Direction, check: RegressionCheck, adjusted_p: float | None
) -> RegressionVerdict:
    if found.verdict in {"missing", "not_comparable"} or found.delta_mean is None:
        return "missing" if found.verdict == "missing" else "not_comparable"
    if direction == "none":
        return "unchanged"
    otherwise: RegressionVerdict = "unchanged" if _can_acquit(found) else "not_comparable"
    if not _is_shown(found, adjusted_p):
        return otherwise
    scale = max(abs(found.candidate_mean or 0.0), abs(found.baseline_mean or 0.0))
    if not past(abs(found.delta_mean), check.threshold, scale=scale):
        return otherwise
    return "regressed" if badness(found.delta_mean, direction) > 0 else "improved"


def _can_acquit(found: Comparison) -> bool:
    """Whether no difference shown is a metric that held: not of scores of different items."""
    return found.pair_count > 0 or found.verdict == "equivalent"


def _is_shown(found: Comparison, adjusted_p: float | None) -> bool:
    """By the adjusted p, else the interval, else the test where there is no interval."""
    if adjusted_p is not None:
        return adjusted_p < error_rate(found.ci_level)
    if found.ci_lower is not None and found.ci_upper is not None:
        return found.ci_lower > 0 or found.ci_upper < 0
    return found.p_value is not None and found.p_value < error_rate(found.ci_level)


def _details(found: Comparison, adjusted_p: float | None) -> str:
    if found.delta_mean is None:
        return found.reason or "nothing to compare"
    over = f"over {found.pair_count} pairs"
    if not found.pair_count:
        over = f"of {found.n_baseline} and {found.n_candidate} scores, no items were paired"
    if found.n_clusters is not None:
        over += f" in {found.n_clusters} clusters"
    told = f"{found.delta_mean:+.6g} {over} ({found.method}"
    if found.ci_lower is not None and found.ci_upper is not None:
        told += f", {found.ci_level:.0%} interval {found.ci_lower:.6g} to {found.ci_upper:.6g}"
    if adjusted_p is not None:
        told += f", adjusted p {adjusted_p:.3g}"
    return told + (f", {found.reason})" if found.reason else ")")
