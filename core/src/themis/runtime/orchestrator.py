"""The Orchestrator: compiles a benchmark to a plan, runs it once, durably, and reads the result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from themis.errors import SpecValidationError
from themis.planning.diff import RunDiff
from themis.planning.estimate import CostEstimate, PriceTable
from themis.planning.manifest import RunManifest
from themis.plugin.registry import PluginRegistry
from themis.results import BenchmarkResult, ExperimentResult
from themis.runtime.backends import project_backends
from themis.runtime.context import RuntimeContext
from themis.runtime.execution import Execution, ProgressListener
from themis.runtime.given import expect
from themis.runtime.handoff import HandOff
from themis.runtime.handoff_files import EvaluationHandOff, GenerationHandOff
from themis.runtime.hooks import Hooks
from themis.runtime.importing import ImportSummary, import_candidates
from themis.runtime.logging import get_logger
from themis.runtime.observers import TelemetryBus
from themis.runtime.partitions import execution_backend
from themis.runtime.planner import PlannedRun, RunPlanner
from themis.runtime.progress import ProgressSnapshot
from themis.runtime.providers import DatasetProviders
from themis.runtime.rendering import blocking
from themis.runtime.stages import RunStage, Stages
from themis.runtime.stores import open_project_store
from themis.runtime.tools import check_handlers
from themis.runtime.watching import watch_run
from themis.runtime.withdrawing import withdraw
from themis.specs import BenchmarkSpec, ExperimentSpec, ProjectSpec
from themis.storage import RunStore

if TYPE_CHECKING:
    from themis.planning.preview import PromptPreview
    from themis.plugin import DatasetProvider
    from themis.plugin.lock import Lock
    from themis.records import CandidateRecord, TrialRecord, TrialSpec

__all__ = ["Orchestrator", "PreparedRun", "RunHandle"]

Spec = BenchmarkSpec | ExperimentSpec
_ELSEWHERE = frozenset({"worker_pool", "batch"})
"""Kinds of execution backend whose work is done by other processes."""
_ENDED = frozenset({"completed", "partial_failure", "failed"})
"""Statuses of a run that nobody works on any more."""


@attrs.frozen(slots=True, kw_only=True)
class RunHandle:
    """A submitted run: its id, where it executes, and its status when the handle was made."""

    run_id: str
    backend: str
    status: str


@attrs.frozen(slots=True, kw_only=True)
class PreparedRun:
    """A planned run, and the execution of what it lacks, not started; None: it lacks nothing."""

    planned: PlannedRun
    execution: Execution | None

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.planned.manifest.run_id


class Orchestrator:
    """Plans, runs and reads benchmarks of one project.

    Make one with `from_project_spec` or `from_project_file`; use it as a context manager, or call
    `close()`, so that the store is released.
    """

    def __init__(self, *_: Any, **__: Any) -> None:
        msg = (
            "Orchestrator is made by Orchestrator.from_project_spec(project) or "
            "Orchestrator.from_project_file(path), not by calling the class"
        )
        raise TypeError(msg)

    _project: ProjectSpec
    _registry: PluginRegistry
    _store: RunStore
    _owns_store: bool
    _planner: RunPlanner
    _parallel_candidates: int
    _bus: TelemetryBus | None

    @classmethod
    def from_project_spec(
        cls,
        project: ProjectSpec,
        *,
        registry: PluginRegistry | None = None,
        dataset_provider: DatasetProvider | None = None,
        dataset_loader: Callable[..., Iterable[Mapping[str, Any]]] | None = None,
        parallel_candidates: int = 5,
        telemetry_bus: TelemetryBus | None = None,
        storage_bundle: RunStore | None = None,
        base_dir: str | Path | None = None,
        provenance: Mapping[str, Any] | None = None,
    ) -> Orchestrator:
        """An orchestrator of `project`.

        Args:
            project: Storage, seed and execution policy.
            registry: Components; by default the built-ins and every installed plugin's.
            dataset_provider: Asked for every slice's items, whatever the slice's source.
            dataset_loader: A function of a DatasetSpec that gives its items; the short form of a
                provider. Only one of the two may be given.
            parallel_candidates: How many samples of one trial are under way at once.
            telemetry_bus: Observers of the run.
            storage_bundle: An open store to use; it is not closed with the orchestrator.
            base_dir: Where relative paths in specs start; by default the working folder.
            provenance: Recorded in every manifest, over what is found out here.
        """
        made = "such as ProjectSpec.model_validate(...) makes of a dict"
        expect(project, ProjectSpec, "project", hint=made)
        if telemetry_bus is not None:
            expect(telemetry_bus, TelemetryBus, "telemetry_bus")
        if parallel_candidates < 1:
            msg = f"parallel_candidates is {parallel_candidates}; give 1 or more"
            raise SpecValidationError(msg)
        self = object.__new__(cls)
        self._project = project
        self._registry = registry if registry is not None else PluginRegistry()
        folder = Path(base_dir) if base_dir is not None else Path.cwd()
        self._owns_store = storage_bundle is None
        backends = project_backends(project, self._registry, storage=self._owns_store)
        self._store = (
            storage_bundle
            if storage_bundle is not None
            else open_project_store(project, folder, self._registry)
        )
        self._planner = RunPlanner(
            project=project,
            registry=self._registry,
            store=self._store,
            providers=DatasetProviders(
                registry=self._registry,
                base_dir=folder,
                provider=dataset_provider,
                loader=dataset_loader,
            ),
            backends=backends,
            provenance=provenance or {},
        )
        self._parallel_candidates = parallel_candidates
        self._bus = telemetry_bus
        return self

    @classmethod
    def from_project_file(cls, path: str | Path, **options: Any) -> Orchestrator:
        """An orchestrator of the project in a .toml or .json file.

        Takes the options of `from_project_spec`; relative paths start at the file's folder.

        Raises:
            SpecValidationError: for any other file, or one that does not parse or validate.
        """
        from themis.specs.files import load_project_file

        loaded = load_project_file(path, suffixes=(".toml", ".json"))
        options.setdefault("base_dir", loaded.base_dir)
        return cls.from_project_spec(loaded.project, **options)

    def __enter__(self) -> Orchestrator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the store; may be called twice."""
        if self._owns_store:
            self._store.close()

    @property
    def db_manager(self) -> RunStore:
        """The active storage connection manager."""
        return self._store

    def plan(self, spec: Spec) -> RunManifest:
        """Compile `spec`, resolve its components and persist the manifest. Runs nothing."""
        return self._plan(spec).manifest

    def run(
        self,
        spec: Spec,
        *,
        runtime: RuntimeContext | None = None,
        progress: ProgressListener | None = None,
    ) -> ExperimentResult:
        """Generation, transforms and evaluations: whatever is missing."""
        return self._run(self._plan(spec), Stages(), runtime, progress)

    def run_benchmark(
        self,
        spec: Spec,
        *,
        runtime: RuntimeContext | None = None,
        progress: ProgressListener | None = None,
    ) -> BenchmarkResult:
        """`run` for a BenchmarkSpec."""
        return self._run(self._plan(spec), Stages(), runtime, progress)

    def generate(
        self,
        spec: Spec,
        *,
        runtime: RuntimeContext | None = None,
        progress: ProgressListener | None = None,
    ) -> BenchmarkResult:
        """Only the missing generations."""
        stages = Stages.between("generate", "generate")
        return self._run(self._plan(spec), stages, runtime, progress)

    def transform(
        self,
        spec: Spec,
        *,
        runtime: RuntimeContext | None = None,
        progress: ProgressListener | None = None,
    ) -> BenchmarkResult:
        """Only the missing reductions and parses of the candidates that there are."""
        stages = Stages.between("reduce", "parse")
        return self._run(self._plan(spec), stages, runtime, progress)

    def evaluate(
        self,
        spec: Spec,
        *,
        runtime: RuntimeContext | None = None,
        progress: ProgressListener | None = None,
    ) -> BenchmarkResult:
        """The missing scores of the candidates that there are, and what they need before."""
        return self._run(self._plan(spec), Stages(generate=False), runtime, progress)

    def submit(
        self,
        spec: Spec,
        *,
        runtime: RuntimeContext | None = None,
        progress: ProgressListener | None = None,
    ) -> RunHandle:
        """Persist the manifest; execute now only where the backend is this machine."""
        planned = self._plan(spec)
        backend = self._project.execution_backend.kind
        if backend not in _ELSEWHERE:
            self._run(planned, Stages(), runtime, progress)
        return self._handle(planned.manifest.run_id, backend)

    def resume(
        self,
        run_id: str,
        *,
        runtime: RuntimeContext | None = None,
        progress: ProgressListener | None = None,
    ) -> BenchmarkResult | RunHandle:
        """Continue a persisted run; a RunHandle while it is somebody else's, else the result.

        Where the backend is elsewhere, the result is that of a run that has ended there, with what
        failed in it; nothing is tried again here.
        """
        row = self._store.run(run_id)
        backend = self._project.execution_backend.kind
        if backend not in _ELSEWHERE:
            return self._run(self._planner.reopen(row.run_id), Stages(), runtime, progress)
        if row.status in _ENDED:
            return self.result(row.run_id)
        return self._handle(row.run_id, backend)

    def run_part(
        self,
        run_id: str,
        *,
        stages: Stages,
        again: RunStage | None = None,
        runtime: RuntimeContext | None = None,
        progress: ProgressListener | None = None,
    ) -> BenchmarkResult:
        """Do what a persisted run lacks of some stages, here.

        What the stage `again` and those after it made is withdrawn first: it is made again. Of
        scores, only those of the metrics that `stages` names.
        """
        planned = self._planner.reopen(run_id)
        if again is not None:
            withdraw(self._store, planned, again, metric_ids=stages.metric_ids)
        return self._run(planned, stages, runtime, progress)

    def get_run_progress(self, run_id: str) -> ProgressSnapshot | None:
        """The persisted progress of a run, or None."""
        payload = self._store.load_progress(run_id)
        return ProgressSnapshot.from_dict(payload) if payload is not None else None

    def estimate(self, spec: Spec, *, prices: PriceTable | None = None) -> CostEstimate:
        """Work items by stage, how many are done, tokens and (with prices) cost; runs nothing."""
        from themis.runtime.estimating import estimate

        return estimate(self._planner, _compiled(spec), prices)

    def diff_specs(
        self, baseline: Spec, treatment: Spec, *, planned_by: Orchestrator | None = None
    ) -> RunDiff:
        """What changed from `baseline` to `treatment`, and what of each stage would run again.

        `planned_by` plans the treatment, where its components or data are not those of this one.
        """
        from themis.runtime.survey import diff

        return diff(
            self._planner,
            _compiled(baseline),
            _compiled(treatment),
            treatment_planner=(planned_by or self)._planner,  # noqa: SLF001 (of this class)
        )

    def lock(self, spec: Spec) -> Lock:
        """Exactly what `spec` resolves to, as it is installed; runs nothing."""
        return self._planner.lock(_compiled(spec))

    def run_id(self, spec: Spec) -> str:
        """The id of a spec's run; reads the datasets, and keeps nothing."""
        from themis.runtime.survey import survey

        return survey(self._planner, _compiled(spec)).run_id

    def preview(
        self, spec: Spec, *, item_ids: Sequence[str] = (), limit: int = 1
    ) -> list[PromptPreview]:
        """Exactly what would be sent for the first `limit` items of each slice; calls nothing."""
        from themis.runtime.survey import preview

        hooks = self._hooks()
        return preview(self._planner, _compiled(spec), hooks, item_ids=item_ids, limit=limit)

    def trials(self, spec: Spec) -> Iterator[TrialSpec]:
        """Every trial of a spec, rendered: what `import_candidates` records are about."""
        from themis.runtime.survey import trials

        return trials(self._planner, _compiled(spec), self._hooks())

    def result(self, run_id: str) -> BenchmarkResult:
        """The result of a run that the store holds."""
        return BenchmarkResult(self._store, self._store.run(run_id).run_id)

    def import_candidates(self, trial_records: Sequence[TrialRecord]) -> ImportSummary:
        """Take prebuilt candidates into the store, under their trials' keys.

        They are recorded as a run of their own; slices without a generation stage score them.
        """
        return import_candidates(self._store, trial_records)

    def export_generation_bundle(self, spec: Spec) -> GenerationHandOff:
        """The pending generations of a spec, for somebody else to do."""
        return self._hand_off().export_generation(self._plan(spec))

    def import_generation_results(
        self, bundle: GenerationHandOff, records: Iterable[TrialRecord | CandidateRecord]
    ) -> ImportSummary:
        """Take back what somebody generated for a bundle."""
        return self._hand_off().import_generation(bundle, records)

    def export_evaluation_bundle(self, spec: Spec) -> EvaluationHandOff:
        """The pending scores of a spec, with the candidates they are about.

        The reductions and parses that the scores read are done first, here.
        """
        planned = self._plan(spec)
        self._run(planned, Stages.between("reduce", "parse"), None, None)
        return self._hand_off().export_evaluation(planned)

    def import_evaluation_results(
        self, bundle: EvaluationHandOff, records: Iterable[TrialRecord | CandidateRecord]
    ) -> ImportSummary:
        """Take back what somebody scored for a bundle."""
        return self._hand_off().import_evaluation(bundle, records)

    def _plan(self, spec: Spec) -> PlannedRun:
        return self._planner.plan(_compiled(spec))

    def _hand_off(self) -> HandOff:
        return HandOff(self._store, self._hooks())

    def _hooks(self) -> Hooks:
        return Hooks.of(self._registry.iter_hooks())

    def _handle(self, run_id: str, backend: str) -> RunHandle:
        status = self._store.run(run_id).status
        return RunHandle(run_id=run_id, backend=backend, status=status)

    def prepare(
        self,
        spec: Spec,
        *,
        stages: Stages | None = None,
        again: RunStage | None = None,
        runtime: RuntimeContext | None = None,
        progress: ProgressListener | None = None,
    ) -> PreparedRun:
        """Persist the manifest, and make the execution of what is missing for the caller to run.

        What the stage `again` and those after it made is withdrawn first: it is made again. Of
        scores, only those of the metrics that `stages` names.
        """
        planned, stages = self._plan(spec), stages or Stages()
        if again is not None:
            withdraw(self._store, planned, again, metric_ids=stages.metric_ids)
        return self._prepared(planned, stages, runtime, progress)

    def _run(
        self,
        planned: PlannedRun,
        stages: Stages,
        runtime: RuntimeContext | None,
        progress: ProgressListener | None,
    ) -> BenchmarkResult:
        prepared = self._prepared(planned, stages, runtime, progress)
        if prepared.execution is not None:
            blocking(prepared.execution.run())
            self._store.flush()
        return BenchmarkResult(self._store, prepared.run_id)

    def _prepared(
        self,
        planned: PlannedRun,
        stages: Stages,
        runtime: RuntimeContext | None,
        progress: ProgressListener | None,
    ) -> PreparedRun:
        if runtime is not None:
            expect(runtime, RuntimeContext, "runtime")
        if self._store.run(planned.manifest.run_id).status == "completed":
            return PreparedRun(planned=planned, execution=None)
        context = runtime or RuntimeContext()
        context.options.check_providers(planned.plan.providers)
        if stages.generate:
            check_handlers(planned.plan, context.tool_handlers)
        for notice in planned.manifest.notices():
            get_logger("themis.runtime").warning(notice)
        execution = Execution(
            planned=planned,
            store=self._store,
            project=self._project,
            registry=self._registry,
            context=context,
            stages=stages,
            parallel_candidates=self._parallel_candidates,
            bus=self._bus,
            listener=progress,
            backend=execution_backend(self._project, self._registry),
            watch=watch_run(
                planned.manifest.run_id,
                planned.manifest.benchmark_id,
                project=self._project,
                registry=self._registry,
                context=context,
            ),
        )
        return PreparedRun(planned=planned, execution=execution)


def _compiled(spec: Spec) -> ExperimentSpec:
    made = "such as BenchmarkSpec.model_validate(...) makes of a dict"
    expect(spec, (BenchmarkSpec, ExperimentSpec), "what is to run", hint=made)
    return spec.compile() if isinstance(spec, BenchmarkSpec) else spec
