from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from themis.specs import BenchmarkSpec

MINIMAL: dict[str, Any] = {
    "benchmark_id": "arithmetic",
    "models": [{"model_id": "m", "provider": "demo"}],
    "slices": [
        {
            "slice_id": "easy",
            "dataset": {"source": "memory"},
            "generation": {},
            "parses": [{"name": "number", "extractors": ["first_number"]}],
            "scores": [{"name": "exact", "parse": "number", "metrics": ["exact_match"]}],
        }
    ],
    "prompt_variants": [
        {"id": "plain", "messages": [{"role": "user", "content": "{{ item.question }}"}]},
        {"id": "cot", "family": "slow", "messages": [{"role": "user", "content": "Think."}]},
    ],
    "inference_grid": {"params": [{}]},
}


@pytest.fixture
def benchmark() -> Callable[..., BenchmarkSpec]:
    """A small benchmark with fields replaced."""

    def make(**changes: Any) -> BenchmarkSpec:
        return BenchmarkSpec.model_validate({**MINIMAL, **changes})

    return make


@pytest.fixture
def slice_fields() -> dict[str, Any]:
    """The fields of the small benchmark's slice."""
    return dict(MINIMAL["slices"][0])
