"""The experiment: one model under one prompt, on datasets, read, scored and judged."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import Field, PrivateAttr

from themis.experiment.compiling import CompiledExperiment, compile_experiment, global_seed
from themis.experiment.configs import EvaluationConfig, GenerationConfig
from themis.experiment.dataset import Datasets
from themis.experiment.parts import REPEATABLE, RunPart, check_metrics, check_stage
from themis.experiment.running import ExperimentRun, listed_subscribers
from themis.experiment.runtime_config import RuntimeConfig, StorageConfig
from themis.experiment.stores import StorePlace
from themis.experiment.wording import Say, Wording, as_fields
from themis.planning.credentials import refuse_credentials
from themis.planning.estimate import RunEstimate
from themis.planning.snapshot import RunSnapshot
from themis.plugin import TracingProvider
from themis.plugin.registry import PluginRegistry
from themis.results import RunResult
from themis.runtime.stages import RunStage, Stages
from themis.specs import DatasetSpec, Spec
from themis.specs.frozen import FrozenDict, FrozenList
from themis.specs.positions import KeyPath
from themis.specs.spec import Items, Settings

__all__ = ["Experiment"]


class Experiment(Spec):
    """One model under one prompt, on one or more datasets.

    It cannot be changed: `model_copy(update={...})` makes another. Running it twice in one store
    does only what is missing.
    """

    generation: GenerationConfig = Field(description="How candidates are generated.")
    evaluation: EvaluationConfig = Field(
        default_factory=EvaluationConfig, description="How candidates are read, scored and judged."
    )
    datasets: Datasets = Field(description="What is asked: datasets, or paths of files.")
    storage: StorageConfig | None = Field(
        default=None, description="Where runs are kept; None: in memory, with the result."
    )
    runtime: RuntimeConfig = Field(
        default_factory=RuntimeConfig, description="What changes speed, and never a result."
    )
    seeds: Items[int] = Field(
        default_factory=FrozenList,
        description="What every seed is derived from; several are made into one.",
    )
    environment_metadata: Settings = Field(
        default_factory=FrozenDict, description="Labels of where it runs: recorded, in no key."
    )
    provider_metadata: Settings = Field(
        default_factory=FrozenDict, description="Labels of who answers: recorded, in no key."
    )

    _base_dir: Path = PrivateAttr(default_factory=Path.cwd)
    _recorded: Mapping[str, Any] = PrivateAttr(default_factory=dict)
    _say: Say = PrivateAttr(default_factory=lambda: as_fields)

    @classmethod
    def from_config(cls, path: str | Path, *, overrides: Sequence[str] | None = None) -> Self:
        """The experiment in a YAML, TOML or JSON file; its relative paths start in its folder.

        Args:
            path: The file; its keys are the fields of an Experiment.
            overrides: `key=value` each, with a dotted key and a JSON value (or text):
                `generation.candidate_policy.num_samples=4`, `evaluation.metrics[0].id=contains`.

        What compiles it (`compile`, `run`, `estimate`) says where in the file a component is wrong.

        Raises:
            SpecValidationError: naming the file, line and key of everything that is wrong.
        """
        from themis.experiment.files import read_config

        experiment, written = read_config(cls, Path(path), overrides or (), sources=_sources)
        experiment._say = written  # noqa: SLF001 (of this class)
        experiment._base_dir = Path(path).absolute().parent  # noqa: SLF001 (of this class)
        return experiment

    def compile(self) -> RunSnapshot:
        """What a run of it is: identity and provenance. Reads the datasets; runs nothing."""
        return self.execution().snapshot()

    def estimate(self, *, store: Any = None) -> RunEstimate:
        """What it would take: work by stage, tokens and the assumptions; runs nothing.

        What the store has already is not counted as work.
        """
        return self.execution(store=store).estimate()

    def run(
        self,
        *,
        until_stage: RunStage = "judge",
        runtime: RuntimeConfig | Mapping[str, Any] | None = None,
        store: Any = None,
        subscribers: object = None,
        tracing_provider: TracingProvider | None = None,
    ) -> RunResult:
        """Do what is missing, and give the result; blocks until then.

        Args:
            until_stage: The last stage that is run: `generate`, `reduce`, `parse`, `score` or
                `judge`. The run records through which stage it is complete, and a later one goes on
                from there.
            runtime: In the place of the experiment's own.
            store: An open store, or the path of one, in the place of the experiment's storage.
            subscribers: Who is told what happens: an object with any of the lifecycle hooks, or
                several.
            tracing_provider: Who keeps the run's spans.
        """
        return self.execution(
            RunPart.through(until_stage), runtime, store, subscribers, tracing_provider
        ).run()

    async def run_async(
        self,
        *,
        until_stage: RunStage = "judge",
        runtime: RuntimeConfig | Mapping[str, Any] | None = None,
        store: Any = None,
        subscribers: object = None,
        tracing_provider: TracingProvider | None = None,
    ) -> RunResult:
        """`run`, awaitable: it executes on a thread, in an event loop of its own."""
        return await self.execution(
            RunPart.through(until_stage), runtime, store, subscribers, tracing_provider
        ).run_async()

    def replay(
        self,
        *,
        stage: RunStage,
        metric_ids: Collection[str] | None = None,
        runtime: RuntimeConfig | Mapping[str, Any] | None = None,
        store: Any = None,
        subscribers: object = None,
        tracing_provider: TracingProvider | None = None,
    ) -> RunResult:
        """Do a stage and what follows again, from what is stored of the stages before it.

        Args:
            stage: `reduce`, `parse`, `score` or `judge`; nothing is generated.
            metric_ids: The only metrics that are scored again; None: all.
            runtime: In the place of the experiment's own.
            store: An open store, or the path of one, in the place of the experiment's storage.
            subscribers: Who is told what happens.
            tracing_provider: Who keeps the run's spans.

        Raises:
            StorageError: the store has no run of this experiment.
        """
        part = self.part(stage, metric_ids, again=True)
        return self.execution(part, runtime, store, subscribers, tracing_provider).run()

    async def replay_async(
        self,
        *,
        stage: RunStage,
        metric_ids: Collection[str] | None = None,
        runtime: RuntimeConfig | Mapping[str, Any] | None = None,
        store: Any = None,
        subscribers: object = None,
        tracing_provider: TracingProvider | None = None,
    ) -> RunResult:
        """`replay`, awaitable."""
        part = self.part(stage, metric_ids, again=True)
        execution = self.execution(part, runtime, store, subscribers, tracing_provider)
        return await execution.run_async()

    def rejudge(
        self,
        *,
        metric_ids: Collection[str] | None = None,
        runtime: RuntimeConfig | Mapping[str, Any] | None = None,
        store: Any = None,
        subscribers: object = None,
        tracing_provider: TracingProvider | None = None,
    ) -> RunResult:
        """Finish the metrics that ask judges, where they failed or are missing, and nothing else.

        Takes the arguments of `replay`; `replay(stage="judge")` asks all of it again.

        Raises:
            StorageError: the store has no run of this experiment.
        """
        part = self.part("judge", metric_ids, again=False)
        return self.execution(part, runtime, store, subscribers, tracing_provider).run()

    async def rejudge_async(
        self,
        *,
        metric_ids: Collection[str] | None = None,
        runtime: RuntimeConfig | Mapping[str, Any] | None = None,
        store: Any = None,
        subscribers: object = None,
        tracing_provider: TracingProvider | None = None,
    ) -> RunResult:
        """`rejudge`, awaitable."""
        part = self.part("judge", metric_ids, again=False)
        execution = self.execution(part, runtime, store, subscribers, tracing_provider)
        return await execution.run_async()

    def recording(self, provenance: Mapping[str, Any]) -> Self:
        """The same experiment, with more that each of its runs records of where it was made."""
        other = self.model_copy(update={"seeds": self.seeds})
        other._recorded = {**self._recorded, **provenance}  # noqa: SLF001 (another of this class)
        other._say = self._say  # noqa: SLF001 (the same fields)
        return other

    def written(self, say: Say) -> Self:
        """The same experiment; `say` makes findings of its fields, where they were written."""
        other = self.recording({})
        other._say = say  # noqa: SLF001 (another of this class)
        return other

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """This experiment with fields replaced; relative paths start where they did."""
        other = super().model_copy(update=update, deep=deep)
        if other is not self:
            other._base_dir, other._recorded = self._base_dir, self._recorded  # noqa: SLF001 (the same)
        return other

    def execution(
        self,
        part: RunPart | None = None,
        runtime: RuntimeConfig | Mapping[str, Any] | None = None,
        store: Any = None,
        subscribers: object = None,
        tracing_provider: TracingProvider | None = None,
        *,
        registry: PluginRegistry | None = None,
    ) -> ExperimentRun:
        """One execution of it, or of a part of it, not started.

        Takes the arguments of `run`; with a `registry`, components are looked up there.
        """
        wording = Wording(self, self._say)
        with wording.used():
            self._refuse_credentials()
            compiled = self._compiled(registry)
        chosen = self.runtime if runtime is None else RuntimeConfig.of(runtime)
        place = StorePlace.of(store, self.storage, base_dir=self._base_dir, runtime=chosen)
        return ExperimentRun(
            compiled=compiled,
            wording=wording,
            runtime=chosen,
            seed=global_seed(self.seeds),
            provenance=self._provenance(chosen),
            place=place,
            base_dir=self._base_dir,
            part=part or RunPart(),
            subscribers=listed_subscribers(subscribers),
            tracing_provider=tracing_provider,
        )

    def part(
        self, stage: RunStage, metric_ids: Collection[str] | None = None, *, again: bool
    ) -> RunPart:
        """A stage and what follows of a run that is there, of some metrics or all.

        With `again`, what there is of them is done again; else only what failed or is missing.

        Raises:
            SpecValidationError: the stage cannot be done again, or there is no such metric.
        """
        check_stage(stage, REPEATABLE)
        known = [entry.reported_name for entry in self._compiled().metrics]
        chosen = None if metric_ids is None else check_metrics(metric_ids, known)
        stages = Stages.between(stage, "judge", metric_ids=chosen)
        return RunPart(stages=stages, again=stage if again else None, known=True)

    def _refuse_credentials(self) -> None:
        """Look at everything but cases, which may speak of credentials."""
        refuse_credentials(self, without={"datasets"})
        for number, dataset in enumerate(self.datasets):
            refuse_credentials(dataset, where=f"datasets[{number}]", without={"cases"})

    def _compiled(self, registry: PluginRegistry | None = None) -> CompiledExperiment:
        return compile_experiment(
            generation=self.generation,
            evaluation=self.evaluation,
            datasets=self.datasets,
            base_dir=self._base_dir,
            registry=registry,
        )

    def _provenance(self, runtime: RuntimeConfig) -> dict[str, Any]:
        return {
            "runtime": runtime.model_dump(mode="json"),
            "environment_metadata": dict(self.environment_metadata),
            "provider_metadata": dict(self.provider_metadata),
            "experiment": {
                "seeds": list(self.seeds),
                "candidate_policy": self.generation.candidate_policy.model_dump(mode="json"),
                "judge_config": dict(self.evaluation.judge_config),
                "workflow_overrides": dict(self.evaluation.workflow_overrides),
            },
            **self._recorded,
        }


def _sources(experiment: Experiment) -> Iterator[tuple[KeyPath, DatasetSpec]]:
    """Where each dataset's rows are read from, and its place in a file."""
    for number, dataset in enumerate(experiment.datasets):
        yield ("datasets", number, "source"), dataset.source
