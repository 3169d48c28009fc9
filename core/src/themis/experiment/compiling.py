"""From an experiment to the plan's own terms: a compiled spec, a project, and local components."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from pydantic import ValidationError

from themis.errors import SpecIssue, SpecValidationError
from themis.experiment.local_components import LocalComponents
from themis.experiment.measures import Measures
from themis.experiment.rows import CaseProvider
from themis.plugin.registry import PluginRegistry
from themis.records.canonical import digest
from themis.runtime.providers import DatasetProviders
from themis.specs import (
    ExperimentSpec,
    ExtractorRefSpec,
    GenerationSpec,
    MetricRefSpec,
    ModelSpec,
    ParseSpec,
    ScoreSpec,
    SliceSpec,
)
from themis.specs.findings import value_findings
from themis.specs.positions import dotted

if TYPE_CHECKING:
    from themis.experiment.configs import EvaluationConfig, GenerationConfig
    from themis.experiment.dataset import Dataset, DatasetSource

__all__ = ["CompiledExperiment", "compile_experiment", "global_seed"]


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
    measures = Measures(evaluation, registry, local, parsers=parsers)
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
    values = {
        "name": "scores",
        "parse": "answer" if parsed else None,
        "metrics": list(metrics),
    }
    try:
        return ScoreSpec.model_validate(values)
    except ValidationError as error:
        issues = [
            SpecIssue(message, key=f"evaluation.{dotted(path)}")
            for path, message in value_findings(error, model=ScoreSpec, values=values)
        ]
        raise SpecValidationError("\n".join(map(str, issues)), issues=issues) from error


def _model(generation: GenerationConfig, local: LocalComponents) -> ModelSpec:
    field = "input" if generation.prompt_spec.is_input_only else None
    return local.model(generation.generator, field=field)
