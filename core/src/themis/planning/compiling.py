"""Compiles an experiment into a plan. All findings are reported at once, before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import attrs

from themis.errors import SpecIssue, SpecValidationError
from themis.planning.binding import Binder, BoundComponent
from themis.planning.capabilities import check_capabilities
from themis.planning.credentials import credential_issues
from themis.planning.keys import described_key
from themis.planning.measures import MeasureCompiler, hook_identities
from themis.planning.plan import Arm, Plan, SlicePlan
from themis.planning.prompts import PromptRenderer, slice_namespace
from themis.planning.tools import BoundTools
from themis.planning.transforms import transform_issues
from themis.specs import (
    ExperimentSpec,
    InferenceParamsSpec,
    ModelSpec,
    PromptVariantSpec,
    SliceSpec,
)

if TYPE_CHECKING:
    from themis.plugin.registry import PluginRegistry
    from themis.plugin.resolution import LockedComponent

__all__ = ["compile_plan"]

_GENERATION_HOOKS = ("pre_inference", "post_inference")


def compile_plan(
    experiment: ExperimentSpec,
    *,
    registry: PluginRegistry,
    global_seed: int,
    pinned: Iterable[LockedComponent] | None = None,
) -> Plan:
    """The plan of an experiment: components resolved, prompts compiled, keys computed.

    `pinned` components are chosen before anything else: those of a plan that there is already.

    Raises:
        SpecValidationError: with every unknown component, bad configuration, undeclared template
            name, missing capability and difference from the registry's lock as an issue.
    """
    binder = Binder(registry, pinned=pinned)
    binder.check_registry()
    binder.issues.extend(credential_issues(experiment))
    compiler = _Compiler(experiment, binder, registry)
    slices = tuple(compiler.slice_plans())
    binder.raise_issues()
    return Plan(
        experiment=experiment,
        slices=slices,
        components=binder.bound,
        global_seed=global_seed,
        warnings=tuple(dict.fromkeys([*_shared_model_ids(experiment), *binder.warnings])),
    )


def _shared_model_ids(experiment: ExperimentSpec) -> Iterator[str]:
    """Models that results cannot tell apart: they are named by model_id alone."""
    providers: dict[str, list[str]] = {}
    for model in experiment.models:
        providers.setdefault(model.model_id, []).append(model.provider)
    for model_id, names in providers.items():
        if len(names) > 1:
            yield (
                f"{len(names)} models are named {model_id!r} (providers {', '.join(names)}): "
                "results name a model by its model_id, so their scores are averaged together; put "
                "each into a benchmark of its own"
            )


@attrs.frozen(slots=True)
class _ArmSubject:
    """What an arm is made of; the slice itself is no part of its key."""

    spec: SliceSpec
    variant: PromptVariantSpec
    model: ModelSpec
    params: InferenceParamsSpec
    engine: BoundComponent | None
    tools: BoundTools

    def described(self) -> dict[str, Any]:
        generation = self.spec.generation
        handlers = self.tools.identity()
        return {
            "variant": self.variant.model_dump(mode="json"),
            "model": self.model.model_id if self.engine else self.model.model_dump(mode="json"),
            "engine": self.engine.identity if self.engine else None,
            "params": self.params.model_dump(mode="json"),
            "generation": generation.model_dump(mode="json") if generation else None,
            **({"tool_handlers": handlers} if handlers else {}),
        }


class _Compiler:
    def __init__(
        self, experiment: ExperimentSpec, binder: Binder, registry: PluginRegistry
    ) -> None:
        self.experiment = experiment
        self.binder = binder
        self._hooks = hook_identities(registry)
        self._measures = MeasureCompiler(binder, self._hooks)
        self._arms = 0

    def slice_plans(self) -> Iterator[SlicePlan]:
        """The slices in order, their arms and metrics numbered through."""
        for position, spec in enumerate(self.experiment.slices):
            where = f"slices[{position}]"
            self.binder.issues.extend(
                SpecIssue(issue.message, key=f"{where}.{issue.key}")
                for issue in transform_issues(spec.dataset.transforms)
            )
            measures = self._measures
            parses = {parse.name: measures.parse(parse, where) for parse in spec.parses}
            tools = BoundTools.of(spec, self.binder, where)
            yield SlicePlan(
                spec=spec,
                tool_handlers=tools.handlers,
                arms=tuple(self._slice_arms(spec, tools, where)),
                reduction=measures.reduction(spec, where),
                parses=tuple(parses.values()),
                scores=tuple(measures.score(score, parses, spec, where) for score in spec.scores),
            )

    def _slice_arms(self, spec: SliceSpec, tools: BoundTools, where: str) -> Iterator[Arm]:
        engines = [
            self._engine(spec, model, f"models[{n}].provider")
            for n, model in enumerate(self.experiment.models)
        ]
        for variant in self.experiment.variants_for(spec):
            renderer, follow_ups = self._renderers(spec, variant, where)
            for model, engine in zip(self.experiment.models, engines, strict=True):
                for params in self.experiment.params:
                    subject = _ArmSubject(spec, variant, model, params, engine, tools)
                    yield self._arm(subject, renderer, follow_ups)

    def _engine(self, spec: SliceSpec, model: ModelSpec, where: str) -> BoundComponent | None:
        if spec.generation is None:
            return None
        engine = self.binder.bind("engine", model.provider, model.extras, where)
        if engine is not None:
            findings = check_capabilities(engine, spec, self.experiment)
            self.binder.warnings.extend(findings.warnings)
            self.binder.issues.extend(SpecIssue(text, key=where) for text in findings.errors)
        return engine

    def _renderers(
        self, spec: SliceSpec, variant: PromptVariantSpec, where: str
    ) -> tuple[PromptRenderer | None, tuple[PromptRenderer, ...]]:
        turns = spec.generation.follow_ups if spec.generation else ()
        try:
            renderer = PromptRenderer(variant)
            return renderer, tuple(renderer.turn(turn) for turn in turns)
        except SpecValidationError as error:
            self.binder.report(error, where)
            return None, ()

    def _arm(
        self,
        subject: _ArmSubject,
        renderer: PromptRenderer | None,
        follow_ups: tuple[PromptRenderer, ...],
    ) -> Arm:
        reads = set().union(*(r.reads for r in (renderer, *follow_ups) if r is not None))
        described = subject.described() | {"hooks": [self._hooks[p] for p in _GENERATION_HOOKS]}
        if "slice" in reads:
            described["slice"] = slice_namespace(subject.spec)
        arm = Arm(
            index=self._arms,
            benchmark_id=self.experiment.experiment_id,
            slice_spec=subject.spec,
            variant=subject.variant,
            model=subject.model,
            params=subject.params,
            engine=subject.engine,
            key=described_key("arm", described),
            renderer=renderer,
            follow_ups=follow_ups,
        )
        self._arms += 1
        return arm
