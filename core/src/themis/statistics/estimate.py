"""A mean, and how sure it is.

Scores of one item (repeated samples, several prompts) are not independent, so every standard error
here is over clusters: items, unless the caller names coarser ones. With one score per cluster it is
the ordinary standard error; with equally many per cluster it is that of the cluster means.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

__all__ = [
    "ClusterSums",
    "Estimate",
    "check_counts",
    "check_level",
    "cluster_numbers",
    "cluster_sums",
    "design_effect",
    "error_rate",
    "estimate_from_sums",
    "finite_array",
    "mean_estimate",
    "normal_interval",
    "t_interval",
    "wilson_interval",
]

SAME = 1e-13
"""Relative spread below which values are equal up to rounding."""
TOO_LARGE = "the scores are too large: their squares overflow"
TOO_SMALL = "the scores are too small: their squares underflow"
_HIGHEST_LEVEL = 0.999999999
_RESOLVED = 1e-9
"""Below this share of the raw sum of squares, a centred sum is mostly rounding error."""


@attrs.frozen(slots=True, kw_only=True)
class Estimate:
    """A mean with its standard error and interval, all in the units of the scores.

    `n` counts scores, `n_items` the independent units behind them. What is undefined is None, and
    `reason` says why. `method` names the interval: `wilson` (0/1 items), `t` (one score per item),
    `t_item_means` (equally many per item), `t_item_clusters` (unequally many) or `none`.
    """

    n: int
    n_items: int
    mean: float | None
    se: float | None = None
    ci_lower: float | None = None
    ci_upper: float | None = None
    ci_level: float = 0.95
    method: str = "none"
    reason: str | None = None


@attrs.frozen(slots=True, kw_only=True)
class ClusterSums:
    """What the estimate needs to know of clusters with totals s_g over n_g scores (less `shift`).

    Sums of disjoint clusters with one `shift` add up. `lowest` and `highest` are over the cluster
    means, the shift added back; `magnitude` is the largest absolute score, against which rounding
    is judged. `zeros` and `ones` count the clusters whose scores are all 0 or all 1, so that
    `zeros + ones == clusters` says the items are binary.
    """

    clusters: int = 0
    count: int = 0
    total: float = 0.0
    total_squares: float = 0.0
    cross: float = 0.0
    count_squares: int = 0
    lowest: float = math.inf
    highest: float = -math.inf
    magnitude: float = 0.0
    zeros: int = 0
    ones: int = 0
    shift: float = 0.0

    def __add__(self, other: ClusterSums) -> ClusterSums:
        """The sums of both sets of clusters, which must share no cluster."""
        if not (self.clusters and other.clusters):
            return self if self.clusters else other
        if self.shift != other.shift:
            msg = f"sums shifted by {self.shift} and by {other.shift} do not add up"
            raise ValueError(msg)
        return ClusterSums(
            clusters=self.clusters + other.clusters,
            count=self.count + other.count,
            total=self.total + other.total,
            total_squares=self.total_squares + other.total_squares,
            cross=self.cross + other.cross,
            count_squares=self.count_squares + other.count_squares,
            lowest=min(self.lowest, other.lowest),
            highest=max(self.highest, other.highest),
            magnitude=max(self.magnitude, other.magnitude),
            zeros=self.zeros + other.zeros,
            ones=self.ones + other.ones,
            shift=self.shift,
        )

    @property
    def mean(self) -> float:
        """The mean of all scores; there must be one."""
        return self.shift + self.total / self.count

    @property
    def constant(self) -> bool:
        """Whether every cluster has the same mean, up to rounding."""
        return self.highest - self.lowest <= SAME * self.magnitude

    @property
    def resolved(self) -> bool:
        """Whether the spread survived rounding; if not, sum again with `shift` near the mean."""
        return self.constant or self._squared_error() > _RESOLVED * self.total_squares

    def standard_error(self, *, corrected: bool = True) -> float:
        """Cluster-robust standard error of the mean, corrected by G/(G-1) (CR1; Miller 2024).

        sqrt(G/(G-1) * sum_g (s_g - mean n_g)^2) / N, for at least two clusters; uncorrected (CR0)
        it is without the factor, and too small.
        """
        if self.constant:
            return 0.0
        correction = self.clusters / (self.clusters - 1) if corrected else 1.0
        return math.sqrt(correction * self._squared_error()) / self.count

    def _squared_error(self) -> float:
        mean = self.total / self.count
        error = self.total_squares - 2 * mean * self.cross + mean * mean * self.count_squares
        return error if math.isnan(error) else max(error, 0.0)


def mean_estimate(
    values: Sequence[float],
    *,
    clusters: Sequence[Hashable] | None = None,
    level: float = 0.95,
) -> Estimate:
    """The mean of scores with its interval; `clusters` names each score's item (default: own).

    Raises:
        ValueError: a value is not finite, or there are not as many clusters as values.
    """
    return estimate_from_sums(cluster_sums(values, clusters=clusters), level=level)


def cluster_sums(
    values: Sequence[float], *, clusters: Sequence[Hashable] | None = None
) -> ClusterSums:
    """Sum finite scores by cluster, shifted by their mean so that nothing cancels."""
    import numpy as np

    scores = finite_array(values)
    if clusters is not None and len(clusters) != len(scores):
        msg = f"{len(scores)} values with {len(clusters)} clusters: give one cluster per value"
        raise ValueError(msg)
    if not len(scores):
        return ClusterSums()
    index = np.arange(len(scores)) if clusters is None else cluster_numbers(clusters)
    with np.errstate(over="ignore", invalid="ignore"):
        return _summed(scores, index, shift=float(scores.mean()))


def _summed(scores: Any, index: Any, *, shift: float) -> ClusterSums:
    import numpy as np

    counts = np.bincount(index)
    totals = np.bincount(index, weights=scores - shift)
    means = np.bincount(index, weights=scores) / counts
    return ClusterSums(
        clusters=len(counts),
        count=len(scores),
        total=float(totals.sum()),
        total_squares=float((totals * totals).sum()),
        cross=float((totals * counts).sum()),
        count_squares=int((counts * counts).sum()),
        lowest=float(means.min()),
        highest=float(means.max()),
        magnitude=float(np.abs(scores).max()),
        zeros=_all_equal(scores, 0.0, index=index, counts=counts),
        ones=_all_equal(scores, 1.0, index=index, counts=counts),
        shift=shift,
    )


def cluster_numbers(clusters: Sequence[Hashable]) -> Any:
    """Each unit's cluster as a number from 0, in the order of their first units."""
    import numpy as np

    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in clusters], dtype=np.intp)


