"""Bundles: one stage's artifacts of a run as a file that another store takes in.

What a bundle brings is checked key by key against the plan that comes with it, and lands as events
like those of a run that was made here.
"""

from themis.bundles.bundle import (
    Bundle,
    EvaluationBundle,
    GenerationBundle,
    ParseBundle,
    ReductionBundle,
    ScoreBundle,
)
from themis.bundles.exporting import (
    export_evaluation_bundle,
    export_generation_bundle,
    export_parse_bundle,
    export_reduction_bundle,
    export_score_bundle,
)
from themis.bundles.importing import (
    import_evaluation_bundle,
    import_generation_bundle,
    import_parse_bundle,
    import_reduction_bundle,
    import_score_bundle,
)
from themis.bundles.plan import BundlePlan
from themis.bundles.records import (
    BundleRecord,
    EvaluationBundleRecord,
    GenerationBundleRecord,
    ParseBundleRecord,
    ReductionBundleRecord,
    ScoreBundleRecord,
)

__all__ = [
    "Bundle",
    "BundlePlan",
    "BundleRecord",
    "EvaluationBundle",
    "EvaluationBundleRecord",
    "GenerationBundle",
    "GenerationBundleRecord",
    "ParseBundle",
    "ParseBundleRecord",
    "ReductionBundle",
    "ReductionBundleRecord",
    "ScoreBundle",
    "ScoreBundleRecord",
    "export_evaluation_bundle",
    "export_generation_bundle",
    "export_parse_bundle",
    "export_reduction_bundle",
    "export_score_bundle",
    "import_evaluation_bundle",
    "import_generation_bundle",
    "import_parse_bundle",
    "import_reduction_bundle",
    "import_score_bundle",
]
