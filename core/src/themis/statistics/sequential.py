"""Looking while it runs: intervals and p-values that hold at every moment, however often one looks.

An ordinary interval looked at after every item is wrong far more often than 5 % of the time. Those
here are wider, and may be read, and acted on, at any time.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import attrs

from themis.statistics.estimate import SAME, check_level, finite_array

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ConfidenceSequence", "bounded_confidence_sequence", "confidence_sequence", "msprt"]

_BURN_IN = 10
"""Fewer values have no useful variance; nothing is claimed before."""


@attrs.frozen(slots=True, kw_only=True)
class ConfidenceSequence:
    """The interval after each value, in order; all of them hold at once with the level given.

    `lower`, `upper` and `p_values` have one entry per value; None before the first claim. Intervals
    only ever narrow. `method` names the route.
    """

    n: int
    lower: tuple[float | None, ...]
    upper: tuple[float | None, ...]
    p_values: tuple[float | None, ...]
    ci_level: float
    method: str

    @property
    def decided_at(self) -> int | None:
        """After how many values 0 was first left out; None while it is not."""
        for place, (low, high) in enumerate(zip(self.lower, self.upper, strict=True)):
            if low is not None and high is not None and (low > 0 or high < 0):
                return place + 1
        return None


def confidence_sequence(
    values: Sequence[float],
    *,
    level: float = 0.95,
    tuned_for: int = 200,
    burn_in: int = _BURN_IN,
    magnitude: float = 0.0,
) -> ConfidenceSequence:
    """Anytime-valid intervals of a mean, and the mSPRT's p-values of "the mean is 0".

    Asymptotic confidence sequence of Waudby-Smith and others (2021), a normal mixture: mean +-
    sd sqrt(2 (n r^2 + 1)/(n^2 r^2) log(sqrt(n r^2 + 1)/alpha)), r chosen to be tightest near
    `tuned_for` values. p = min over time of 1/(mixture likelihood ratio): it is below alpha exactly
    where some interval has left 0 out (Johari and others 2017). Order matters: give the values as
    they came. `magnitude` is the largest of what the values are differences of: a spread that is
    rounding beside it is none, and gives no interval.
    """
    import numpy as np

    check_level(level)
    array = finite_array(values)
    alpha, rho = 1 - level, tuned_rho(1 - level, tuned_for)
    counts = np.arange(1, len(array) + 1)
    means = np.cumsum(array) / counts if len(array) else array
    spread = _running_spread(array, counts)
    rounding = SAME * np.maximum(np.maximum.accumulate(np.abs(array)), magnitude)
    ready = (counts >= burn_in) & (spread > rounding)
    scale = counts * rho**2 + 1
    reach = spread * np.sqrt(2 * scale / (counts * rho) ** 2 * np.log(np.sqrt(scale) / alpha))
    with np.errstate(divide="ignore", invalid="ignore"):
        exponent = (counts * rho * means / spread) ** 2 / (2 * scale)
    log_ratio = np.where(ready, exponent - np.log(scale) / 2, -np.inf)
    running = np.minimum(np.exp(-np.maximum.accumulate(log_ratio)), 1.0) if len(array) else array
    return ConfidenceSequence(
        n=len(array),
        lower=_running(means - reach, ready, np.maximum),
        upper=_running(means + reach, ready, np.minimum),
        p_values=tuple(
            max(float(p), 5e-324) if ok else None for p, ok in zip(running, ready, strict=True)
        ),
        ci_level=level,
        method="asymptotic_confidence_sequence",
    )


def msprt(values: Sequence[float], *, level: float = 0.95, tuned_for: int = 200) -> float | None:
    """The anytime-valid p of "the mean difference is 0" after all values; None before 10 of them.

    The mixture sequential probability ratio test (Robbins 1970; Johari and others 2017).
    """
    p_values = confidence_sequence(values, level=level, tuned_for=tuned_for).p_values
    return p_values[-1] if p_values else None


def bounded_confidence_sequence(
    values: Sequence[float], *, low: float = 0.0, high: float = 1.0, level: float = 0.95
) -> ConfidenceSequence:
    """Anytime-valid intervals of a mean of scores within `low`..`high`, from the first value on.

    Predictable plug-in empirical Bernstein (Waudby-Smith and Ramdas 2024, theorem 2): it holds for
    any distribution and any n, and is wider for it. It gives no p-values.

    Raises:
        ValueError: a value is outside the bounds.
    """
    import numpy as np

    check_level(level)
    array = finite_array(values)
    if len(array) and (array.min() < low or array.max() > high):
        msg = f"values reach from {array.min()} to {array.max()}, outside {low}..{high}"
        raise ValueError(msg)
    scaled, alpha = (array - low) / (high - low), 1 - level
    counts = np.arange(1, len(array) + 1)
    means = (np.cumsum(scaled) + 0.5) / (counts + 1)
    variances = (np.cumsum((scaled - means) ** 2) + 0.25) / (counts + 1)
    before_mean, before_variance = (
        np.concatenate([[start], known])[: len(array)]
        for start, known in ((0.5, means), (0.25, variances))
    )
    bets = np.minimum(
        np.sqrt(2 * math.log(2 / alpha) / (before_variance * counts * np.log1p(counts))), 0.5
    )
    total = np.cumsum(bets)
    cost = (scaled - before_mean) ** 2 * (-np.log1p(-bets) - bets)
    centre = np.cumsum(bets * scaled) / total
    reach = (math.log(2 / alpha) + np.cumsum(cost)) / total
    ready = counts > 0
    return ConfidenceSequence(
        n=len(array),
        lower=_running(low + (high - low) * np.maximum(centre - reach, 0.0), ready, np.maximum),
        upper=_running(low + (high - low) * np.minimum(centre + reach, 1.0), ready, np.minimum),
        p_values=(None,) * len(array),
        ci_level=level,
        method="empirical_bernstein_confidence_sequence",
    )


def tuned_rho(alpha: float, tuned_for: int) -> float:
    """The mixture's width that makes the sequence tightest near `tuned_for` values."""
    if tuned_for < 1:
        msg = f"tuned_for is a number of values, 1 or more; got {tuned_for}"
        raise ValueError(msg)
    return math.sqrt((-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) / tuned_for)


def _running_spread(array: Any, counts: Any) -> Any:
    """The standard deviation of the values so far."""
    import numpy as np

    if not len(array):
        return array
    centred = array - array[0]
    means = np.cumsum(centred) / counts
    return np.sqrt(np.maximum(np.cumsum(centred**2) / counts - means**2, 0.0))


def _running(limits: Any, ready: Any, keep: Any) -> tuple[float | None, ...]:
    """The running intersection: what was left out once stays out."""
    import numpy as np

    never = -np.inf if keep is np.maximum else np.inf
    kept = keep.accumulate(np.where(ready, limits, never)) if len(limits) else limits
    return tuple(float(value) if math.isfinite(value) else None for value in kept)