def _all_equal(scores: Any, value: float, *, index: Any, counts: Any) -> int:
    """How many clusters hold nothing but `value`."""
    import numpy as np

    return int((np.bincount(index, weights=scores == value) == counts).sum())


def estimate_from_sums(sums: ClusterSums, *, level: float = 0.95) -> Estimate:
    """The estimate that cluster sums give (see `Estimate` for the methods)."""
    check_level(level)
    known = Estimate(n=sums.count, n_items=sums.clusters, mean=None, ci_level=level)
    if sums.count == 0:
        return attrs.evolve(known, reason="no scores")
    if not math.isfinite(sums.mean):
        return attrs.evolve(known, reason=TOO_LARGE)
    known = attrs.evolve(known, mean=sums.mean)
    if sums.clusters < 2:
        return attrs.evolve(known, reason="one item: its spread is unknown")
    if not math.isfinite(sums.standard_error()):
        return attrs.evolve(known, reason=TOO_LARGE)
    known = attrs.evolve(known, se=sums.standard_error())
    if _binary(sums):
        interval = wilson_interval(sums.ones, sums.clusters, level=level)
        return _with_interval(known, interval, "wilson")
    if sums.constant:
        return attrs.evolve(known, reason="all items have the same score: no spread to infer from")
    if known.se == 0:
        return attrs.evolve(known, se=None, reason=TOO_SMALL)
    interval = t_interval(sums.mean, sums.standard_error(), df=sums.clusters - 1, level=level)
    return _with_interval(known, interval, _t_method(sums))


