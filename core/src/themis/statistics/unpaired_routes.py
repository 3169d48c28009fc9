"""Which test scores of different items get, by what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from themis.statistics.estimate import ClusterSums, cluster_sums
from themis.statistics.proportions import newcombe_p
from themis.statistics.routes import Route, figures_of, t_equivalence_p
from themis.statistics.unpaired import UnpairedTest, newcombe, welch_from_sums

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

__all__ = ["unpaired_route"]


def unpaired_route(
    before: Any,
    after: Any,
    *,
    clusters: tuple[Sequence[Hashable] | None, Sequence[Hashable] | None],
    level: float,
    margin: float | None,
) -> Route:
    """The test of finite scores, as arrays; `clusters` names the units of either side."""
    sums = cluster_sums(before, clusters=clusters[0]), cluster_sums(after, clusters=clusters[1])
    if all(map(_binary, sums)):
        left, right = ((side.ones, side.clusters) for side in sums)
        test = newcombe(left, right, level=level)
        return _route(test, _newcombe_equivalence(left, right, margin))
    test = welch_from_sums(*sums, level=level)
    if min(len(before), len(after)) == 0:
        test = attrs.evolve(test, reason="one side has no scores")
    return _route(test, t_equivalence_p(test, margin))


def _binary(sums: ClusterSums) -> bool:
    """Whether every unit is a single 0 or 1."""
    return 0 < sums.count == sums.clusters == sums.zeros + sums.ones


def _newcombe_equivalence(
    left: tuple[int, int], right: tuple[int, int], margin: float | None
) -> float | None:
    """The larger of the one-sided p-values at either end of the margin."""
    if not margin:
        return None
    delta = right[0] / right[1] - left[0] / left[1]
    sides = []
    for bound, inside in ((-margin, delta > -margin), (margin, delta < margin)):
        half = newcombe_p(left, right, difference=bound) / 2
        sides.append(half if inside else 1 - half)
    return max(sides)


def _route(test: UnpairedTest, equivalence_p: float | None) -> Route:
    units = test.n_baseline + test.n_candidate
    figures = figures_of(test, candidate_mean=test.candidate_mean, n_items=units)
    return Route(figures=figures, equivalence_p=equivalence_p, df=test.df)
