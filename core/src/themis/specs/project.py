"""What stays the same across a project's runs."""

from __future__ import annotations

from pydantic import Field

from themis.specs.evaluation import ObserverRefSpec
from themis.specs.execution import ExecutionBackendConfig, ExecutionPolicySpec, LocalBackendSpec
from themis.specs.frozen import FrozenDict, FrozenList
from themis.specs.spec import Items, Labels, Spec, Text
from themis.specs.storage import SqliteBlobStorageSpec, StorageConfig

__all__ = ["ProjectSpec"]


class ProjectSpec(Spec):
    """What stays the same across runs. Everything has a default: a project file may be absent."""

    project_name: Text = Field(default="default", description="The project's name.")
    researcher_id: str = Field(default="", description="Who runs it.")
    global_seed: int = Field(default=0, description="What every derived seed comes from.")
    storage: StorageConfig = Field(
        default_factory=SqliteBlobStorageSpec, description="Where runs are kept."
    )
    execution_policy: ExecutionPolicySpec = Field(
        default_factory=ExecutionPolicySpec, description="Retries, breakers and concurrency."
    )
    execution_backend: ExecutionBackendConfig = Field(
        default_factory=LocalBackendSpec, description="Where work is executed."
    )
    observers: Items[ObserverRefSpec] = Field(
        default_factory=FrozenList, description="Installed observers that watch every run."
    )
    metadata: Labels = Field(default_factory=FrozenDict, description="Free labels of the project.")
