"""Items that belong together: passages, conversations, authors."""

from __future__ import annotations

import attrs

from themis.statistics.comparing import Comparison
from themis.statistics.estimate import ClusterSums, Estimate, estimate_from_sums
from themis.statistics.paired import ONE_ITEM
from themis.statistics.unpaired import FEW_ITEMS

__all__ = ["comparison_of_clusters", "estimate_of_clusters"]

_REASONS = {
    ONE_ITEM: "one cluster: the spread of differences between clusters is unknown",
    FEW_ITEMS: "fewer than two clusters on one side: no spread to judge by",
}
_METHODS = {"paired_t_item_clusters": "paired_t_clusters"}


def estimate_of_clusters(sums: ClusterSums, *, items: int, level: float = 0.95) -> Estimate:
    """The estimate of scores of so many items, with the spread taken between clusters of them.

    `t_clusters`: the clustered standard error (CR1) and t with one degree of freedom less than
    there are clusters; `wilson_clusters` where each cluster is wholly 0 or wholly 1. With fewer
    than two clusters the spread is unknown, and `reason` says so. `n_items` counts items.
    """
    found = attrs.evolve(estimate_from_sums(sums, level=level), n_items=items)
    if found.ci_lower is not None:
        name = "wilson" if found.method == "wilson" else "t"
        return attrs.evolve(found, method=f"{name}_clusters")
    if found.mean is None:
        return found
    if sums.clusters < 2:
        return attrs.evolve(found, reason="one cluster: the spread between clusters is unknown")
    if found.se == 0:
        reason = "all clusters have the same mean: no spread to infer from"
        return attrs.evolve(found, reason=reason)
    return found


def comparison_of_clusters(found: Comparison, *, items: int) -> Comparison:
    """A comparison whose units are clusters of so many items, with either counted and named.

    `n_items` counts items and `n_clusters` the units; `paired_t_clusters` is the t test over
    several pairs of a cluster.
    """
    return attrs.evolve(
        found,
        n_items=items,
        n_clusters=found.n_items,
        method=_METHODS.get(found.method, found.method),
        reason=None if found.reason is None else _REASONS.get(found.reason, found.reason),
    )
