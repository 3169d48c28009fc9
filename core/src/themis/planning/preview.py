"""Exactly what would be sent for an item, without sending it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import TYPE_CHECKING, Any, Protocol, Self

import attrs

from themis.builtins.datasets.memory import MemoryDatasetProvider
from themis.errors import ItemError, SpecValidationError
from themis.planning.datasets import select_items
from themis.planning.prompts import PromptRenderer
from themis.records import Message
from themis.records.codec import to_plain

if TYPE_CHECKING:
    from themis.planning.items import PlannedItem
    from themis.specs import (
        BenchmarkSpec,
        ExperimentSpec,
        InferenceParamsSpec,
        ModelSpec,
        PromptVariantSpec,
        SliceSpec,
    )

__all__ = ["PromptPreview", "preview"]


class RenderingArm(Protocol):
    """What a preview needs of a plan's arm."""

    @property
    def slice_spec(self) -> SliceSpec: ...

    @property
    def variant(self) -> PromptVariantSpec: ...

    @property
    def model(self) -> ModelSpec: ...

    @property
    def params(self) -> InferenceParamsSpec: ...

    def render(self, item: PlannedItem) -> tuple[Message, ...]:
        """The prompt for one item."""
        ...

    def render_follow_ups(self, item: PlannedItem) -> tuple[tuple[Message, ...], ...]:
        """The scripted later turns for one item."""
        ...


@attrs.frozen(slots=True, kw_only=True)
class PromptPreview:
    """The rendered messages of one item; `failure` says why there are none."""

    slice_id: str
    item_id: str
    prompt_variant_id: str
    model_id: str
    params: Mapping[str, Any]
    messages: tuple[Message, ...] = ()
    follow_ups: tuple[tuple[Message, ...], ...] = ()
    failure: str | None = None

    @classmethod
    def of(cls, arm: RenderingArm, item: PlannedItem) -> Self:
        """What `arm` sends for `item`."""
        messages: tuple[Message, ...] = ()
        follow_ups: tuple[tuple[Message, ...], ...] = ()
        failure = item.failure
        if failure is None:
            try:
                messages, follow_ups = arm.render(item), arm.render_follow_ups(item)
            except ItemError as error:
                failure = error.message
        return cls(
            slice_id=arm.slice_spec.slice_id,
            item_id=item.item_id,
            prompt_variant_id=arm.variant.id,
            model_id=arm.model.model_id,
            params=arm.params.model_dump(mode="json"),
            messages=messages,
            follow_ups=follow_ups,
            failure=failure,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "slice_id": self.slice_id,
            "item_id": self.item_id,
            "prompt_variant_id": self.prompt_variant_id,
            "model_id": self.model_id,
            "params": dict(self.params),
            "messages": [to_plain(message) for message in self.messages],
            "follow_ups": [[to_plain(m) for m in turn] for turn in self.follow_ups],
            "failure": self.failure,
        }

    def __str__(self) -> str:
        title = (
            f"== slice {self.slice_id}, item {self.item_id}, prompt {self.prompt_variant_id}, "
            f"model {self.model_id}"
        )
        if self.failure is not None:
            return f"{title}\nnot sent: {self.failure}"
        turns = [self.messages, *self.follow_ups]
        lines = [f"[{message.role}]\n{message.text}" for turn in turns for message in turn]
        return "\n".join([title, *lines])


@attrs.frozen(slots=True)
class _RenderedArm:
    """An arm that can be rendered and not run."""

    slice_spec: SliceSpec
    variant: PromptVariantSpec
    model: ModelSpec
    params: InferenceParamsSpec
    renderer: PromptRenderer
    turns: tuple[PromptRenderer, ...]

    def render(self, item: PlannedItem) -> tuple[Message, ...]:
        return self.renderer.render(item.payload, self.slice_spec, self.params, self.model)

    def render_follow_ups(self, item: PlannedItem) -> tuple[tuple[Message, ...], ...]:
        return tuple(
            turn.render(item.payload, self.slice_spec, self.params, self.model)
            for turn in self.turns
        )


def preview(
    benchmark: BenchmarkSpec | ExperimentSpec,
    item: Mapping[str, Any],
    *,
    slice_id: str | None = None,
) -> list[PromptPreview]:
    """What each slice, prompt variant, model and parameter set would send for one item.

    The item is as its source gives it: each slice's transforms are applied. Slices that generate
    nothing send nothing. `slice_id` chooses one slice.

    Raises:
        ItemError: when the item itself cannot be used (its id, or a value without a JSON form).
        SpecValidationError: when a template does not compile, or there is no such slice.
    """
    experiment = benchmark.compile()
    names = [entry.slice_id for entry in experiment.slices]
    if slice_id is not None and slice_id not in names:
        msg = f"there is no slice {slice_id!r} to preview; the benchmark has: {', '.join(names)}"
        raise SpecValidationError(msg)
    return [
        PromptPreview.of(arm, planned)
        for entry in experiment.slices
        if slice_id in {None, entry.slice_id} and entry.generation is not None
        for planned in [_planned(entry, item)]
        for arm in _arms(experiment, entry)
    ]


def _planned(entry: SliceSpec, item: Mapping[str, Any]) -> PlannedItem:
    """The item as the slice would select it, whatever its query selects."""
    query = entry.dataset_query
    everything = type(query)(projected_fields=query.projected_fields)
    chosen = select_items(
        entry.model_copy(update={"dataset_query": everything}), MemoryDatasetProvider([item])
    )
    return next(iter(chosen))


def _arms(experiment: ExperimentSpec, entry: SliceSpec) -> Iterator[_RenderedArm]:
    turns = entry.generation.follow_ups if entry.generation else ()
    for variant in experiment.variants_for(entry):
        renderer = PromptRenderer(variant)
        later = tuple(renderer.turn(turn) for turn in turns)
        for model, params in product(experiment.models, experiment.params):
            yield _RenderedArm(entry, variant, model, params, renderer, later)
