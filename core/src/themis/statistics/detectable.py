"""Which difference the items of a comparison would have shown, by the test that was taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from themis.statistics.estimate import error_rate
from themis.statistics.power import (
    check_power,
    detectable_agreement,
    detectable_difference,
    detectable_gain,
    detectable_share,
    fewest_pairs,
)

__all__ = ["detectable"]

FEW_UNITS = 30
"""With fewer, t quantiles are told apart from normal ones."""
_TOO_FEW = "too few items for any finding at this level"
_NOT_SO_OFTEN = "too few items to find any difference with this power"
_NO_SPREAD = "no spread was seen: what would have been found is unknown"


def detectable(
    figures: Mapping[str, Any],
    *,
    sides: tuple[int, int],
    df: float | None,
    power: float,
) -> tuple[float | None, str | None]:
    """The least true difference found with this power, or None and why it is unknown.

    `figures` are those of the test that was taken, `df` its degrees of freedom, `sides` how many
    scores either side has. By the standard error and the normal distribution; with fewer than 30
    units t. McNemar's test needs `detectable_gain` at least, and sign flips that leave only one
    pattern `detectable_agreement`; two shares that share no items have `detectable_share`.
    """
    check_power(power)
    n, level, method = figures["n_items"], figures["ci_level"], figures["method"]
    asked = {"level": level, "power": power}
    if method == "newcombe":
        found = detectable_share(figures["baseline_mean"], items=sides, **asked)
        return found, None if found else _NOT_SO_OFTEN
    if method == "mcnemar_midp":
        best = detectable_gain(n, **asked)
        if best is None:
            return None, _TOO_FEW
        return min(max(best, detectable_difference(figures["se"] or 0.0, **asked)), 1.0), None
    if method == "sign_flip_exact" and n < fewest_pairs(level):
        return None, _TOO_FEW
    se = figures["se"]
    if not se or method == "none":
        return None, _NO_SPREAD
    freedom = None if n >= FEW_UNITS else n - 1 if df is None else df
    found = detectable_difference(se, df=freedom, **asked)
    only_one = method == "sign_flip_exact" and 2.0 ** (2 - n) >= error_rate(level)
    return max(found, detectable_agreement(se, n=n, power=power)) if only_one else found, None
