"""The store of a project: SQLite's, or that of a plugin, which runs through it end to end."""

from __future__ import annotations

import pytest

from themis.builtins.datasets import MemoryDatasetProvider
from themis.errors import PluginError
from themis.plugin.registry import PluginRegistry
from themis.runtime.orchestrator import Orchestrator
from themis.specs import (
    BenchmarkSpec,
    DatasetSpec,
    GenerationSpec,
    InferenceGridSpec,
    InferenceParamsSpec,
    MetricRefSpec,
    ModelSpec,
    PluginStorageSpec,
    ProjectSpec,
    PromptMessage,
    PromptVariantSpec,
    ScoreSpec,
    SliceSpec,
)

PLUGIN = """
    from pathlib import Path
    from pydantic import BaseModel, ConfigDict, Field
    from themis.plugin import PluginInfo, StorageBackendDeclaration, hookimpl

    @hookimpl
    def themis_plugin():
        return PluginInfo(core_api=">=1.0,<2", summary="Stores in a shelf.")

    @hookimpl
    def themis_storage_backends():
        return [StorageBackendDeclaration(
            name="shelf", implementation="{module}:open_shelf", config="{module}:Shelf",
            version="1.0", summary="A shelf.",
        )]

    class Shelf(BaseModel):
        model_config = ConfigDict(extra="forbid")
        shelf: str = Field(description="Its name.")
        base_dir: str = Field(default=".", description="Where it stands.")

    def open_shelf(config, *, read_only=False):
        from themis.storage import SqliteRunStore
        return SqliteRunStore(Path(config.base_dir) / config.shelf, read_only=read_only)
"""


def benchmark():
    asked = PromptMessage(role="user", content="{{ item.answer }}")
    return BenchmarkSpec(
        benchmark_id="shelved",
        models=[ModelSpec(model_id="m", provider="echo")],
        slices=[
            SliceSpec(
                slice_id="s",
                dataset=DatasetSpec(source="memory"),
                generation=GenerationSpec(),
                scores=[ScoreSpec(name="exact", metrics=[MetricRefSpec(id="exact_match")])],
            )
        ],
        prompt_variants=[PromptVariantSpec(id="p", messages=[asked])],
        inference_grid=InferenceGridSpec(params=[InferenceParamsSpec()]),
    )


def opened(folder, **settings):
    project = ProjectSpec(storage=PluginStorageSpec.model_validate(settings))
    provider = MemoryDatasetProvider([{"item_id": "1", "answer": "2"}])
    return Orchestrator.from_project_spec(
        project, registry=PluginRegistry(), dataset_provider=provider, base_dir=folder
    )


def test_a_benchmark_runs_in_the_store_of_a_plugin(site, tmp_path):
    site.install("themis-shelf", PLUGIN)
    with opened(tmp_path, backend="shelf", shelf="top") as orchestrator:
        run_id = orchestrator.run_benchmark(benchmark()).run_id
    assert (tmp_path / "top").is_dir()
    with opened(tmp_path, backend="themis-shelf/shelf", shelf="top") as orchestrator:
        result = orchestrator.result(run_id)
        assert (result.status, result.leaderboard()[0]["mean"]) == ("completed", 1.0)


def test_the_plugins_own_model_checks_its_settings(site, tmp_path):
    site.install("themis-shelf", PLUGIN)
    with pytest.raises(PluginError, match="its configuration is wrong: shelf: Field required"):
        opened(tmp_path, backend="shelf")


def test_a_backend_that_nothing_provides_is_an_error(site, tmp_path):
    with pytest.raises(PluginError, match="shelf"):
        opened(tmp_path, backend="shelf")
