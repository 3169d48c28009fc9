"""Do two judges agree? Cohen's kappa; Fleiss' and Krippendorff's alpha have files of their own."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Literal, get_args

import attrs

from themis.statistics.estimate import check_level, cluster_numbers

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

__all__ = [
    "Agreement",
    "KappaWeights",
    "Scale",
    "check_ratings",
    "check_scale",
    "cohen_kappa",
    "confusion_table",
    "rated_kappa",
    "scale_distances",
]

KappaWeights = Literal["none", "linear", "quadratic"]
Scale = Literal["nominal", "ordinal", "interval", "ratio"]
_RATED = {
    "nominal": "cohen_kappa",
    "ordinal": "cohen_kappa_quadratic_ranks",
    "interval": "cohen_kappa_quadratic",
    "ratio": "cohen_kappa_quadratic_ratio",
}
_LARGEST = 1e150
"""The squares of larger ratings, and of their differences, overflow."""
_NO_SPREAD = 1e-6
"""A standard error below this is the root of a rounding error."""


@attrs.frozen(slots=True, kw_only=True)
class Agreement:
    """Agreement beyond chance: 1 is perfect, 0 what chance gives, None undefined (see `reason`).

    `observed` and `expected` are the shares of agreement seen and due to chance; `n` counts units
    of `n_items` independent items, which the standard error is from.
    """

    value: float | None
    n: int
    n_items: int
    observed: float | None = None
    expected: float | None = None
    se: float | None = None
    ci_lower: float | None = None
    ci_upper: float | None = None
    ci_level: float = 0.95
    method: str = "none"
    reason: str | None = None


def confusion_table(
    first: Sequence[Hashable], second: Sequence[Hashable], *, categories: Sequence[Hashable] | None
) -> list[list[int]]:
    """How often the first judge said the row and the second the column.

    `categories` gives the order, which weights need; None takes them as they come.
    """
    if len(first) != len(second):
        msg = f"{len(first)} and {len(second)} ratings: both judges must rate the same units"
        raise ValueError(msg)
    known = list(dict.fromkeys([*first, *second]) if categories is None else categories)
    place = {category: index for index, category in enumerate(known)}
    table = [[0] * len(known) for _ in known]
    for left, right in zip(first, second, strict=True):
        table[place[left]][place[right]] += 1
    return table


def cohen_kappa(
    table: Sequence[Sequence[int]], *, weights: KappaWeights = "none", level: float = 0.95
) -> Agreement:
    """Cohen's kappa of a square table of counts, with its large-sample standard error.

    Fleiss, Cohen and Everitt (1969); `linear` and `quadratic` weigh near misses by their distance.
    """
    check_level(level)
    counts = _square(table)
    n = int(counts.sum())
    method = "cohen_kappa" if weights == "none" else f"cohen_kappa_{weights}"
    known = Agreement(value=None, n=n, n_items=n, ci_level=level, method=method)
    known, pulls = _kappa(known, counts, _weights(len(counts), weights))
    if known.value is None:
        return known
    return _with_normal_interval(known, math.sqrt(float((counts * pulls**2).sum())) / n)


def rated_kappa(
    first: Sequence[float | None],
    second: Sequence[float | None],
    *,
    scale: Scale = "nominal",
    clusters: Sequence[Hashable] | None = None,
    level: float = 0.95,
) -> Agreement:
    """Cohen's kappa of two judges' ratings of the same units; None or NaN is a missing one.

    Disagreements weigh as the scale has it: all alike (`nominal`), by the square of the places that
    lie between in the order of the ratings that occur (`ordinal`), of the difference (`interval`),
    or of the difference over the sum (`ratio`). `clusters[i]` names the item of unit i (default:
    its own); the standard error is the large-sample one, with the units of an item summed.

    Raises:
        ValueError: an unknown scale, ratings that it does not have, or differing numbers of ratings
            or clusters.
    """
    import numpy as np

    check_level(level)
    check_scale(scale)
    names = range(len(first)) if clusters is None else clusters
    if not len(first) == len(second) == len(names):
        msg = f"{len(first)} and {len(second)} ratings of {len(names)} items: give one per unit"
        raise ValueError(msg)
    rated = [
        (a, b, name)
        for a, b, name in zip(first, second, names, strict=True)
        if a is not None and b is not None and not (math.isnan(a) or math.isnan(b))
    ]
    values, places = np.unique(
        np.array([unit[:2] for unit in rated], dtype=float), return_inverse=True
    )
    check_ratings(values, scale)
    left, right = places.reshape(-1, 2).T
    counts = np.zeros((len(values), len(values)))
    np.add.at(counts, (left, right), 1)
    numbers = cluster_numbers([name for _, _, name in rated])
    items = int(numbers.max()) + 1 if rated else 0
    known = Agreement(value=None, n=len(rated), n_items=items, ci_level=level, method=_RATED[scale])
    ranks = np.arange(len(values), dtype=float)
    away = scale_distances(scale, ranks if scale == "ordinal" else values)
    known, pulls = _kappa(known, counts, 1 - away / (away.max() or 1.0) if len(values) else away)
    if known.value is None:
        return known
    sums = np.bincount(numbers, weights=pulls[left, right])
    return _with_normal_interval(known, math.sqrt(float((sums**2).sum())) / len(rated))


def _kappa(known: Agreement, counts: Any, agree: Any) -> tuple[Agreement, Any]:
    """Kappa, and how far a unit of each cell moves it: its influence, times the units."""
    if known.n == 0:
        return attrs.evolve(known, reason="no units were rated by both"), None
    shares = counts / known.n
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    observed, expected = float((agree * shares).sum()), float(rows @ agree @ columns)
    known = attrs.evolve(known, observed=observed, expected=expected)
    if 1 - expected < 1e-12:
        return attrs.evolve(known, reason="both judges used one category only"), None
    pull = (agree @ columns)[:, None] + (agree.T @ rows)[None, :]
    centre = observed * expected - 2 * expected + observed
    moves = (agree * (1 - expected) - pull * (1 - observed) - centre) / (1 - expected) ** 2
    return attrs.evolve(known, value=(observed - expected) / (1 - expected)), moves


def scale_distances(scale: Scale, places: Any) -> Any:
    """The squared distance between any two of the values that occur; of ranks, give the ranks."""
    import numpy as np

    if scale == "nominal":
        return 1.0 - np.eye(len(places))
    away = np.subtract.outer(places, places)
    if scale == "ratio":
        sums = np.add.outer(places, places)
        away = np.divide(away, sums, out=np.zeros_like(away), where=away != 0)
    return away**2


def check_ratings(values: Any, scale: Scale) -> None:
    """Raise ValueError for a rating that is infinite, or that the scale has no distances for."""
    largest = float(abs(values).max()) if len(values) else 0.0
    if largest > _LARGEST and (scale in {"interval", "ratio"} or largest == math.inf):
        msg = f"a rating of {largest:g} is too large: its distance from others overflows"
        raise ValueError(msg)
    if scale == "ratio" and len(values) and values.min() < 0:
        msg = f"a ratio scale starts at 0, and a rating is {values.min():g}: choose interval"
        raise ValueError(msg)


def check_scale(scale: str) -> None:
    """Raise ValueError, naming the known ones, unless `scale` is one of them."""
    if scale not in get_args(Scale):
        msg = f"unknown scale {scale!r}; known: {', '.join(get_args(Scale))}"
        raise ValueError(msg)


def _with_normal_interval(known: Agreement, se: float) -> Agreement:
    value = known.value
    assert value is not None
    if se < _NO_SPREAD:
        why = "the judges agree fully" if value > 1 - _NO_SPREAD else "the ratings leave no spread"
        return attrs.evolve(known, se=0.0, reason=f"{why}: the large-sample interval has no width")
    reach = NormalDist().inv_cdf((1 + known.ci_level) / 2) * se
    return attrs.evolve(known, se=se, ci_lower=value - reach, ci_upper=value + reach)


def _square(table: Sequence[Sequence[int]]) -> Any:
    import numpy as np

    counts = np.asarray(table, dtype=float)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or (counts < 0).any():
        msg = f"a square table of counts is needed; got shape {counts.shape}"
        raise ValueError(msg)
    return counts


def _weights(size: int, kind: str) -> Any:
    """What each cell counts as agreement: 1 on the diagonal, less away from it."""
    import numpy as np

    if kind not in get_args(KappaWeights):
        msg = f"unknown kappa weights {kind!r}; known: {', '.join(get_args(KappaWeights))}"
        raise ValueError(msg)
    if kind == "none" or size < 2:
        return np.eye(size)
    away = np.abs(np.subtract.outer(np.arange(size), np.arange(size))) / (size - 1)
    return 1 - (away if kind == "linear" else away**2)
