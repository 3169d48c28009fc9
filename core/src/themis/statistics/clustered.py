"""A mean whose items belong together: passages, conversations, authors."""

from __future__ import annotations

import attrs

from themis.statistics.estimate import ClusterSums, Estimate, estimate_from_sums

__all__ = ["estimate_of_clusters"]


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
