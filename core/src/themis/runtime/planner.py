"""Plans a run: compiles the spec, reads the datasets and persists the manifest and the trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import attrs

from themis.errors import ErrorCode, SpecValidationError
from themis.planning.compiling import compile_plan
from themis.planning.credentials import refuse_credentials
from themis.planning.locking import lock_plan
from themis.planning.manifest import RunManifest, run_identity
from themis.planning.provenance import collect_provenance
from themis.plugin.registration import BUILTIN
from themis.plugin.resolution import LockedComponent
from themis.records.secrets import redact
from themis.runtime.items import (
    ItemSource,
    MemoryKeeper,
    ScannedItems,
    SliceItems,
    StoredItems,
    StoreKeeper,
    planned_trials,
    scan_slice,
    written_all,
)
from themis.storage import PlannedArm, PlannedMetric, continuations, recording

if TYPE_CHECKING:
    from themis.planning.plan import Plan
    from themis.plugin.component import ResolvedComponent
    from themis.plugin.lock import Lock
    from themis.plugin.registry import PluginRegistry
    from themis.runtime.providers import DatasetProviders
    from themis.specs import ExperimentSpec, ProjectSpec
    from themis.storage import RunRow, RunStore

__all__ = ["PlannedRun", "RunPlanner"]

_TRIALS_PER_EVENT = 500


@attrs.frozen(slots=True, kw_only=True)
class PlannedRun:
    """A run that the store knows: `run` is its number there."""

    manifest: RunManifest
    plan: Plan
    run: int
    items: ItemSource


@attrs.frozen(slots=True, kw_only=True)
class RunPlanner:
    """Compiles and persists runs of one project; `backends` are those of plugins, by reference.

    `provenance` is recorded with each run, over what is found out here.
    """

    project: ProjectSpec
    registry: PluginRegistry
    store: RunStore
    providers: DatasetProviders
    backends: Sequence[tuple[str, ResolvedComponent]] = ()
    provenance: Mapping[str, Any] = attrs.field(factory=dict)

    def compile(self, experiment: ExperimentSpec) -> Plan:
        """The plan, without reading any dataset."""
        refuse_credentials(self.project, where="project")
        return compile_plan(
            experiment, registry=self.registry, global_seed=self.project.global_seed
        )

    def lock(self, experiment: ExperimentSpec) -> Lock:
        """What the experiment resolves to, as it is installed; no dataset is read."""
        plan = self.compile(experiment)
        datasets = self.providers.installed(part.spec for part in plan.slices)
        return lock_plan(plan, datasets=datasets, backends=self.backends, registry=self.registry)

    def scan(self, plan: Plan) -> tuple[list[SliceItems], ItemSource]:
        """Read every slice's items; payloads go to the store unless the project says no."""
        stored = getattr(self.project.storage, "store_item_payloads", True)
        keeper = StoreKeeper(self.store) if stored else MemoryKeeper()
        slices = [
            scan_slice(entry, self.providers.for_slice(entry.spec), keeper) for entry in plan.slices
        ]
        source = (
            ScannedItems(keeper.items)
            if isinstance(keeper, MemoryKeeper)
            else StoredItems(self.store)
        )
        return slices, source

    def plan(self, experiment: ExperimentSpec) -> PlannedRun:
        """Persist the run of an experiment; a run that is already there is found again."""
        plan = self.compile(experiment)
        slices, items = self.scan(plan)
        manifest = self.manifest(plan, slices)
        known = self.store.find_run(manifest.run_id)
        if known is None:
            run = self._persist(plan, slices, manifest)
        else:
            run = known.id
            self._note_provenance(known, manifest.provenance)
            if known.trial_count < manifest.trial_count:
                self._complete(plan, slices, run, known.trial_count)
        return PlannedRun(manifest=manifest, plan=plan, run=run, items=items)

    def reopen(self, run_id: str) -> PlannedRun:
        """A persisted run, compiled again from its manifest with the components it names.

        What has been installed since changes nothing, as long as those are still here.

        Raises:
            SpecValidationError: the components here are not those it was planned with, or the run
                is an import.
        """
        from themis.specs import ExperimentSpec

        row = self.store.run(run_id)
        manifest = RunManifest.from_dict(self.store.manifest(row))
        if not manifest.spec:
            msg = f"run {row.run_id[:12]} holds {row.benchmark_id}: there is nothing to go on with"
            raise SpecValidationError(msg)
        plan = compile_plan(
            ExperimentSpec.model_validate(manifest.spec),
            registry=self.registry,
            global_seed=manifest.global_seed,
            pinned=self._pinned(manifest),
        )
        if run_identity(plan, manifest.datasets) != row.run_id:
            raise SpecValidationError(_drift(manifest, plan), code=ErrorCode.PLUGIN_INCOMPATIBLE)
        self._note_provenance(row, self._provenance(plan))
        return PlannedRun(manifest=manifest, plan=plan, run=row.id, items=StoredItems(self.store))

    def _pinned(self, manifest: RunManifest) -> list[LockedComponent]:
        """The manifest's components, as far as they are here."""
        fields = ("kind", "name", "version", "provider")
        pinned = [
            LockedComponent(refs=(each["ref"],), **{name: each[name] for name in fields})
            for each in manifest.components
        ]
        here = {registration.key for registration in self.registry.snapshot().registrations}
        return [each for each in pinned if each.key in here]

    def manifest(self, plan: Plan, slices: list[SliceItems]) -> RunManifest:
        """The run's manifest."""
        datasets = [entry.summary for entry in slices]
        trials = sum(
            len(entry.ids) * len(part.arms) for entry, part in zip(slices, plan.slices, strict=True)
        )
        return RunManifest(
            run_id=run_identity(plan, datasets),
            benchmark_id=plan.experiment.experiment_id,
            spec=plan.experiment.model_dump(mode="json"),
            spec_hash=plan.experiment.canonical_hash,
            components=[component.describe() for component in plan.components],
            datasets=datasets,
            global_seed=plan.global_seed,
            num_samples=plan.experiment.num_samples,
            trial_count=trials,
            counts=stage_counts(plan, slices),
            metrics=plan.metric_rows(),
            warnings=plan.warnings,
            project=redact(self.project.model_dump(mode="json")),
            provenance=self._provenance(plan),
            keys=plan.part_keys(),
        )

    def _provenance(self, plan: Plan) -> dict[str, Any]:
        """Where the plan is made, of which distributions, and who keeps, executes and feeds it."""
        sources = self.providers.installed(part.spec for part in plan.slices)
        backends = [backend for _, backend in self.backends]
        parts = [*(entry.resolved for entry in plan.components), *sources.values(), *backends]
        recorded = collect_provenance(
            (entry.distribution for entry in self.registry.plugins() if entry.state == "ok"),
            used={BUILTIN, *(part.provider for part in parts)},
        )
        labels = {source: str(part.registration) for source, part in sources.items()}
        named = {backend.kind: str(backend.registration) for backend in backends}
        return {
            **recorded,
            "dataset_providers": labels,
            "backends": named,
            **redact(self.provenance),
        }

    def _note_provenance(self, run: RunRow, now: Mapping[str, Any]) -> None:
        """Record that an unfinished run goes on elsewhere, or with other distributions."""
        if run.status == "completed":
            return
        planned = self.store.manifest(run)["provenance"]
        further = continuations(self.store, run.run_id)
        if [planned, *further][-1] != now:
            event = recording.run_continued(
                run.id, run_id=run.run_id, number=len(further), provenance=now
            )
            self.store.append([event])

    def _persist(self, plan: Plan, slices: list[SliceItems], manifest: RunManifest) -> int:
        event = recording.run_planned(
            run_id=manifest.run_id,
            benchmark_id=manifest.benchmark_id,
            manifest=manifest.to_dict(),
            arms=[PlannedArm(**arm.describe()) for arm in plan.arms],
            metrics=[_column(row) for row in manifest.metrics],
            num_samples=manifest.num_samples,
        )
        [run] = self.store.append([event])
        self._complete(plan, slices, run, 0)
        return run

    def _complete(self, plan: Plan, slices: list[SliceItems], run: int, start: int) -> None:
        """Persist the trials that are not there: all, or those that an interruption left out.

        A source may have changed the order of its rows since then, so they are told by their keys.
        """
        there = {(row.arm, row.trial_hash) for row in self.store.iter_trials(run)} if start else ()
        rows = (
            row for row in planned_trials(plan, slices) if (row.arm, row.trial_hash) not in there
        )
        sent = []
        while chunk := list(islice(rows, _TRIALS_PER_EVENT)):
            event = recording.trials_planned(run, start=start, trials=chunk)
            sent.append(self.store.submit([event]))
            start += len(chunk)
        written_all(self.store, sent)


