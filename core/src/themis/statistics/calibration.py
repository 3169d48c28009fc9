"""Is confidence calibrated? Confidences are within 0..1, outcomes are right (1) or wrong (0)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from themis.statistics.estimate import Estimate, finite_array, mean_estimate

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

__all__ = [
    "NO_INTERVAL_OF_ECE",
    "CalibrationBin",
    "brier_estimate",
    "brier_score",
    "calibration_bins",
    "expected_calibration_error",
]

NO_INTERVAL_OF_ECE = (
    "ece has no interval: where bins hold few answers it is biased upwards, and that of a resample "
    "more so"
)


@attrs.frozen(slots=True, kw_only=True)
class CalibrationBin:
    """The answers whose confidence lies in [lower, upper); the last bin holds 1 too."""

    lower: float
    upper: float
    n: int
    mean_confidence: float | None
    accuracy: float | None


def brier_score(confidence: Sequence[float], correct: Sequence[float]) -> float | None:
    """mean((confidence - correct)^2) (Brier 1950): 0 is best; None of no answers."""
    said, right = _checked(confidence, correct)
    return float(((said - right) ** 2).mean()) if len(said) else None


def brier_estimate(
    confidence: Sequence[float],
    correct: Sequence[float],
    *,
    clusters: Sequence[Hashable] | None = None,
    level: float = 0.95,
) -> Estimate:
    """The Brier score with its interval: it is the mean of squared errors, over items.

    `clusters[i]` names the item of answer i (default: its own).
    """
    said, right = _checked(confidence, correct)
    return mean_estimate((said - right) ** 2, clusters=clusters, level=level)


def calibration_bins(
    confidence: Sequence[float], correct: Sequence[float], *, bins: int = 10
) -> list[CalibrationBin]:
    """Equal-width bins of confidence, each with its accuracy; for a reliability diagram."""
    import numpy as np

    if bins < 1:
        msg = f"at least one bin is needed; got {bins}"
        raise ValueError(msg)
    said, right = _checked(confidence, correct)
    edges = np.arange(bins + 1) / bins
    index = np.minimum(np.searchsorted(edges, said, side="right") - 1, bins - 1)
    counts = np.bincount(index, minlength=bins)
    confidences = np.bincount(index, weights=said, minlength=bins)
    hits = np.bincount(index, weights=right, minlength=bins)
    return [
        CalibrationBin(
            lower=float(edges[place]),
            upper=float(edges[place + 1]),
            n=int(n),
            mean_confidence=float(confidences[place] / n) if n else None,
            accuracy=float(hits[place] / n) if n else None,
        )
        for place, n in enumerate(counts)
    ]


def expected_calibration_error(
    confidence: Sequence[float], correct: Sequence[float], *, bins: int = 10
) -> float | None:
    """Sum over bins of n_b/n |accuracy_b - mean confidence_b| (Naeini 2015); None of no answers.

    It depends on the bins, and is biased upwards where they hold few answers.
    """
    found = calibration_bins(confidence, correct, bins=bins)
    total = sum(one.n for one in found)
    gaps = (
        one.n * abs(one.accuracy - one.mean_confidence)
        for one in found
        if one.accuracy is not None and one.mean_confidence is not None
    )
    return sum(gaps) / total if total else None


def _checked(confidence: Sequence[float], correct: Sequence[float]) -> tuple[Any, Any]:
    said, right = finite_array(confidence), finite_array(correct)
    if len(said) != len(right):
        msg = f"{len(said)} confidences and {len(right)} outcomes: give one per answer"
        raise ValueError(msg)
    if len(said) and (said.min() < 0 or said.max() > 1):
        msg = f"confidence lies between 0 and 1; got {said.min()} to {said.max()}"
        raise ValueError(msg)
    if len(right) and (right.min() < 0 or right.max() > 1):
        msg = f"an outcome lies between 0 (wrong) and 1 (right); got {right.min()} to {right.max()}"
        raise ValueError(msg)
    return said, right
