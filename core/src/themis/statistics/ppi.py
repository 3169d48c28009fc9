"""Few human labels, many judge scores: prediction-powered inference."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import attrs

from themis.statistics.estimate import SAME, check_level, finite_array, mean_estimate, t_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PredictionPowered", "prediction_powered_mean"]

LEAST_LABELS = 3
"""Two leave no degree of freedom for a weight."""
FEW_LABELS = 10
"""With fewer of graded labels t leans wholly on their being normal."""


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
    variance, cov(labels, judged)/((1 + n/N) var(judged)), within 0..1, and t loses a degree of
    freedom to it. The interval holds however wrong the judge is:

    * `prediction_powered_wilson`, of labels that are 0 or 1: Wilson's, of as many labels as give
      the standard error. That is taken with two labels more, on which the judge errs either way
      as far as it can (Agresti and Min 2005): few labels need not show every error. A mean that
      would be below 0 or above 1 is 0 or 1.
    * `prediction_powered_t`, of others: t; of fewer than 10, `reason` is a caution.
    * `labels_only_...` where there is nothing else to judge, or there are two labels: the mean of
      the labels, as `mean_estimate` has it.

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
    if len(human) < 2:
        reason = "fewer than two labelled items: their spread is unknown"
        return attrs.evolve(known, reason=reason)
    if len(others) < 2 or len(human) < LEAST_LABELS:
        return _labels_only(known, human)
    known = attrs.evolve(known, labels_only_se=float(human.std(ddof=1)) / math.sqrt(len(human)))
    sides = _Sides(human, paired, others)
    if ((human == 0) | (human == 1)).all():
        return _of_right_and_wrong(known, sides, weight)
    return _of_scores(known, sides, weight)


@attrs.frozen(slots=True)
class _Sides:
    """The labels, the judge's scores of them, and its scores of the other items, as arrays."""

    human: Any
    paired: Any
    others: Any

    def best_weight(self) -> float:
        import numpy as np

        human, paired = self.human, self.paired
        spread = np.concatenate([paired, self.others]).var(ddof=1)
        if spread == 0:
            return 0.0
        shared = ((human - human.mean()) * (paired - paired.mean())).sum() / (len(human) - 1)
        ratio = 1 + len(human) / len(self.others)
        return float(min(max(shared / (ratio * spread), 0.0), 1.0))

    def mean(self, weight: float) -> float:
        return float((self.human - weight * self.paired).mean() + weight * self.others.mean())

    def standard_error(self, weight: float, *, ddof: int) -> float:
        rest = self.human - weight * self.paired
        judged = weight**2 * self.others.var(ddof=1) / len(self.others)
        return math.sqrt(float(rest.var(ddof=ddof) / len(rest) + judged))

    def with_errors(self) -> _Sides:
        """Two labels more: 1 at the judge's lowest score, and 0 at its highest."""
        import numpy as np

        scores = np.concatenate([self.paired, self.others])
        paired = np.append(self.paired, [scores.min(), scores.max()])
        return _Sides(np.append(self.human, [1.0, 0.0]), paired, self.others)


def _labels_only(known: PredictionPowered, human: Any) -> PredictionPowered:
    found = mean_estimate(human, level=known.ci_level)
    return attrs.evolve(
        known,
        mean=found.mean,
        se=found.se,
        ci_lower=found.ci_lower,
        ci_upper=found.ci_upper,
        weight=0.0,
        labels_only_se=found.se,
        method=f"labels_only_{found.method}",
        reason=found.reason,
    )


def _of_scores(known: PredictionPowered, sides: _Sides, weight: float | None) -> PredictionPowered:
    believed = sides.best_weight() if weight is None else weight
    spent = 1 if weight is not None else 2
    mean, se = sides.mean(believed), sides.standard_error(believed, ddof=spent)
    known = attrs.evolve(known, mean=mean, se=se, weight=believed)
    if se <= SAME * float(abs(sides.human).max()):
        return attrs.evolve(known, reason="nothing varies: no spread to infer from")
    lower, upper = t_interval(mean, se, df=known.n_labelled - spent, level=known.ci_level)
    few = f"fewer than {FEW_LABELS} labels: the interval is right only of labels without long tails"
    return attrs.evolve(
        known,
        ci_lower=lower,
        ci_upper=upper,
        method="prediction_powered_t",
        reason=few if known.n_labelled < FEW_LABELS else None,
    )


def _of_right_and_wrong(
    known: PredictionPowered, sides: _Sides, weight: float | None
) -> PredictionPowered:
    more = sides.with_errors()
    believed = sides.best_weight() if weight is None else weight
    mean, se = more.mean(believed), more.standard_error(believed, ddof=1)
    lower, upper = _wilson_of(mean, se, df=known.n_labelled - 1, level=known.ci_level)
    seen = min(max(sides.mean(believed), 0.0), 1.0)
    return attrs.evolve(
        known,
        mean=seen,
        se=sides.standard_error(believed, ddof=1),
        weight=believed,
        ci_lower=min(lower, seen),
        ci_upper=max(upper, seen),
        method="prediction_powered_wilson",
    )


def _wilson_of(mean: float, se: float, *, df: int, level: float) -> tuple[float, float]:
    """Wilson's interval of a share, from as many items as would give this standard error."""
    from scipy.special import stdtrit

    share = min(max(mean, 0.0), 1.0)
    items = max(share * (1 - share) / se**2, 1.0)
    squares = float(stdtrit(df, (1 + level) / 2)) ** 2 / items
    centre = (share + squares / 2) / (1 + squares)
    reach = math.sqrt(squares * share * (1 - share) + squares**2 / 4) / (1 + squares)
    return centre - reach, centre + reach