def _drift(manifest: RunManifest, plan: Plan) -> str:
    """Which components are not as they were planned."""
    before = {(c["kind"], c["name"]): c["identity"] for c in manifest.components}
    now = {(c.kind, c.name): c.describe()["identity"] for c in plan.components}
    changed = [
        f"{kind} {name}: planned {before.get((kind, name))}, here {now.get((kind, name))}"
        for kind, name in sorted({*before, *now})
        if before.get((kind, name)) != now.get((kind, name))
    ]
    return (
        f"run {manifest.run_id[:12]} cannot be resumed with these components; run its benchmark "
        "again (what did not change is reused), or install what it was planned with:\n"
        + "\n".join(changed or ["the pipeline hooks differ"])
    )


def _column(row: Mapping[str, Any]) -> PlannedMetric:
    """A metric of the manifest as the store's column."""
    return PlannedMetric(
        metric_id=row["metric_id"],
        score_name=row["score_name"],
        slice_id=row["slice_id"],
        evaluation_hash=row["evaluation_hash"],
        transform_hash=row["transform_hash"],
        whole_trial=row["whole_trial"],
        stage=row["stage"],
    )


def stage_counts(plan: Plan, slices: list[SliceItems]) -> dict[str, int]:
    """Work items by stage: candidates, reductions, parses, scores, and judged ones among them."""
    counts = {"generate": 0, "reduce": 0, "parse": 0, "score": 0, "judge": 0}
    samples = plan.experiment.num_samples
    for part, entry in zip(plan.slices, slices, strict=True):
        trials = len(entry.ids) * len(part.arms)
        counts["generate"] += trials * samples if part.spec.generation else 0
        counts["reduce"] += trials if part.reduction is not None else 0
        counts["parse"] += trials * (1 if part.reduction else samples) * len(part.parses)
        for metric in part.metrics:
            scores = trials * (1 if metric.whole_trial else samples)
            counts["score"] += scores
            counts["judge"] += scores if metric.judged else 0
    return {stage: n for stage, n in counts.items() if n or stage != "reduce"}
