from __future__ import annotations

from typing import Any

import pytest

from themis.errors import ItemError, SpecValidationError
from themis.planning.items import PlannedItem
from themis.planning.preview import PromptPreview, preview
from themis.records import Message
from themis.specs import (
    BenchmarkSpec,
    DatasetSpec,
    GenerationSpec,
    InferenceGridSpec,
    InferenceParamsSpec,
    ModelSpec,
    ParseSpec,
    PromptMessage,
    PromptVariantSpec,
    SliceSpec,
)

ITEM = {"item_id": "q1", "q": "2+2?"}
RENAME = {"kind": "rename", "field": "question", "source_field": "q"}


def entry(slice_id: str, **fields: Any) -> SliceSpec:
    dataset = DatasetSpec(source="memory", transforms=fields.pop("transforms", []))
    return SliceSpec(
        slice_id=slice_id, dataset=dataset, **{"generation": GenerationSpec(), **fields}
    )


def variant(name: str, content: str) -> PromptVariantSpec:
    return PromptVariantSpec(id=name, messages=[PromptMessage(role="user", content=content)])


def benchmark(*slices: SliceSpec, variants: Any = None, models: Any = ("m",)) -> BenchmarkSpec:
    return BenchmarkSpec(
        benchmark_id="b",
        models=[ModelSpec(model_id=name, provider="echo") for name in models],
        slices=list(slices),
        prompt_variants=variants or [variant("plain", "{{ item.q }}")],
        inference_grid=InferenceGridSpec(params=[InferenceParamsSpec()]),
    )


def test_a_preview_is_what_is_sent():
    [shown] = preview(benchmark(entry("s")), ITEM)
    assert shown.messages == (Message("user", "2+2?"),)
    assert (shown.slice_id, shown.item_id, shown.prompt_variant_id, shown.model_id) == (
        "s", "q1", "plain", "m",
    )  # fmt: skip
    assert shown.params["max_tokens"] == 1024
    assert shown.failure is None


def test_there_is_one_for_each_slice_variant_model_and_parameter_set():
    variants = [variant("a", "A"), variant("b", "B")]
    spec = benchmark(
        entry("one"),
        entry("two", prompt_variant_ids=["b"]),
        variants=variants,
        models=("m", "n"),
    ).model_copy(
        update={
            "inference_grid": InferenceGridSpec(
                params=[InferenceParamsSpec()], overrides={"temperature": [0.0, 1.0]}
            )
        }
    )
    shown = [
        (one.slice_id, one.prompt_variant_id, one.model_id, one.params["temperature"])
        for one in preview(spec, ITEM)
    ]
    assert len(shown) == len(set(shown)) == (2 + 1) * 2 * 2
    assert ("two", "b", "n", 1.0) in shown


def test_transforms_are_applied():
    spec = benchmark(
        entry("s", transforms=[RENAME]), variants=[variant("v", "Q: {{ item.question }}")]
    )
    assert preview(spec, ITEM)[0].messages == (Message("user", "Q: 2+2?"),)


def test_follow_up_turns_are_shown():
    turn = {"messages": [{"role": "user", "content": "Sure? {{ item.q }}"}]}
    spec = benchmark(entry("s", generation=GenerationSpec(follow_ups=[turn])))
    assert preview(spec, ITEM)[0].follow_ups == ((Message("user", "Sure? 2+2?"),),)


def test_one_slice_can_be_chosen():
    spec = benchmark(entry("one"), entry("two"))
    assert [shown.slice_id for shown in preview(spec, ITEM, slice_id="two")] == ["two"]


def test_an_unknown_slice_is_named_with_those_there_are():
    with pytest.raises(SpecValidationError) as caught:
        preview(benchmark(entry("one"), entry("two")), ITEM, slice_id="three")
    assert caught.value.message == (
        "there is no slice 'three' to preview; the benchmark has: one, two"
    )


def test_a_slice_that_generates_nothing_sends_nothing():
    quiet = entry("s", generation=None, parses=[ParseSpec(name="p", extractors=["first_number"])])
    assert preview(benchmark(quiet), ITEM) == []


def test_what_cannot_be_rendered_says_why():
    [shown] = preview(benchmark(entry("s"), variants=[variant("v", "{{ item.x }}")]), ITEM)
    assert shown.messages == ()
    assert shown.failure == (
        "prompt variant 'v', message 1 (user), line 1: the item has no field 'x'; "
        "its fields: item_id, q"
    )


def test_a_transform_that_fails_says_why():
    [shown] = preview(benchmark(entry("s", transforms=[RENAME])), {"item_id": "q1", "p": 1})
    assert shown.messages == ()
    assert (shown.failure or "").startswith(
        "transform 1 (rename of field 'question'): the item has"
    )


def test_an_item_that_cannot_be_used_is_an_error():
    with pytest.raises(ItemError, match="item_id must be a string"):
        preview(benchmark(entry("s")), {"item_id": 1.5, "q": ""})


def test_a_template_that_does_not_compile_is_a_spec_error():
    with pytest.raises(SpecValidationError, match="unknown name 'question'"):
        preview(benchmark(entry("s"), variants=[variant("v", "{{ question }}")]), ITEM)


class Arm:
    slice_spec = entry("s")
    variant = variant("v", "x")
    model = ModelSpec(model_id="m", provider="echo")
    params = InferenceParamsSpec()

    def render(self, item: PlannedItem) -> tuple[Message, ...]:
        return (Message("user", item.item_id),)

    def render_follow_ups(self, item: PlannedItem) -> tuple[tuple[Message, ...], ...]:
        return ()


def test_an_arm_of_a_plan_has_a_preview():
    assert PromptPreview.of(Arm(), PlannedItem(item_id="a", payload={})).messages == (
        Message("user", "a"),
    )
