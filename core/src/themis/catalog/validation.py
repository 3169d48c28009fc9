"""Whether a benchmark of the catalogue can be loaded, materialized and scored."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import attrs

from themis.builtins.engines.echo import EchoEngine
from themis.catalog.entries import BenchmarkCatalogEntry, entry_of
from themis.catalog.running import benchmark_run
from themis.errors import ItemError, MetricError, ThemisError
from themis.experiment.parts import RunPart
from themis.planning.compiling import compile_plan
from themis.plugin.registry import PluginRegistry
from themis.specs import BenchmarkSpec
from themis.storage import InMemoryRunStore

if TYPE_CHECKING:
    from themis.experiment.running import ExperimentRun
    from themis.plugin.component import ResolvedComponent
    from themis.results import RunResult
    from themis.specs.files import BenchmarkFile

__all__ = ["BenchmarkValidationResult", "ValidationStep", "validate_benchmark"]

StepName = Literal["load", "materialize", "score"]

_ITEMS_SCORED = 2


@attrs.frozen(slots=True)
class ValidationStep:
    """A step of a validation: whether it went well (None: not tried), and what was found."""

    name: StepName
    ok: bool | None
    finding: str


@attrs.frozen(slots=True)
class BenchmarkValidationResult:
    """What a validation found, step by step."""

    benchmark_id: str
    steps: tuple[ValidationStep, ...]

    @property
    def ok(self) -> bool:
        """Whether every step went well."""
        return all(step.ok for step in self.steps)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**attrs.asdict(self), "ok": self.ok}

    def __str__(self) -> str:
        words = {True: "ok", False: "FAILED", None: "not tried"}
        lines = [f"{step.name:<11} {words[step.ok]}: {step.finding}" for step in self.steps]
        return "\n".join([f"{self.benchmark_id}: {'valid' if self.ok else 'not valid'}", *lines])


def validate_benchmark(
    name: str, *, registry: PluginRegistry | None = None
) -> BenchmarkValidationResult:
    """Try a benchmark of the catalogue, without a model and without keeping anything.

    * load: the manifest is right, and every component that it names is installed
    * materialize: every dataset is read to its end; as many items as the manifest says, none broken
    * score: two items of each slice are answered with their own prompt, parsed and scored, by every
      metric that asks no judge

    Raises:
        PluginError: there is no such benchmark; the message names near ones.
    """
    registry = registry or PluginRegistry()
    component = registry.resolve("benchmark", name)
    validation = _Validation(registry)
    steps = (
        load := validation.step("load", lambda: validation.load(component)),
        read := validation.step("materialize", validation.materialize, after=load),
        validation.step("score", validation.score, after=read),
    )
    return BenchmarkValidationResult(component.name, steps)


class _Validation:
    """The steps; each gives its finding, or raises what is wrong."""

    def __init__(self, registry: PluginRegistry) -> None:
        self._registry = registry
        self._entry: BenchmarkCatalogEntry
        self._loaded: BenchmarkFile

    def step(
        self, name: StepName, work: Callable[[], str], *, after: ValidationStep | None = None
    ) -> ValidationStep:
        """Do one step, if the one before it went well."""
        if after is not None and not after.ok:
            return ValidationStep(name, None, f"{after.name} comes first")
        try:
            return ValidationStep(name, True, work())
        except ThemisError as error:
            return ValidationStep(name, False, error.message)

    def load(self, component: ResolvedComponent) -> str:
        """Read the manifest, and find every component that it names."""
        self._entry, self._loaded = entry_of(component)
        project, spec = self._loaded.project, self._loaded.benchmark.compile()
        plan = compile_plan(spec, registry=self._registry, global_seed=project.global_seed)
        return f"{len(plan.slices)} slices, {len(plan.components)} components, all installed"

    def materialize(self) -> str:
        """Read every item of every slice, and render what is sent for it."""
        spec = self._loaded.benchmark
        with InMemoryRunStore() as store:
            orchestrator = self._run(spec).orchestrator(store)
            manifest = orchestrator.plan(spec)
            rendered = sum(1 for _ in orchestrator.trials(spec))
        found = sum(entry.item_count for entry in manifest.datasets)
        if self._entry.item_count not in {None, found}:
            msg = f"{found} items, where the manifest says item_count = {self._entry.item_count}"
            raise ItemError(msg)
        if rendered < manifest.trial_count:
            msg = (
                f"{manifest.trial_count - rendered} of {manifest.trial_count} prompts cannot be "
                "rendered; 'themis preview' of the manifest shows why"
            )
            raise ItemError(msg)
        if notices := manifest.notices():
            raise ItemError("; ".join(notices))
        return f"{found} items, {rendered} prompts rendered"

    def score(self) -> str:
        """Answer a few items with their own prompts, and score them."""
        once = self._loaded.benchmark.model_copy(update={"num_samples": 1})
        execution = self._run(once, model=EchoEngine())
        few = execution.compiled.limited(_ITEMS_SCORED)
        with attrs.evolve(execution, compiled=few, part=RunPart.through("score")).run() as result:
            return _scored(result)

    def _run(self, spec: BenchmarkSpec, *, model: Any = None) -> ExperimentRun:
        loaded = attrs.evolve(self._loaded, benchmark=spec)
        return benchmark_run(loaded, registry=self._registry, model=model)


def _scored(result: RunResult) -> str:
    """How many scores each metric gave.

    Raises:
        MetricError: something failed, or nothing was scored.
    """
    failure = next(result.iter_failures(), None)
    if failure is not None:
        where = failure["metric_id"] if failure.get("metric_id") else failure["stage"]
        msg = f"{where}: {failure['message']}"
        raise MetricError(msg)
    found = result.metrics
    given = [f"{name} {metric.n}" for name, metric in found.items() if metric.n]
    if not given and found:
        return f"nothing to try without a judge: {', '.join(found)}"
    if not given:
        msg = "the benchmark has no metrics; give its slices scores"
        raise MetricError(msg)
    judged = [name for name, metric in found.items() if not metric.n]
    more = f"; not tried, they ask judges: {', '.join(judged)}" if judged else ""
    return f"scores by metric: {', '.join(given)}{more}"
