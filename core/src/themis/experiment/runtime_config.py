"""How an experiment is executed and where it is kept: nothing here is part of any key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from themis.errors import SpecValidationError
from themis.experiment.wording import read_as
from themis.runtime.options import RuntimeOptions
from themis.specs import ExecutionPolicySpec, Spec
from themis.specs.frozen import FrozenDict
from themis.specs.spec import Problem, Settings, Text

__all__ = ["RuntimeConfig", "StorageConfig"]

_STORE_DELAY_GROWTH = 3.0

Counts = Annotated[dict[str, int], AfterValidator(FrozenDict)]
Rates = Annotated[dict[str, float], AfterValidator(FrozenDict)]


class RuntimeConfig(Spec):
    """What changes speed and patience, and never a result."""

    max_concurrent_tasks: int = Field(
        default=32, ge=1, description="How many calls are under way at once."
    )
    stage_concurrency: Counts = Field(
        default_factory=FrozenDict, description="Calls of one stage under way at once, by stage."
    )
    provider_concurrency: Counts = Field(
        default_factory=FrozenDict,
        description="Calls to one provider under way at once, by provider.",
    )
    provider_rate_limits: Rates = Field(
        default_factory=FrozenDict,
        description="Requests a minute, by provider; none unless set.",
    )
    generation_retry_attempts: int = Field(
        default=3, ge=0, description="How often a failed call of a model is repeated."
    )
    generation_retry_delay: float = Field(
        default=0.5, gt=0, description="The longest wait before the first repetition, in seconds."
    )
    generation_retry_backoff: float = Field(
        default=2.0, gt=0, description="By how much that grows with each repetition."
    )
    judge_retry_attempts: int = Field(
        default=3, ge=0, description="How often a failed call of a judge is repeated."
    )
    judge_retry_delay: float = Field(
        default=0.5, gt=0, description="The longest wait before the first repetition, in seconds."
    )
    judge_retry_backoff: float = Field(
        default=2.0, gt=0, description="By how much that grows with each repetition."
    )
    store_retry_attempts: int = Field(
        default=5, ge=0, description="How often a write is repeated while the store is busy."
    )
    store_retry_delay: float = Field(
        default=0.05, gt=0, description="The wait before the first repetition, in seconds."
    )
    existing_run_policy: Literal["auto", "error", "rerun"] = Field(
        default="auto",
        description="What a second run of one run id does: go on with what is missing, raise an "
        "error, or do everything again.",
    )
    queue_root: Text = Field(
        default=".themis/queue", description="The folder in which submitted runs wait for workers."
    )
    batch_root: Text = Field(
        default=".themis/batch", description="The folder of the files of batch runs."
    )

    def problems(self) -> Iterator[Problem]:
        """Limits that the runtime refuses: of a stage that there is not, or not above 0."""
        try:
            self.options()
        except SpecValidationError as error:
            for issue in error.issues:
                yield Problem((issue.key.removeprefix("runtime."),), issue.message)

    def options(self) -> RuntimeOptions:
        """The limits and patience of a run."""
        return RuntimeOptions(
            stage_concurrency=self.stage_concurrency,  # type: ignore[arg-type]  # checked there
            provider_concurrency=self.provider_concurrency,
            provider_rate_limits=self.provider_rate_limits,
            retry_base_seconds=self.generation_retry_delay,
            judge_max_retries=self.judge_retry_attempts,
            judge_retry_base_seconds=self.judge_retry_delay,
            judge_retry_backoff_factor=self.judge_retry_backoff,
        )

    def policy(self) -> ExecutionPolicySpec:
        """The execution policy of a run."""
        return ExecutionPolicySpec(
            max_retries=self.generation_retry_attempts,
            retry_backoff_factor=self.generation_retry_backoff,
            max_in_flight_work_items=self.max_concurrent_tasks,
        )

    def store_retry_delays(self) -> tuple[float, ...]:
        """The waits between attempts to write to a busy store, in seconds; each is longer."""
        return tuple(
            self.store_retry_delay * _STORE_DELAY_GROWTH**attempt
            for attempt in range(self.store_retry_attempts)
        )

    @classmethod
    def of(cls, given: RuntimeConfig | Mapping[str, Any] | None) -> RuntimeConfig:
        """The configuration that was given; None: the defaults.

        Raises:
            SpecValidationError: naming every field that is wrong.
        """
        if isinstance(given, cls):
            return given
        return read_as(cls, {} if given is None else given, at=("runtime",))


class StorageConfig(Spec):
    """Where an experiment's runs are kept."""

    store: Text = Field(
        default="sqlite",
        description="sqlite, memory, or a storage backend: [provider/]name[@version].",
    )
    parameters: Settings = Field(
        default_factory=FrozenDict,
        description='The backend\'s settings; of sqlite the folder, {"path": ".themis"}.',
    )

    def problems(self) -> Iterator[Problem]:
        """Parameters that the two stores of the core do not have."""
        known = {"sqlite": {"path"}, "memory": set()}.get(self.store)
        for name in self.parameters:
            if known is not None and name not in known:
                has = "path" if known else "none"
                yield Problem(
                    ("parameters", name), f"{self.store} has no such parameter; it has: {has}"
                )
