"""The whole benchmark: models, slices, prompt variants and parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field

from themis.specs.dataset import DatasetQuerySpec, DatasetSpec
from themis.specs.evaluation import ParseSpec, ReductionSpec, ScoreSpec
from themis.specs.frozen import FrozenDict, FrozenList
from themis.specs.generation import GenerationSpec
from themis.specs.inference import InferenceGridSpec, ModelSpec
from themis.specs.prompt import PromptVariantSpec
from themis.specs.spec import Items, Labels, Problem, Spec, Text, repeats

if TYPE_CHECKING:
    from themis.planning.preview import PromptPreview
    from themis.specs.experiment import ExperimentSpec

__all__ = ["BenchmarkSpec", "SliceSpec", "selected_variants"]

GROUP_KEYS = (
    "benchmark_id", "item_id", "metric_id", "model_id", "prompt_variant_id", "slice_id", "status",
)  # fmt: skip


class SliceSpec(Spec):
    """One slice of the benchmark: a dataset, how it is asked, read and scored."""

    slice_id: Text = Field(description="The slice's name, unique in the benchmark.")
    dataset: DatasetSpec = Field(description="Where items come from.")
    dataset_query: DatasetQuerySpec = Field(
        default_factory=DatasetQuerySpec, description="Which items are used."
    )
    dimensions: Labels = Field(
        default_factory=FrozenDict, description="Free labels, usable as group_by keys."
    )
    prompt_variant_ids: Items[Text] = Field(
        default_factory=FrozenList,
        description="The variants that apply; empty with empty families: all.",
    )
    prompt_families: Items[Text] = Field(
        default_factory=FrozenList, description="Variants of these families apply too."
    )
    generation: GenerationSpec | None = Field(
        default=None, description="The generation stage; None: imported candidates are scored."
    )
    reduction: ReductionSpec | None = Field(
        default=None,
        description="Makes one candidate of each trial's samples; None: each sample is scored.",
    )
    parses: Items[ParseSpec] = Field(
        default_factory=FrozenList, description="How answers are read out of outputs."
    )
    scores: Items[ScoreSpec] = Field(
        default_factory=FrozenList, description="How answers and outputs are scored."
    )

    def problems(self) -> Iterator[Problem]:
        """What does not fit together within the slice."""
        if self.generation is None and not self.parses and not self.scores:
            yield Problem(
                ("generation",),
                f"slice {self.slice_id!r} does nothing; give it generation, parses or scores",
            )
        yield from self._repeated_names()
        yield from self._unknown_parses()
        for key in sorted(self.dimensions.keys() & set(GROUP_KEYS)):
            yield Problem(
                ("dimensions", key), f"{key!r} is a group_by key of its own; rename the dimension"
            )

    def _repeated_names(self) -> Iterator[Problem]:
        for index, name in repeats(parse.name for parse in self.parses):
            yield Problem(
                ("parses", index, "name"),
                f"slice {self.slice_id!r} has two parses named {name!r}; rename one",
            )
        for index, name in repeats(score.name for score in self.scores):
            yield Problem(
                ("scores", index, "name"),
                f"slice {self.slice_id!r} has two scores named {name!r}; rename one",
            )

    def _unknown_parses(self) -> Iterator[Problem]:
        names = [parse.name for parse in self.parses]
        for index, score in enumerate(self.scores):
            if score.parse is not None and score.parse not in names:
                yield Problem(
                    ("scores", index, "parse"),
                    f"score {score.name!r} of slice {self.slice_id!r} reads the parse "
                    f"{score.parse!r}, which the slice does not have; it has {_listed(names)}",
                )


class BenchmarkSpec(Spec):
    """A whole benchmark, ready to be compiled into a plan."""

    benchmark_id: Text = Field(description="The benchmark's name.")
    models: Items[ModelSpec] = Field(min_length=1, description="The models that are asked.")
    slices: Items[SliceSpec] = Field(min_length=1, description="The slices.")
    prompt_variants: Items[PromptVariantSpec] = Field(min_length=1, description="The ways to ask.")
    inference_grid: InferenceGridSpec = Field(description="The parameter sets.")
    num_samples: int = Field(default=1, ge=1, description="Candidates per trial.")

    def compile(self) -> ExperimentSpec:
        """The compiled form that planning works on."""
        from themis.specs.experiment import compile_benchmark

        return compile_benchmark(self)

    def preview(
        self, item: Mapping[str, Any], *, slice_id: str | None = None
    ) -> list[PromptPreview]:
        """Exactly what would be sent for one item, given as its source has it; sends nothing.

        One preview per slice (or the one that `slice_id` names), prompt variant, model and
        parameter set. Pipeline hooks belong to a registry: `Orchestrator.preview` applies them.

        Raises:
            ItemError: The item cannot be used.
            SpecValidationError: A template does not compile, or there is no such slice.
        """
        from themis.planning.preview import preview

        return preview(self, item, slice_id=slice_id)

    def problems(self) -> Iterator[Problem]:
        """What does not fit together in the benchmark."""
        for index, slice_id in repeats(entry.slice_id for entry in self.slices):
            yield Problem(
                ("slices", index, "slice_id"), f"two slices are named {slice_id!r}; rename one"
            )
        for index, variant_id in repeats(variant.id for variant in self.prompt_variants):
            yield Problem(
                ("prompt_variants", index, "id"),
                f"two prompt variants are named {variant_id!r}; rename one",
            )
        for index, entry in enumerate(self.slices):
            yield from self._unknown_variants(index, entry)

    def _unknown_variants(self, index: int, entry: SliceSpec) -> Iterator[Problem]:
        ids = [variant.id for variant in self.prompt_variants]
        families = sorted({v.family for v in self.prompt_variants if v.family is not None})
        unknown = [name for name in entry.prompt_variant_ids if name not in ids]
        if unknown:
            yield Problem(
                ("slices", index, "prompt_variant_ids"),
                f"slice {entry.slice_id!r} names unknown prompt variants: {_listed(unknown)}; "
                f"the benchmark has {_listed(ids)}",
            )
        unknown = [name for name in entry.prompt_families if name not in families]
        if unknown:
            yield Problem(
                ("slices", index, "prompt_families"),
                f"slice {entry.slice_id!r} names unknown prompt families: {_listed(unknown)}; "
                f"the benchmark has {_listed(families)}",
            )


def selected_variants(
    variants: Sequence[PromptVariantSpec], entry: SliceSpec
) -> list[PromptVariantSpec]:
    """The variants that apply to a slice: listed by id or by family; all if it lists neither."""
    if not entry.prompt_variant_ids and not entry.prompt_families:
        return list(variants)
    return [
        variant
        for variant in variants
        if variant.id in entry.prompt_variant_ids or variant.family in entry.prompt_families
    ]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names) or "none"
