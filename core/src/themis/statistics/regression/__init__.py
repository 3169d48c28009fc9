"""Has a metric got worse? Five ways to judge a current mean by what came before.

`detect` applies the checks of one metric and gives a row for each; `RegressionConfig` says which
checks a metric gets. A bad configuration is an error, never a green result.
"""

from themis.statistics.regression.checks import (
    CheckMethod,
    RegressionCheck,
    Severity,
)
from themis.statistics.regression.config import RegressionConfig
from themis.statistics.regression.detection import Measured, detect
from themis.statistics.regression.rows import (
    RegressionRow,
    RegressionVerdict,
    blocks,
    worst_verdict,
)

__all__ = [
    "CheckMethod",
    "Measured",
    "RegressionCheck",
    "RegressionConfig",
    "RegressionRow",
    "RegressionVerdict",
    "Severity",
    "blocks",
    "detect",
    "worst_verdict",
]
