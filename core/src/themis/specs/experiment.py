"""The compiled form of a benchmark: everything spelled out, nothing left to look up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from pydantic import Field

from themis.specs.benchmark import BenchmarkSpec, SliceSpec, selected_variants
from themis.specs.inference import InferenceParamsSpec, ModelSpec
from themis.specs.prompt import PromptVariantSpec
from themis.specs.spec import Items, Spec, Text

__all__ = ["ExperimentSpec", "compile_benchmark"]

S = TypeVar("S", bound=Spec)


class ExperimentSpec(Spec):
    """What planning works on; made by `BenchmarkSpec.compile()`.

    Each slice lists its prompt variants by id, the parameter grid is expanded, and a model or
    parameter set that is written twice is there once: its trials are the same trials.
    """

    experiment_id: Text = Field(description="The benchmark's name.")
    slices: Items[SliceSpec] = Field(min_length=1, description="The slices, variants resolved.")
    prompt_variants: Items[PromptVariantSpec] = Field(min_length=1, description="The variants.")
    models: Items[ModelSpec] = Field(min_length=1, description="The models.")
    params: Items[InferenceParamsSpec] = Field(min_length=1, description="The parameter sets.")
    num_samples: int = Field(default=1, ge=1, description="Candidates per trial.")

    def variants_for(self, entry: SliceSpec) -> list[PromptVariantSpec]:
        """The prompt variants that apply to a slice, in the benchmark's order."""
        return selected_variants(self.prompt_variants, entry)

    def compile(self) -> ExperimentSpec:
        """Itself: it is compiled already."""
        return self


def compile_benchmark(spec: BenchmarkSpec) -> ExperimentSpec:
    """The compiled form of a benchmark."""
    return ExperimentSpec(
        experiment_id=spec.benchmark_id,
        slices=[_resolved(spec, entry) for entry in spec.slices],
        prompt_variants=spec.prompt_variants,
        models=_unique(spec.models),
        params=_unique(spec.inference_grid.expand()),
        num_samples=spec.num_samples,
    )


def _resolved(spec: BenchmarkSpec, entry: SliceSpec) -> SliceSpec:
    ids = [variant.id for variant in selected_variants(spec.prompt_variants, entry)]
    return entry.model_copy(update={"prompt_variant_ids": ids, "prompt_families": []})


def _unique(specs: Iterable[S]) -> list[S]:
    return list({entry.canonical_hash: entry for entry in specs}.values())
