from __future__ import annotations

import timeit
from typing import Any

import pytest

from themis.errors import ErrorCode, ItemError, SpecValidationError
from themis.planning.prompts import PromptRenderer, prompt_issues, slice_namespace
from themis.records import ContentPart, Message
from themis.specs import (
    DatasetSpec,
    GenerationSpec,
    InferenceParamsSpec,
    ModelSpec,
    PromptMessage,
    PromptTurnSpec,
    PromptVariantSpec,
    SliceSpec,
)

SLICE = SliceSpec(
    slice_id="algebra",
    dataset=DatasetSpec(source="memory"),
    dimensions={"topic": "math"},
    generation=GenerationSpec(),
)
PARAMS = InferenceParamsSpec(temperature=0.5, extras={"top_a": 1})
MODEL = ModelSpec(model_id="m-1", provider="echo", extras={"style": "chat"})
ITEM = {"question": "2+2?", "choices": ["3", "4"]}


def variant(*contents: Any, **fields: Any) -> PromptVariantSpec:
    messages = [PromptMessage(role="user", content=content) for content in contents]
    return PromptVariantSpec(id="v", messages=messages, **fields)


def render(spec: PromptVariantSpec, item: Any = None) -> tuple[Message, ...]:
    return PromptRenderer(spec).render(item or ITEM, SLICE, PARAMS, MODEL)


def text(source: str, item: Any = None, **fields: Any) -> str:
    return render(variant(source, **fields), item)[0].text


def test_messages_keep_their_order_and_roles():
    spec = PromptVariantSpec(
        id="v",
        messages=[
            PromptMessage(role="system", content="Be brief."),
            PromptMessage(role="user", content="{{ item.question }}"),
        ],
    )
    assert render(spec) == (Message("system", "Be brief."), Message("user", "2+2?"))


@pytest.mark.parametrize(
    ("source", "rendered"),
    [
        ("{{ item.question }}", "2+2?"),
        ("{{ slice.slice_id }} {{ slice.dimensions.topic }}", "algebra math"),
        ("{{ prompt.id }} {{ prompt.family }} {{ prompt.variables.tone }}", "v cot kind"),
        ("{{ params.temperature }} {{ params.extras.top_a }}", "0.5 1"),
        ("{{ model.model_id }} {{ model.provider }} {{ model.extras.style }}", "m-1 echo chat"),
    ],
)
def test_each_namespace_can_be_read(source, rendered):
    assert text(source, family="cot", variables={"tone": "kind"}) == rendered


def test_variables_are_static_values_and_not_templates():
    source = "{{ prompt.variables.hint }}"
    assert text(source, variables={"hint": "{{ item.question }}"}) == "{{ item.question }}"


def test_text_of_an_item_is_data():
    assert text("{{ item.question }}", {"question": "{{ 7*7 }}"}) == "{{ 7*7 }}"


def test_content_may_have_text_and_image_parts():
    parts = [
        {"type": "text", "text": "What is {{ item.question }}"},
        {"type": "image", "image_url": "https://x.test/{{ item.choices[1] }}.png", "detail": "low"},
    ]
    [message] = render(variant(parts))
    assert message.content == (
        ContentPart(type="text", text="What is 2+2?"),
        ContentPart(type="image", image_url="https://x.test/4.png", detail="low"),
    )


def test_a_message_without_templates_is_made_once():
    renderer = PromptRenderer(variant("fixed"))
    first, second = (renderer.render(item, SLICE, PARAMS, MODEL)[0] for item in ({}, {"a": 1}))
    assert first is second


def test_a_follow_up_turn_is_rendered_like_the_prompt():
    renderer = PromptRenderer(variant("{{ item.question }}", variables={"n": 2}))
    turn = PromptTurnSpec(
        messages=[{"role": "user", "content": "Try {{ prompt.variables.n }}: {{ item.question }}"}]
    )
    messages = renderer.turn(turn).render(ITEM, SLICE, PARAMS, MODEL)
    assert messages == (Message("user", "Try 2: 2+2?"),)


def test_what_is_read_is_known():
    renderer = PromptRenderer(variant("{{ item.question }}", "{{ slice.slice_id }}{{ item.a }}"))
    assert renderer.reads == {"item", "slice"}
    assert renderer.item_fields == {"question", "a"}
    assert PromptRenderer(variant("{{ item|tojson }}")).item_fields is None


def test_the_slice_namespace_is_plain_values():
    assert slice_namespace(SLICE) == {"slice_id": "algebra", "dimensions": {"topic": "math"}}


def test_a_missing_field_is_the_items_failure():
    with pytest.raises(ItemError) as caught:
        render(variant("fine", "{{ item.answer }}"))
    assert caught.value.code == ErrorCode.ITEM_LOAD
    assert caught.value.message == (
        "prompt variant 'v', message 2 (user), line 1: the item has no field 'answer'; "
        "its fields: question, choices"
    )


def test_a_prompt_of_a_gigabyte_is_the_items_failure():
    with pytest.raises(ItemError, match="the text would be longer than 1,000,000 characters"):
        render(variant("{{ item.question * 10**9 }}"))


def test_all_findings_of_a_variant_come_at_once():
    turn = PromptTurnSpec(messages=[{"role": "user", "content": "{{ imte }}"}])
    issues = prompt_issues(variant("{{ question }}", [{"type": "text", "text": "{{ "}]), turn)
    assert [issue.key for issue in issues] == [
        "messages[0].content",
        "messages[1].content[0].text",
        "follow_ups[0].messages[0].content",
    ]
    assert issues[2].message == (
        "prompt variant 'v': line 1: unknown name 'imte' (did you mean 'item'?); "
        "a template has: item, model, params, prompt, slice"
    )


def test_a_variant_that_does_not_compile_is_a_spec_error():
    with pytest.raises(SpecValidationError) as caught:
        PromptRenderer(variant("{{ item.x", "{{ nope }}"))
    assert len(caught.value.issues) == 2
    assert str(caught.value).startswith("messages[0].content: prompt variant 'v': line 1: ")


def test_a_turn_that_does_not_compile_is_a_spec_error():
    turn = PromptTurnSpec(messages=[{"role": "user", "content": "{{ nope }}"}])
    with pytest.raises(SpecValidationError, match=r"turn\.messages\[0\]\.content"):
        PromptRenderer(variant("x")).turn(turn)


def test_rendering_two_messages_takes_microseconds():
    renderer = PromptRenderer(variant("Be brief.", "Q: {{ item.question }}\nA {{ item.choices }}"))
    once = min(
        timeit.repeat(lambda: renderer.render(ITEM, SLICE, PARAMS, MODEL), number=500, repeat=5)
    )
    assert once / 500 < 200e-6  # measured 11 us; the bound only catches a change of order
