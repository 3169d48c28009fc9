"""From an experiment to the plan's own terms: a compiled spec, a project, and local components."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from themis.errors import SpecIssue, SpecValidationError
from themis.experiment.components import as_component, judge_kind, local_name
from themis.experiment.rows import CaseProvider
from themis.plugin.component import ResolvedComponent
from themis.plugin.declarations import ComponentKind
from themis.plugin.refs import normalise, parse_ref
from themis.plugin.registry import PluginRegistry
from themis.records import EngineCapabilities
from themis.records.canonical import digest
from themis.runtime.providers import DatasetProviders
from themis.specs import (
    ExperimentSpec,
    ExtractorRefSpec,
    GenerationSpec,
    JudgeInferenceSpec,
    MetricRefSpec,
    ModelSpec,
    ParseSpec,
    ReducerRefSpec,
    ReductionSpec,
    ScoreSpec,
    SelectorRefSpec,
    SliceSpec,
    Spec,
)
from themis.specs.findings import nearest

if TYPE_CHECKING:
    from themis.experiment.configs import EvaluationConfig, GenerationConfig
    from themis.experiment.dataset import Dataset, DatasetSource

__all__ = ["CompiledExperiment", "LocalComponents", "compile_experiment", "global_seed"]

_ANYTHING = EngineCapabilities(
    response_formats=("text", "json"), logprobs=True, seed=True, tools=True, images=True
)
"""A plain function, or an engine that says nothing else, is given whatever is asked."""


@attrs.frozen(slots=True, kw_only=True)
class CompiledExperiment:
    """What the runtime is given: the spec, the components it may name, and who gives the cases.

    Without a `provider` the cases are those of the datasets that the spec names.
    """

    spec: ExperimentSpec
    registry: PluginRegistry
    provider: CaseProvider | None = None

    def provenance(self) -> dict[str, Any]:
        """Who gives the rows, where that is not plain from the spec."""
        if self.provider is None:
            return {}
        return {"dataset_providers": self.provider.labels(self.spec.slices)}

    def limited(self, count: int) -> CompiledExperiment:
        """At most `count` items of each slice: a sample, the same one each time."""
        slices = [_sampled(part, count) for part in self.spec.slices]
        return attrs.evolve(self, spec=self.spec.model_copy(update={"slices": slices}))

    @property
    def metrics(self) -> list[MetricRefSpec]:
        """The metrics, which are those of every slice."""
        return [metric for score in self.spec.slices[0].scores for metric in score.metrics]


def compile_experiment(
    *,
    generation: GenerationConfig,
    evaluation: EvaluationConfig,
    datasets: Sequence[Dataset | DatasetSource],
    base_dir: Path,
    registry: PluginRegistry | None = None,
) -> CompiledExperiment:
    """The compiled form of an experiment.

    Components are looked up in the `registry`, or in one of all that is installed; those of this
    process are registered there.

    Raises:
        SpecValidationError: what is given does not fit together.
    """
    registry = registry or PluginRegistry()
    local = LocalComponents(registry)
    parsers = [
        local.reference("extractor", given, ExtractorRefSpec) for given in evaluation.parsers
    ]
    measures = _Measures(evaluation, registry, local, parsers=parsers)
    reduction = measures.reduction(generation)
    metrics = list(measures.metrics())
    variant = generation.prompt_spec.variant()
    slices = [
        SliceSpec(
            slice_id=dataset.dataset_id,
            dataset=dataset.source,
            generation=GenerationSpec(),
            prompt_variant_ids=[variant.id],
            reduction=reduction,
            parses=[ParseSpec(name="answer", extractors=parsers)] if parsers else [],
            scores=[_score(metrics, parsed=bool(parsers))] if metrics else [],
        )
        for dataset in datasets
    ]
    spec = ExperimentSpec(
        experiment_id="+".join(dataset.dataset_id for dataset in datasets),
        slices=slices,
        prompt_variants=[variant],
        models=[_model(generation, local)],
        params=[generation.params],
        num_samples=generation.candidate_policy.num_samples,
    )
    sources = DatasetProviders(registry=registry, base_dir=base_dir)
    provider = CaseProvider(datasets=datasets, sources=sources)
    return CompiledExperiment(spec=spec, registry=registry, provider=provider)


def _sampled(part: SliceSpec, count: int) -> SliceSpec:
    query = part.dataset_query
    fewer = {"kind": "subset", "count": min(query.count or count, count), "strata_field": None}
    return part.model_copy(update={"dataset_query": query.model_copy(update=fewer)})


def global_seed(seeds: Sequence[int]) -> int:
    """What every derived seed comes from: the seed, or several made into one; 0 without any."""
    if len(seeds) <= 1:
        return next(iter(seeds), 0)
    return int.from_bytes(digest(b"seeds", *(b"%d" % seed for seed in seeds))[:4], "big")


def _score(metrics: Sequence[MetricRefSpec], *, parsed: bool) -> ScoreSpec:
    return ScoreSpec(name="scores", parse="answer" if parsed else None, metrics=list(metrics))


def _model(generation: GenerationConfig, local: LocalComponents) -> ModelSpec:
    field = "input" if generation.prompt_spec.is_input_only else None
    return local.model(generation.generator, field=field)


class LocalComponents:
    """Registers components of this process, each under a name that no other of its kind has."""

    def __init__(self, registry: PluginRegistry) -> None:
        self._registry = registry
        self._names: dict[tuple[ComponentKind, str], Any] = {}

    def reserve(self, kind: ComponentKind, name: str) -> None:
        """Keep a name for a component that is given by reference."""
        self._names[kind, normalise(name)] = None

    def add(self, kind: ComponentKind, given: Any, *, field: str | None = None) -> str:
        """Register a component or a plain function; gives its name, the same one each time."""
        wanted = local_name(given)
        for name in _numbered(wanted):
            key = (kind, normalise(name))
            if key not in self._names:
                self._register(kind, name, as_component(given, kind, name=name, field=field))
                self._names[key] = given
                return name
            if self._names[key] is given:
                return name
        raise AssertionError  # the numbers do not end

    def model(self, given: Any, *, field: str | None = None) -> ModelSpec:
        """The model that was given, or one whose engine is what was registered for it."""
        if isinstance(given, ModelSpec):
            return given
        name = self.add("engine", given, field=field)
        return ModelSpec(model_id=name, provider=f"local/{name}")

    def reference(self, kind: ComponentKind, given: Any, form: type[Any]) -> Any:
        """The reference that was given, or one to what was registered for it."""
        return given if isinstance(given, Spec) else form(id=f"local/{self.add(kind, given)}")

    def _register(self, kind: ComponentKind, name: str, component: Any) -> None:
        if kind == "engine":
            able = getattr(component, "capabilities", None) or _ANYTHING
            self._registry.register_inference_engine(name, component, capabilities=able)
        else:
            self._registry.register(kind, name, component)


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}-{number}"
        number += 1


class _Measures:
    """The metrics of an evaluation, those that ask judges told which."""

    def __init__(
        self,
        evaluation: EvaluationConfig,
        registry: PluginRegistry,
        local: LocalComponents,
        *,
        parsers: Sequence[ExtractorRefSpec],
    ) -> None:
        self._parsers = parsers
        self._evaluation = evaluation
        self._registry = registry
        self._local = local
        self._judged = False

    def metrics(self) -> Iterator[MetricRefSpec]:
        """The metrics as references.

        Raises:
            SpecValidationError: an override is of no metric, or judges are given and none asks any.
        """
        given: Sequence[Any] = self._evaluation.metrics
        for entry in given:
            if isinstance(entry, MetricRefSpec):
                self._local.reserve("metric", entry.reported_name)
        found = [self._configured(self._named(entry)) for entry in given]
        self._check([entry.reported_name for entry in found])
        yield from found

    def reduction(self, generation: GenerationConfig) -> ReductionSpec | None:
        """How candidates are reduced; None where they are not."""
        given: Any = generation.reducer
        if given is None:
            return None
        reducer = self._local.reference("reducer", given, ReducerRefSpec)
        config = {**generation.candidate_policy.reducer_config, **reducer.config}
        reducer = reducer.model_copy(update={"config": self._told("reducer", reducer.id, config)})
        selector: Any = generation.selector
        if selector is not None:
            selector = self._local.reference("selector", selector, SelectorRefSpec)
            config = self._told("selector", selector.id, dict(selector.config))
            selector = selector.model_copy(update={"config": config})
        return ReductionSpec(reducer=reducer, selector=selector)

    def _told(self, kind: ComponentKind, ref: str, config: dict[str, Any]) -> dict[str, Any]:
        """A selector's or reducer's configuration with what else it asks for.

        Extractors are the experiment's parsers; a metric that asks judges is told which.
        """
        chosen = self._registry.explain(kind, parse_ref(ref)).chosen
        fields = frozenset() if chosen is None else ResolvedComponent(chosen).config_fields()
        told: dict[str, Any] = {}
        if "extractors" in fields and self._parsers:
            told["extractors"] = list(self._parsers)
        if "judges" in fields and self._evaluation.judge_models:
            self._judged = True
            told["judges"] = [self._judge(judge) for judge in self._evaluation.judge_models]
        told |= config
        if "metric" in fields and "metric" in config:
            told["metric"] = self._configured(MetricRefSpec.model_validate(config["metric"]))
        return told

    def _named(self, given: Any) -> MetricRefSpec:
        if isinstance(given, MetricRefSpec):
            return given
        name = self._local.add("metric", given)
        return MetricRefSpec(id=f"local/{name}", name=name)

    def _configured(self, reference: MetricRefSpec) -> MetricRefSpec:
        config = dict(reference.config)
        if self._asks_judges(reference):
            self._judged = True
            config = {**self._shared(), **config}
        config |= self._evaluation.workflow_overrides.get(reference.reported_name, {})
        return reference.model_copy(update={"config": config}) if config else reference

    def _asks_judges(self, reference: MetricRefSpec) -> bool:
        found = self._registry.explain("metric", parse_ref(reference.id))
        if found.chosen is None:  # the plan says so, with all else that is wrong
            return False
        if found.chosen.local is not None:
            return found.component().builds_workflow()
        return bool(getattr(found.chosen.declaration, "judge_backed", False))

    def _shared(self) -> dict[str, Any]:
        evaluation = self._evaluation
        shared: dict[str, Any] = dict(evaluation.judge_config)
        if evaluation.judge_models:
            shared["judges"] = [self._judge(judge) for judge in evaluation.judge_models]
        if not evaluation.prompt_spec.is_input_only:
            shared["instructions"] = _instructions(evaluation)
        return shared

    def _judge(self, given: Any) -> Any:
        if isinstance(given, (str, JudgeInferenceSpec)):
            return given
        kind = judge_kind(given)
        name = self._local.add(kind, given)
        if kind == "judge":
            return f"local/{name}"
        return JudgeInferenceSpec(model=ModelSpec(model_id=name, provider=f"local/{name}"))

    def _check(self, names: Sequence[str]) -> None:
        issues = [
            SpecIssue(
                f"is no metric of the experiment{nearest(name, list(names))}",
                key=f"evaluation.workflow_overrides.{name}",
            )
            for name in self._evaluation.workflow_overrides
            if name not in names
        ]
        if not self._judged:
            issues += [
                SpecIssue(
                    "no metric of the experiment asks a judge; remove it, or add a metric",
                    key=f"evaluation.{field}",
                )
                for field in ("judge_models", "judge_config")
                if getattr(self._evaluation, field)
            ]
        if issues:
            raise SpecValidationError("\n".join(map(str, issues)), issues=issues)


def _instructions(evaluation: EvaluationConfig) -> str:
    """What judges are told, in the words of the evaluation's prompt."""
    prompt = evaluation.prompt_spec
    return "\n\n".join(part for part in (prompt.instructions, prompt.text("")) if part)