def _with_interval(known: Estimate, interval: tuple[float, float], method: str) -> Estimate:
    return attrs.evolve(known, ci_lower=interval[0], ci_upper=interval[1], method=method)


def _binary(sums: ClusterSums) -> bool:
    """Whether the mean is a proportion of items that are each wholly 0 or wholly 1."""
    if sums.zeros + sums.ones != sums.clusters:
        return False
    return math.isclose(sums.mean, sums.ones / sums.clusters, abs_tol=1e-12)


def _t_method(sums: ClusterSums) -> str:
    if sums.count == sums.clusters:
        return "t"
    even = sums.count_squares * sums.clusters == sums.count**2
    return "t_item_means" if even else "t_item_clusters"


def design_effect(values: Sequence[float], clusters: Sequence[Hashable]) -> float | None:
    """How many times the clusters multiply the variance of the mean; None without a spread.

    n scores in clusters are worth n / design effect independent ones (Kish 1965).
    """
    if len(values) < 2 or len(set(clusters)) < 2:
        return None
    naive = cluster_sums(values).standard_error()
    return (
        (cluster_sums(values, clusters=clusters).standard_error() / naive) ** 2 if naive else None
    )


def t_interval(mean: float, se: float, *, df: float, level: float = 0.95) -> tuple[float, float]:
    """Student's interval: mean +- t(df, (1 + level)/2) se."""
    from scipy.special import stdtrit

    reach = float(stdtrit(df, (1 + level) / 2)) * se
    return mean - reach, mean + reach


def normal_interval(mean: float, se: float, *, level: float = 0.95) -> tuple[float, float]:
    """The large-sample interval: mean +- z((1 + level)/2) se. Too narrow for few scores."""
    check_level(level)
    reach = NormalDist().inv_cdf((1 + level) / 2) * se
    return mean - reach, mean + reach


def wilson_interval(successes: int, n: int, *, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a proportion (Wilson 1927; Brown, Cai, DasGupta 2001).

    (k + z^2/2)/(n + z^2) +- z/(n + z^2) sqrt(k (n - k)/n + z^2/4); it never leaves 0..1.

    Raises:
        ValueError: n is not positive, or successes are not within 0..n.
    """
    check_level(level)
    check_counts(successes, n)
    z = NormalDist().inv_cdf((1 + level) / 2)
    centre = (successes + z * z / 2) / (n + z * z)
    reach = z / (n + z * z) * math.sqrt(successes * (n - successes) / n + z * z / 4)
    lower = 0.0 if successes == 0 else centre - reach
    return lower, 1.0 if successes == n else centre + reach


def finite_array(values: Sequence[float]) -> Any:
    """The values as a float array; a NaN or infinity is a ValueError that says where."""
    import numpy as np

    array = np.asarray(values, dtype=float)
    bad = np.flatnonzero(~np.isfinite(array))
    if len(bad):
        place = int(bad[0])
        msg = f"value {place} is {array[place]}: leave out or count what is not finite"
        raise ValueError(msg)
    return array


def check_level(level: float) -> None:
    """Raise ValueError unless `level` is a confidence level between 0 and 1."""
    if not 0 < level < 1:
        msg = f"a confidence level lies between 0 and 1 (0.95, say); got {level}"
        raise ValueError(msg)
    if level > _HIGHEST_LEVEL:
        msg = f"a confidence level of {level} leaves nothing to err by: at most {_HIGHEST_LEVEL}"
        raise ValueError(msg)


def check_counts(successes: int, n: int) -> None:
    """Raise ValueError unless n is positive and `successes` is within 0..n."""
    if not 0 <= successes <= n or n == 0:
        msg = f"{successes} successes of {n}: n must be positive and successes within 0..n"
        raise ValueError(msg)


def error_rate(level: float) -> float:
    """1 - level, without the rounding that makes 1 - 0.95 a little more than 0.05."""
    check_level(level)
    return round(1 - level, 12)
