"""Statistics of scores: pure functions on numbers, which know nothing of runs or stores.

What is undefined is None with a `reason`; `method` always names the route taken.
"""

from themis.statistics.estimate import (
    ClusterSums,
    Estimate,
    cluster_sums,
    estimate_from_sums,
    mean_estimate,
    t_interval,
    wilson_interval,
)
from themis.statistics.multiplicity import Adjustment, adjust, family_size
from themis.statistics.paired import PairedTest, paired_t, sign_flip_constant_p

__all__ = [
    "Adjustment",
    "ClusterSums",
    "Estimate",
    "PairedTest",
    "adjust",
    "cluster_sums",
    "estimate_from_sums",
    "family_size",
    "mean_estimate",
    "paired_t",
    "sign_flip_constant_p",
    "t_interval",
    "wilson_interval",
]
