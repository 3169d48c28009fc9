"""Do judges agree? Cohen's kappa of two, Fleiss' of many; Krippendorff's alpha is in a file of
its own.
"""  # noqa: D205 (one sentence, two lines)

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Literal, get_args

import attrs

from themis.statistics.estimate import check_level

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

__all__ = ["Agreement", "KappaWeights", "cohen_kappa", "confusion_table", "fleiss_kappa"]

KappaWeights = Literal["none", "linear", "quadratic"]
_NO_SPREAD = 1e-6
"""A standard error below this is the root of a rounding error."""


@attrs.frozen(slots=True, kw_only=True)
class Agreement:
    """Agreement beyond chance: 1 is perfect, 0 what chance gives, None undefined (see `reason`).

    `observed` and `expected` are the shares of agreement seen and due to chance; `n` counts units.
    """

    value: float | None
    n: int
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
    import numpy as np

    check_level(level)
    counts = _square(table)
    n = int(counts.sum())
    method = "cohen_kappa" if weights == "none" else f"cohen_kappa_{weights}"
    known = Agreement(value=None, n=n, ci_level=level, method=method)
    if n == 0:
        return attrs.evolve(known, reason="no units were rated by both")
    shares, agree = counts / n, _weights(len(counts), weights)
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    observed, expected = float((agree * shares).sum()), float(rows @ agree @ columns)
    known = attrs.evolve(known, observed=observed, expected=expected)
    if 1 - expected < 1e-12:
        return attrs.evolve(known, reason="both judges used one category only")
    pull = (agree @ columns)[:, None] + (agree.T @ rows)[None, :]
    spread = (shares * (agree * (1 - expected) - pull * (1 - observed)) ** 2).sum()
    spread -= (observed * expected - 2 * expected + observed) ** 2
    se = float(np.sqrt(max(spread, 0.0) / n)) / (1 - expected) ** 2
    return _with_normal_interval(known, (observed - expected) / (1 - expected), se)


def fleiss_kappa(counts: Sequence[Sequence[int]]) -> Agreement:
    """Fleiss' kappa (1971): a row per unit, a column per category, equally many ratings per row.

    Raises:
        ValueError: rows have differing numbers of ratings, or fewer than two.
    """
    import numpy as np

    table = np.asarray(counts, dtype=float)
    known = Agreement(value=None, n=len(table), method="fleiss_kappa")
    if not len(table):
        return attrs.evolve(known, reason="no units were rated")
    ratings = table.sum(axis=1)
    if ratings.min() != ratings.max() or ratings[0] < 2:
        msg = "every unit needs the same number of ratings, two or more; see krippendorff_alpha"
        raise ValueError(msg)
    judges = float(ratings[0])
    observed = float(((table**2).sum(axis=1) - judges).mean()) / (judges * (judges - 1))
    expected = float(((table.sum(axis=0) / table.sum()) ** 2).sum())
    known = attrs.evolve(known, observed=observed, expected=expected)
    if 1 - expected < 1e-12:
        return attrs.evolve(known, reason="the judges used one category only")
    return attrs.evolve(known, value=(observed - expected) / (1 - expected))


def _with_normal_interval(known: Agreement, value: float, se: float) -> Agreement:
    if se < _NO_SPREAD:
        why = "the judges agree fully" if value > 1 - _NO_SPREAD else "the ratings leave no spread"
        reason = f"{why}: the large-sample interval has no width"
        return attrs.evolve(known, value=value, se=0.0, reason=reason)
    reach = NormalDist().inv_cdf((1 + known.ci_level) / 2) * se
    return attrs.evolve(known, value=value, se=se, ci_lower=value - reach, ci_upper=value + reach)


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
