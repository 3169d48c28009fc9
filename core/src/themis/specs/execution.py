"""How and where a run's work is executed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from themis.errors import ErrorCode
from themis.specs.frozen import FrozenList, freeze
from themis.specs.spec import Items, Problem, Spec, Text

__all__ = [
    "BatchBackendSpec",
    "ExecutionBackendConfig",
    "ExecutionPolicySpec",
    "LocalBackendSpec",
    "PluginBackendSpec",
    "WorkerPoolBackendSpec",
]


class ExecutionPolicySpec(Spec):
    """How failures are met, and how much is under way at once."""

    max_retries: int = Field(default=3, ge=0, description="How often a failed call is repeated.")
    retry_backoff_factor: float = Field(
        default=1.5, gt=0, description="By how much each wait before a retry grows."
    )
    circuit_breaker_threshold: int = Field(
        default=5, ge=1, description="After how many failures in a row a provider is left alone."
    )
    max_in_flight_work_items: int = Field(
        default=32, ge=1, description="How many trials are under way at once."
    )
    retryable_error_codes: Items[Text] = Field(
        default_factory=FrozenList,
        description="Error codes that are retried, besides what the engine calls retryable.",
    )

    def problems(self) -> Iterator[Problem]:
        """Codes that no error has."""
        known = [code.value for code in ErrorCode]
        for index, code in enumerate(self.retryable_error_codes):
            if code not in known:
                yield Problem(
                    ("retryable_error_codes", index),
                    f"{code!r} is no error code; use one of {', '.join(known)}",
                )


class LocalBackendSpec(Spec):
    """Work is done in this process."""

    kind: Literal["local"] = Field(default="local", description="The kind of backend.")


class WorkerPoolBackendSpec(Spec):
    """Work is leased by worker processes that share the store."""

    kind: Literal["worker_pool"] = Field(default="worker_pool", description="The kind of backend.")
    lease_ttl_seconds: float = Field(
        default=60.0, gt=0, description="How long a silent worker keeps its work."
    )
    poll_interval_seconds: float = Field(
        default=1.0, gt=0, description="How often an idle worker asks for work."
    )
    worker_tags: Items[Text] = Field(
        default_factory=FrozenList, description="Only workers with all of these tags; empty: any."
    )


class BatchBackendSpec(Spec):
    """Work is handed to a provider's batch service."""

    kind: Literal["batch"] = Field(default="batch", description="The kind of backend.")
    provider: Text = Field(description="The batch service: [provider/]name[@version].")
    poll_interval_seconds: float = Field(
        default=30.0, gt=0, description="How often the batch's state is asked for."
    )
    max_batch_items: int = Field(default=1000, ge=1, description="The largest batch.")


_BUILT_IN = frozenset({"local", "worker_pool", "batch"})


class PluginBackendSpec(Spec):
    """A backend of a plugin; every further field is validated by the plugin's own model."""

    model_config = ConfigDict(extra="allow")

    kind: Text = Field(description="The name of the plugin's execution backend.")

    @model_validator(mode="before")
    @classmethod
    def _freeze_fields(cls, value: Any) -> Any:
        return freeze(value) if isinstance(value, Mapping) else value

    @property
    def settings(self) -> dict[str, Any]:
        """Every field but `kind`."""
        return dict(self.model_extra or {})

    def problems(self) -> Iterator[Problem]:
        """A built-in kind, which has a spec of its own."""
        if self.kind in _BUILT_IN:
            yield Problem(("kind",), f"{self.kind} is built in; use its own spec class")


def _kind_of(value: Any) -> str:
    if isinstance(value, Mapping):
        kind = value.get("kind", "local")
    else:
        kind = getattr(value, "kind", "local")
    return kind if isinstance(kind, str) and kind in _BUILT_IN else "plugin"


ExecutionBackendConfig = Annotated[
    Annotated[LocalBackendSpec, Tag("local")]
    | Annotated[WorkerPoolBackendSpec, Tag("worker_pool")]
    | Annotated[BatchBackendSpec, Tag("batch")]
    | Annotated[PluginBackendSpec, Tag("plugin")],
    Discriminator(_kind_of),
]
"""Any execution backend, told apart by `kind`; without one it is `local`."""
