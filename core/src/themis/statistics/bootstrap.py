"""Bootstrap intervals, for statistics that have no formula and for means that are not normal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, get_args

import attrs

from themis.statistics.estimate import SAME, check_level, finite_array, mean_estimate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["BootstrapInterval", "bootstrap_interval"]

Kind = Literal["bca", "percentile"]
_LARGE = 2_000
"""The mean of more values than this is normal for every purpose: the t interval is its own."""
_FEW_VALUES = 64
"""With at most this many distinct values a resample is one multinomial draw, whatever n is."""
_CHUNK = 2_000_000


@attrs.frozen(slots=True, kw_only=True)
class BootstrapInterval:
    """The statistic of the values, its bootstrap standard error and interval.

    `method` names the route: `bootstrap_bca` or `bootstrap_percentile`, with `_multinomial` where
    resamples were drawn as counts of distinct values, or `t` where n is large. `bca_defined` says
    whether the bias and acceleration exist; where they do not, the interval is the percentile one.
    Where the statistic is undefined, of the values or of a resample, so are the ends, and `reason`
    says so.
    """

    n: int
    estimate: float | None
    se: float | None = None
    ci_lower: float | None = None
    ci_upper: float | None = None
    ci_level: float = 0.95
    acceleration: float | None = None
    bca_defined: bool = False
    draws: int = 0
    method: str = "none"
    reason: str | None = None


def bootstrap_interval(
    values: Sequence[float],
    *,
    statistic: Callable[[Any], float] | None = None,
    kind: Kind = "bca",
    level: float = 0.95,
    draws: int | None = None,
    seed: int = 0,
) -> BootstrapInterval:
    """BCa or percentile interval (Efron 1987) of the mean, or of `statistic(array) -> float`.

    The standard error of a mean is the ideal bootstrap's, sqrt(sum (x - mean)^2)/n, without noise.
    `draws` None takes 10,000 resamples, of few values up to 100,000: BCa's bias is a noisy figure.

    Raises:
        ValueError: a value is not finite, or `kind` or `level` is unknown.
    """
    check_level(level)
    if kind not in get_args(Kind):
        msg = f"unknown bootstrap interval {kind!r}; known: {', '.join(get_args(Kind))}"
        raise ValueError(msg)
    array = finite_array(values)
    if statistic is not None and len(array) and not math.isfinite(statistic(array)):
        reason = "the statistic of these values is not a finite number"
        return BootstrapInterval(n=len(array), estimate=None, ci_level=level, reason=reason)
    if len(array) < 2:
        return _undefined(array, statistic, level)
    if array.max() - array.min() <= SAME * abs(array).max():
        return _constant(array, statistic, level)
    if statistic is None and len(array) > _LARGE and not _few_values(array):
        return _from_t(array, level)
    draws = draws or _default_draws(len(array), statistic)
    if statistic is None:
        return _of_mean(array, kind=kind, level=level, draws=draws, seed=seed)
    return _of_statistic(array, statistic, kind=kind, level=level, draws=draws, seed=seed)


def _default_draws(n: int, statistic: Any) -> int:
    return 10_000 if statistic is not None else min(max(10_000_000 // n, 10_000), 100_000)


def _ideal_standard_error(array: Any) -> float:
    """What the bootstrap standard error of a mean tends to: the population spread / sqrt(n)."""
    return float(array.std()) / math.sqrt(len(array))


def _undefined(array: Any, statistic: Any, level: float) -> BootstrapInterval:
    if not len(array):
        return BootstrapInterval(n=0, estimate=None, ci_level=level, reason="no values")
    reason = "one value: its spread is unknown"
    estimate = float(array[0] if statistic is None else statistic(array))
    return BootstrapInterval(n=1, estimate=estimate, ci_level=level, reason=reason)


def _constant(array: Any, statistic: Any, level: float) -> BootstrapInterval:
    estimate = float(array[0] if statistic is None else statistic(array))
    return BootstrapInterval(
        n=len(array),
        estimate=estimate,
        se=0.0,
        ci_lower=estimate,
        ci_upper=estimate,
        ci_level=level,
        method="bootstrap_percentile",
        reason="all values are equal: every resample is the same, BCa is not defined",
    )


def _from_t(array: Any, level: float) -> BootstrapInterval:
    found = mean_estimate(array, level=level)
    return BootstrapInterval(
        n=len(array),
        estimate=found.mean,
        se=_ideal_standard_error(array),
        ci_lower=found.ci_lower,
        ci_upper=found.ci_upper,
        ci_level=level,
        method="t",
        reason=f"more than {_LARGE} values: the t interval is what the bootstrap tends to",
    )


def _of_statistic(
    array: Any,
    statistic: Callable[[Any], float],
    *,
    kind: Kind,
    level: float,
    draws: int,
    seed: int,
) -> BootstrapInterval:
    import numpy as np

    estimate = float(statistic(array))
    known = BootstrapInterval(n=len(array), estimate=estimate, ci_level=level)
    replicates = _replicates(array, statistic, draws=draws, seed=seed)
    lost = int((~np.isfinite(replicates)).sum())
    if lost:
        reason = f"the statistic is undefined for {lost} of {draws} resamples"
        return attrs.evolve(known, draws=draws, reason=reason)
    known = attrs.evolve(known, se=float(replicates.std(ddof=1)), draws=draws)
    jackknife = _jackknife(array, statistic) if kind == "bca" else None
    return _bounded(known, replicates, jackknife, suffix="")


def _of_mean(array: Any, *, kind: Kind, level: float, draws: int, seed: int) -> BootstrapInterval:
    few = _few_values(array)
    replicates = _mean_replicates(array, few=few, draws=draws, seed=seed)
    known = BootstrapInterval(
        n=len(array),
        estimate=float(array.mean()),
        se=_ideal_standard_error(array),
        ci_level=level,
        draws=draws,
    )
    jackknife = (array.sum() - array) / (len(array) - 1) if kind == "bca" else None
    return _bounded(known, replicates, jackknife, suffix="_multinomial" if few else "")


def _few_values(array: Any) -> bool:
    import numpy as np

    return len(array) > _FEW_VALUES and len(np.unique(array)) <= _FEW_VALUES


def _mean_replicates(array: Any, *, few: bool, draws: int, seed: int) -> Any:
    import numpy as np

    if not few:
        return _replicates(array, None, draws=draws, seed=seed)
    distinct, counts = np.unique(array, return_counts=True)
    drawn = np.random.default_rng(seed).multinomial(len(array), counts / len(array), size=draws)
    return drawn @ distinct / len(array)


def _replicates(array: Any, statistic: Any, *, draws: int, seed: int) -> Any:
    """The statistic of `draws` resamples, a bounded number of them in memory at once."""
    import numpy as np

    rng = np.random.default_rng(seed)
    step = max(1, _CHUNK // len(array))
    parts = []
    for start in range(0, draws, step):
        picked = array[rng.integers(0, len(array), size=(min(step, draws - start), len(array)))]
        parts.append(picked.mean(axis=1) if statistic is None else [*map(statistic, picked)])
    return np.concatenate(parts)


def _jackknife(array: Any, statistic: Callable[[Any], float]) -> Any:
    import numpy as np

    return np.array([statistic(np.delete(array, place)) for place in range(len(array))])


def _bounded(
    known: BootstrapInterval, replicates: Any, jackknife: Any, *, suffix: str
) -> BootstrapInterval:
    """The interval: BCa where it is asked for (a jackknife is given) and defined."""
    import numpy as np

    tails = [(1 - known.ci_level) / 2, (1 + known.ci_level) / 2]
    acceleration = None if jackknife is None else _acceleration(jackknife)
    adjusted = None if acceleration is None else _adjusted(known, replicates, acceleration, tails)
    lower, upper = np.quantile(replicates, adjusted or tails)
    return attrs.evolve(
        known,
        ci_lower=float(lower),
        ci_upper=float(upper),
        acceleration=acceleration,
        bca_defined=adjusted is not None,
        method=("bootstrap_percentile" if adjusted is None else "bootstrap_bca") + suffix,
    )


def _acceleration(jackknife: Any) -> float | None:
    """Sum d^3 / (6 (sum d^2)^(3/2)), d the mean of the jackknife values less each."""
    away = jackknife.mean() - jackknife
    squares = float((away * away).sum())
    return float((away**3).sum()) / (6 * squares**1.5) if 0 < squares < math.inf else None


def _adjusted(
    known: BootstrapInterval, replicates: Any, acceleration: float, tails: list[float]
) -> list[float] | None:
    """The shares of the replicates at which the BCa interval ends."""
    from scipy.special import ndtr, ndtri

    share = ((replicates < known.estimate).mean() + (replicates <= known.estimate).mean()) / 2
    if not 0 < share < 1:
        return None
    bias = float(ndtri(share))
    steps = [bias + float(ndtri(tail)) for tail in tails]
    return [float(ndtr(bias + step / (1 - acceleration * step))) for step in steps]
