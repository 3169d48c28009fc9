"""The small benchmark of the orchestrator's tests: items in memory, an engine that counts calls."""

from __future__ import annotations

from ..runtime.orchestrator.conftest import (  # noqa: F401, TID252 (fixtures, and what makes specs)
    Counting,
    engine,
    make,
    registry,
    rows,
    store,
    sums_benchmark,
    sums_slice,
)
