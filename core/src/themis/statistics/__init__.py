"""Statistics of scores: pure functions on numbers, which know nothing of runs or stores.

What is undefined is None with a `reason`; `method` always names the route taken.
"""

from themis.statistics.agreement import (
    Agreement,
    KappaWeights,
    Scale,
    cohen_kappa,
    confusion_table,
    rated_kappa,
)
from themis.statistics.anytime import (
    anytime_interval,
    bounded_anytime_interval,
)
from themis.statistics.bootstrap import (
    BootstrapInterval,
    bootstrap_interval,
)
from themis.statistics.calibration import (
    NO_INTERVAL_OF_ECE,
    CalibrationBin,
    brier_estimate,
    brier_score,
    calibration_bins,
    expected_calibration_error,
)
from themis.statistics.clustered import (
    comparison_of_clusters,
    estimate_of_clusters,
)
from themis.statistics.comparing import (
    Comparison,
    compare,
    compare_unpaired,
)
from themis.statistics.discordant import (
    mcnemar,
    mcnemar_exact_p,
    mcnemar_midp_p,
    tango_interval,
)
from themis.statistics.effects import (
    PairedEffects,
    paired_effects,
)
from themis.statistics.engine import FamilyComparison, StatsEngine
from themis.statistics.equivalence import (
    Equivalence,
    equivalence_of_alike,
    tost_from_se,
    tost_paired,
    tost_with_unseen,
)
from themis.statistics.estimate import (
    ClusterSums,
    Estimate,
    cluster_sums,
    design_effect,
    estimate_from_sums,
    mean_estimate,
    normal_interval,
    t_interval,
    wilson_interval,
)
from themis.statistics.fleiss import (
    fleiss_kappa,
)
from themis.statistics.krippendorff import (
    krippendorff_alpha,
)
from themis.statistics.multiplicity import (
    Adjustment,
    adjust,
    benjamini_yekutieli,
    bonferroni,
    family_size,
)
from themis.statistics.paired import (
    PairedTest,
    paired_t,
    sign_flip_constant_p,
)
from themis.statistics.power import (
    detectable_agreement,
    detectable_difference,
    detectable_gain,
    detectable_share,
    fewest_pairs,
    items_for_paired_proportions,
    items_for_pairs,
    items_for_proportions,
    power_of,
)
from themis.statistics.ppi import (
    PredictionPowered,
    prediction_powered_mean,
)
from themis.statistics.preferences import (
    BradleyTerry,
    NoMaximumError,
    bradley_terry,
)
from themis.statistics.proportions import (
    clopper_pearson_interval,
    jeffreys_interval,
    newcombe_interval,
    uniform_prior_interval,
    wald_interval,
)
from themis.statistics.ranks import (
    sign_test_p,
    wilcoxon_p,
)
from themis.statistics.repeats import (
    RepeatSpread,
    best_of_k,
    majority,
    pass_at_k,
    pass_hat_k,
    repeat_spread,
)
from themis.statistics.sequential import (
    ConfidenceSequence,
    bounded_confidence_sequence,
    confidence_sequence,
    msprt,
)
from themis.statistics.series import (
    SeriesPoint,
    event_series,
)
from themis.statistics.sign_flip import (
    SignFlipTest,
    sign_flip_interval,
    sign_flip_test,
)
from themis.statistics.tiers import (
    Tier,
    leaderboard_tiers,
)
from themis.statistics.unpaired import (
    UnpairedTest,
    newcombe,
    welch,
)
from themis.statistics.verdicts import (
    Direction,
    Verdict,
    verdict_of,
)

__all__ = [
    "NO_INTERVAL_OF_ECE",
    "Adjustment",
    "Agreement",
    "BootstrapInterval",
    "BradleyTerry",
    "CalibrationBin",
    "ClusterSums",
    "Comparison",
    "ConfidenceSequence",
    "Direction",
    "Equivalence",
    "Estimate",
    "FamilyComparison",
    "KappaWeights",
    "NoMaximumError",
    "PairedEffects",
    "PairedTest",
    "PredictionPowered",
    "RepeatSpread",
    "Scale",
    "SeriesPoint",
    "SignFlipTest",
    "StatsEngine",
    "Tier",
    "UnpairedTest",
    "Verdict",
    "adjust",
    "anytime_interval",
    "benjamini_yekutieli",
    "best_of_k",
    "bonferroni",
    "bootstrap_interval",
    "bounded_anytime_interval",
    "bounded_confidence_sequence",
    "bradley_terry",
    "brier_estimate",
    "brier_score",
    "calibration_bins",
    "clopper_pearson_interval",
    "cluster_sums",
    "cohen_kappa",
    "compare",
    "compare_unpaired",
    "comparison_of_clusters",
    "confidence_sequence",
    "confusion_table",
    "design_effect",
    "detectable_agreement",
    "detectable_difference",
    "detectable_gain",
    "detectable_share",
    "equivalence_of_alike",
    "estimate_from_sums",
    "estimate_of_clusters",
    "event_series",
    "expected_calibration_error",
    "family_size",
    "fewest_pairs",
    "fleiss_kappa",
    "items_for_paired_proportions",
    "items_for_pairs",
    "items_for_proportions",
    "jeffreys_interval",
    "krippendorff_alpha",
    "leaderboard_tiers",
    "majority",
    "mcnemar",
    "mcnemar_exact_p",
    "mcnemar_midp_p",
    "mean_estimate",
    "msprt",
    "newcombe",
    "newcombe_interval",
    "normal_interval",
    "paired_effects",
    "paired_t",
    "pass_at_k",
    "pass_hat_k",
    "power_of",
    "prediction_powered_mean",
    "rated_kappa",
    "repeat_spread",
    "sign_flip_constant_p",
    "sign_flip_interval",
    "sign_flip_test",
    "sign_test_p",
    "t_interval",
    "tango_interval",
    "tost_from_se",
    "tost_paired",
    "tost_with_unseen",
    "uniform_prior_interval",
    "verdict_of",
    "wald_interval",
    "welch",
    "wilcoxon_p",
    "wilson_interval",
]
