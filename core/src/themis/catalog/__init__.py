"""The catalogue: components by name, and benchmarks that come along or with plugins.

Every name is imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from themis.catalog.components import builtin_component_refs, list_component_ids, load
    from themis.catalog.entries import (
        BenchmarkCatalogEntry,
        get_benchmark,
        list_benchmark_ids,
        list_benchmarks,
    )
    from themis.catalog.running import run
    from themis.catalog.validation import (
        BenchmarkValidationResult,
        ValidationStep,
        validate_benchmark,
    )

_EXPORTS = {
    "BenchmarkCatalogEntry": "entries",
    "BenchmarkValidationResult": "validation",
    "ValidationStep": "validation",
    "builtin_component_refs": "components",
    "get_benchmark": "entries",
    "list_benchmark_ids": "entries",
    "list_benchmarks": "entries",
    "list_component_ids": "components",
    "load": "components",
    "run": "running",
    "validate_benchmark": "validation",
}

__all__ = [
    "BenchmarkCatalogEntry",
    "BenchmarkValidationResult",
    "ValidationStep",
    "builtin_component_refs",
    "get_benchmark",
    "list_benchmark_ids",
    "list_benchmarks",
    "list_component_ids",
    "load",
    "run",
    "validate_benchmark",
]


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        value = globals()[name] = getattr(import_module(f"{__name__}.{_EXPORTS[name]}"), name)
        return value
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted(__all__)
