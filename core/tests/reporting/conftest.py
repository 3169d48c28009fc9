from __future__ import annotations

import pytest

from themis.specs import BenchmarkSpec


@pytest.fixture
def benchmark() -> BenchmarkSpec:
    """A benchmark with a slice, a model with a credential, and a grid."""
    return BenchmarkSpec.model_validate(
        {
            "benchmark_id": "b",
            "models": [{"model_id": "m", "provider": "p", "extras": {"api_key": "hunter2"}}],
            "slices": [{"slice_id": "s", "dataset": {"source": "memory"}, "generation": {}}],
            "prompt_variants": [{"id": "v", "messages": [{"role": "user", "content": "hi"}]}],
            "inference_grid": {"params": [{"max_tokens": 7}]},
        }
    )
