"""What a plan says of the scores to come: their bounds, and how many belong to one item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from themis.runtime.progress import ExpectedScores

if TYPE_CHECKING:
    from themis.planning.plan import MetricPlan, Plan, SlicePlan

__all__ = ["expected_scores"]

Bounds = tuple[float, float]


def expected_scores(plan: Plan, samples: int) -> dict[str, ExpectedScores]:
    """By metric id, over every slice and score that has it.

    Slices of one dataset may share items, so that their scores of an item are added up.
    """
    return {
        metric_id: ExpectedScores(
            bounds=_widest([metric.bounds for _, metric in places]),
            per_item=_per_item(places, samples),
        )
        for metric_id, places in _places(plan).items()
    }


def _places(plan: Plan) -> dict[str, list[tuple[SlicePlan, MetricPlan]]]:
    found: dict[str, list[tuple[SlicePlan, MetricPlan]]] = {}
    for part in plan.slices:
        for metric in part.metrics:
            found.setdefault(metric.metric_id, []).append((part, metric))
    return found


def _widest(found: list[Bounds | None]) -> Bounds | None:
    known = [bounds for bounds in found if bounds is not None]
    if len(known) < len(found):
        return None
    return min(low for low, _ in known), max(high for _, high in known)


def _per_item(places: list[tuple[SlicePlan, MetricPlan]], samples: int) -> int:
    counts: dict[str, int] = {}
    for part, metric in places:
        dataset = part.spec.dataset
        name = f"{dataset.source} {dataset.dataset_id} {dataset.data_dir}"
        each = len(part.arms) * (1 if metric.whole_trial else samples)
        counts[name] = counts.get(name, 0) + each
    return max(counts.values())
