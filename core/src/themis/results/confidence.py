"""Whether answers are as sure as they say: calibration of a run's recorded confidences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from themis.records import CandidateRecord, MetricScore, ReducedCandidate
from themis.results.candidates import read_candidates
from themis.results.item_means import ItemName
from themis.results.paging import PAGE
from themis.results.trials import iter_trials
from themis.statistics import (
    NO_INTERVAL_OF_ECE,
    Estimate,
    brier_estimate,
    calibration_bins,
    expected_calibration_error,
    mean_estimate,
)
from themis.storage.reading import chunked

if TYPE_CHECKING:
    from themis.results.overlay import Overlay
    from themis.results.source import RunSource

__all__ = ["confidence_calibration"]


@attrs.define(slots=True)
class _Answers:
    """One model's answers: how sure each was, how right, of which item; how many had no say."""

    said: list[float] = attrs.field(factory=list)
    right: list[float] = attrs.field(factory=list)
    items: list[ItemName] = attrs.field(factory=list)
    left_out: int = 0


def confidence_calibration(
    source: RunSource, overlay: Overlay, *, confidence: str, metric_id: str | None, bins: int
) -> list[dict[str, Any]]:
    """One row per model; see `BenchmarkResult.calibration`."""
    layout = source.layout
    known = [name for name in layout.metric_ids if name != confidence]
    if metric_id is None and len(known) != 1:
        msg = f"name the metric that says what is right; the run has: {', '.join(known) or 'none'}"
        raise ValueError(msg)
    correct = known[0] if metric_id is None else metric_id
    layout.check_metric(correct)
    answers: dict[str, _Answers] = {model: _Answers() for model in layout.model_ids}
    for model, item, candidate in _candidates(source, overlay):
        values = _values(candidate)
        said = values.get(confidence) if confidence in layout.metric_ids else None
        said = _field(candidate, confidence) if said is None else said
        right, mine = values.get(correct), answers[model]
        if said is None or right is None:
            mine.left_out += 1
        else:
            mine.said.append(said)
            mine.right.append(right)
            mine.items.append(item)
    if not any(mine.said for mine in answers.values()):
        msg = (
            f"no answer has both a number in {confidence!r} (a metric, or a field of a parsed "
            f"answer) and a score by {correct!r}"
        )
        raise ValueError(msg)
    _check_outcomes(correct, [value for mine in answers.values() for value in mine.right])
    shared = {"confidence": confidence, "metric_id": correct}
    return [
        {"model_id": model, **shared, **_figures(mine, bins)} for model, mine in answers.items()
    ]


def _figures(mine: _Answers, bins: int) -> dict[str, Any]:
    n = len(mine.said)
    accuracy = mean_estimate(mine.right, clusters=mine.items)
    return {
        "n": n,
        "n_items": accuracy.n_items,
        "left_out": mine.left_out,
        "mean_confidence": sum(mine.said) / n if n else None,
        "ci_level": accuracy.ci_level,
        **_interval("accuracy", accuracy),
        **_interval("brier", brier_estimate(mine.said, mine.right, clusters=mine.items)),
        "ece": expected_calibration_error(mine.said, mine.right, bins=bins),
        "ece_ci_lower": None,
        "ece_ci_upper": None,
        "ece_reason": NO_INTERVAL_OF_ECE,
        "bins": [attrs.asdict(one) for one in calibration_bins(mine.said, mine.right, bins=bins)],
        "reason": None if n else "no answer has both a confidence and a score",
    }


def _check_outcomes(metric_id: str, values: Sequence[float]) -> None:
    outside = [value for value in values if not 0 <= value <= 1]
    if outside:
        msg = (
            f"{metric_id!r} does not say what is right: it has the value {outside[0]:g}, and an "
            "outcome lies between 0 (wrong) and 1 (right)"
        )
        raise ValueError(msg)


def _interval(name: str, found: Estimate) -> dict[str, Any]:
    ends = {f"{name}_ci_lower": found.ci_lower, f"{name}_ci_upper": found.ci_upper}
    return {name: found.mean, **ends, f"{name}_reason": found.reason}


def _candidates(
    source: RunSource, overlay: Overlay
) -> Iterator[tuple[str, ItemName, CandidateRecord]]:
    for trials in chunked(iter_trials(source), PAGE):
        found = read_candidates(source, trials, overlay)
        for trial in trials:
            for one in found[trial.number]:
                if not isinstance(one.record, ReducedCandidate):
                    yield trial.arm.model_id, (trial.arm.slice_id, trial.item_id), one.record


def _values(candidate: CandidateRecord) -> dict[str, float]:
    scores = candidate.evaluation.scores if candidate.evaluation else ()
    return {
        score.metric_id: score.value
        for score in scores
        if isinstance(score, MetricScore) and score.value is not None
    }


def _field(candidate: CandidateRecord, name: str) -> float | None:
    """The number in a field of the first parsed answer that has one."""
    for extraction in candidate.extractions:
        answer = extraction.parsed_answer
        value = answer.get(name) if isinstance(answer, Mapping) else None
        if isinstance(value, (int, float)):
            return float(value)
    return None
