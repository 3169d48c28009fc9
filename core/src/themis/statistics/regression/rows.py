"""What a check found, as a row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import attrs

from themis.statistics.regression.checks import Severity
from themis.statistics.verdicts import Direction

__all__ = ["RegressionRow", "RegressionVerdict", "blocks", "worst_verdict"]

RegressionVerdict = Literal["regressed", "missing", "not_comparable", "unchanged", "improved"]

_WORST_FIRST: tuple[RegressionVerdict, ...] = (
    "regressed",
    "missing",
    "not_comparable",
    "unchanged",
    "improved",
)


@attrs.frozen(slots=True, kw_only=True)
class RegressionRow:
    """One check of one metric. Values are in the metric's units, bands are (lower, upper).

    `method` is the route taken. `band` is where the value may lie, `percent_band` where the
    percentage gate lets it; `young_baseline` says that there was too little history for the method
    asked for. `change_percent` is None where the baseline is 0 and the value is not, or where
    no float holds it.
    """

    variable: str
    method: str
    verdict: RegressionVerdict
    current_value: float | None
    baseline_value: float | None
    change_percent: float | None
    threshold: float
    direction: Direction
    details: str
    severity: Severity
    band: tuple[float, float] | None = None
    percent_band: tuple[float, float] | None = None
    young_baseline: bool = False

    @property
    def regressed(self) -> bool:
        """Whether the check says the metric got worse."""
        return self.verdict == "regressed"

    def to_dict(self) -> dict[str, Any]:
        """The row as it is exported; bands and `young_baseline` only where they apply."""
        row: dict[str, Any] = {
            "variable": self.variable,
            "method": self.method,
            "regressed": self.regressed,
            "verdict": self.verdict,
            "severity": self.severity,
            "current_value": self.current_value,
            "baseline_value": self.baseline_value,
            "change_percent": self.change_percent,
            "threshold": self.threshold,
            "direction": self.direction,
            "details": self.details,
        }
        if self.band is not None:
            row["band_lower"], row["band_upper"] = self.band
        if self.percent_band is not None:
            row["percent_band_lower"], row["percent_band_upper"] = self.percent_band
        if self.young_baseline:
            row["young_baseline"] = True
        return row


def worst_verdict(rows: Iterable[RegressionRow]) -> RegressionVerdict:
    """The verdict of a metric with these rows: the worst of them.

    Raises:
        ValueError: there are no rows.
    """
    found = {row.verdict for row in rows}
    if not found:
        msg = "a metric without a check has no verdict"
        raise ValueError(msg)
    return next(verdict for verdict in _WORST_FIRST if verdict in found)


def blocks(row: RegressionRow) -> bool:
    """Whether a row fails a gate: severity `gate`, and the metric regressed or is missing."""
    return row.severity == "gate" and row.verdict in {"regressed", "missing"}
