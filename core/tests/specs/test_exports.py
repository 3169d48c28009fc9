from __future__ import annotations

import pytest

import themis
from themis import specs


@pytest.mark.parametrize(
    "name",
    [
        "BenchmarkSpec", "SliceSpec", "DatasetQuerySpec", "PromptVariantSpec", "ParseSpec",
        "ScoreSpec", "ProjectSpec", "ModelSpec", "InferenceGridSpec", "InferenceParamsSpec",
        "PromptMessage", "ExecutionPolicySpec", "SqliteBlobStorageSpec", "PostgresBlobStorageSpec",
        "StorageSpec", "StorageConfig",
    ],
)  # fmt: skip
def test_the_root_package_gives_the_specs_that_users_write(name: str) -> None:
    assert getattr(themis, name) is getattr(specs, name)
    assert name in dir(themis)
