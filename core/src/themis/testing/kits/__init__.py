"""Conformance kits: one class of checks per kind, to inherit in a test module.

pytest is told to rewrite the kits' assertions, so that a failing check shows its values.
"""

from __future__ import annotations

import sys

_MODULES = (
    "backend",
    "dataset",
    "engine",
    "exporter",
    "extractor",
    "judge",
    "kit",
    "metric",
    "plugin",
    "reducer",
    "store",
)
if "pytest" in sys.modules:
    import pytest

    pytest.register_assert_rewrite(*(f"{__name__}.{name}" for name in _MODULES))

from themis.testing.kits.backend import BackendKit  # noqa: E402
from themis.testing.kits.check import Check, CheckOutcome, Level, check, needs, outcome_of  # noqa: E402
from themis.testing.kits.dataset import DatasetKit  # noqa: E402
from themis.testing.kits.engine import EngineFailure, EngineKit  # noqa: E402
from themis.testing.kits.exporter import ExporterKit  # noqa: E402
from themis.testing.kits.extractor import ExtractorKit  # noqa: E402
from themis.testing.kits.judge import JudgeKit  # noqa: E402
from themis.testing.kits.kit import LIVE, ComponentKit, Kit  # noqa: E402
from themis.testing.kits.metric import MetricKit  # noqa: E402
from themis.testing.kits.plugin import PluginKit  # noqa: E402
from themis.testing.kits.reducer import ReducerKit  # noqa: E402
from themis.testing.kits.report import CheckReport, run_checks  # noqa: E402
from themis.testing.kits.store import StoreKit  # noqa: E402
from themis.testing.kits.table import KITS  # noqa: E402

__all__ = [
    "KITS",
    "LIVE",
    "BackendKit",
    "Check",
    "CheckOutcome",
    "CheckReport",
    "ComponentKit",
    "DatasetKit",
    "EngineFailure",
    "EngineKit",
    "ExporterKit",
    "ExtractorKit",
    "JudgeKit",
    "Kit",
    "Level",
    "MetricKit",
    "PluginKit",
    "ReducerKit",
    "StoreKit",
    "check",
    "needs",
    "outcome_of",
    "run_checks",
]
