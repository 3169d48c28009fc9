"""Few human labels, many judge scores: prediction-powered inference."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import attrs

from themis.statistics.estimate import check_level, finite_array, t_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PredictionPowered", "prediction_powered_mean"]


@attrs.frozen(slots=True, kw_only=True)
class PredictionPowered:
    """The mean human label, estimated with a judge's scores to help.

    `weight` says how far the judge was believed: 0 not at all (the labels alone), 1 fully.
    `labels_only_se` is the standard error that the labels alone would have had.
    """

    n_labelled: int
    n_judged: int
    mean: float | None
    se: float | None = None
    ci_lower: float | None = None
    ci_upper: float | None = None
    ci_level: float = 0.95
    weight: float | None = None
    labels_only_se: float | None = None
    method: str = "none"
    reason: str | None = None


def prediction_powered_mean(
    labels: Sequence[float],
    judged: Sequence[float],
    *,
    unlabelled: Sequence[float],
    weight: float | None = None,
    level: float = 0.95,
) -> PredictionPowered:
    """mean(labels - w judged) + w mean(unlabelled) (Angelopoulos and others 2023, PPI++).

    `labels[i]` and `judged[i]` are a person's and the judge's score of one item; `unlabelled` the
    judge's scores of other items of the same kind. `weight` None takes the one with the least
    variance, cov(labels, judged)/((1 + n/N) var(judged)), within 0..1. The interval is t with
    n - 1 degrees of freedom; it holds however wrong the judge is.

    Raises:
        ValueError: differing numbers of labels and judged scores, or a value is not finite.
    """
    check_level(level)
    human, paired, others = (finite_array(part) for part in (labels, judged, unlabelled))
    if len(human) != len(paired):
        msg = f"{len(human)} labels and {len(paired)} judged: give the judge's score of each label"
        raise ValueError(msg)
    known = PredictionPowered(
        n_labelled=len(human), n_judged=len(others), mean=None, ci_level=level
    )
    if len(human) < 2 or len(others) < 2:
        reason = "fewer than two labelled or unlabelled items: their spread is unknown"
        return attrs.evolve(known, reason=reason)
    believed = _best_weight(human, paired, others) if weight is None else weight
    rest = human - believed * paired
    variance = rest.var(ddof=1) / len(human) + believed**2 * others.var(ddof=1) / len(others)
    mean, se = float(rest.mean() + believed * others.mean()), math.sqrt(float(variance))
    known = attrs.evolve(
        known,
        mean=mean,
        se=se,
        weight=believed,
        labels_only_se=float(human.std(ddof=1)) / math.sqrt(len(human)),
    )
    if se == 0:
        return attrs.evolve(known, reason="nothing varies: no spread to infer from")
    lower, upper = t_interval(mean, se, df=len(human) - 1, level=level)
    return attrs.evolve(known, ci_lower=lower, ci_upper=upper, method="prediction_powered_t")


def _best_weight(human: Any, paired: Any, others: Any) -> float:
    import numpy as np

    spread = np.concatenate([paired, others]).var(ddof=1)
    if spread == 0:
        return 0.0
    shared = ((human - human.mean()) * (paired - paired.mean())).sum() / (len(human) - 1)
    return float(min(max(shared / ((1 + len(human) / len(others)) * spread), 0.0), 1.0))
