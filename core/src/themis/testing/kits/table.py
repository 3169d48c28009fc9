"""Which kit checks which kind of component."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from themis.plugin.declarations import ComponentKind
from themis.testing.kits.backend import BackendKit
from themis.testing.kits.dataset import DatasetKit
from themis.testing.kits.engine import EngineKit
from themis.testing.kits.exporter import ExporterKit
from themis.testing.kits.extractor import ExtractorKit
from themis.testing.kits.judge import JudgeKit
from themis.testing.kits.kit import ComponentKit
from themis.testing.kits.metric import MetricKit
from themis.testing.kits.reducer import ReducerKit
from themis.testing.kits.store import StoreKit

__all__ = ["KITS"]

KITS: Mapping[ComponentKind, type[ComponentKit]] = MappingProxyType(
    {
        kit.kind: kit
        for kit in (
            EngineKit,
            ExtractorKit,
            MetricKit,
            JudgeKit,
            ReducerKit,
            DatasetKit,
            StoreKit,
            BackendKit,
            ExporterKit,
        )
    }
)
"""The kit of each kind of component."""
