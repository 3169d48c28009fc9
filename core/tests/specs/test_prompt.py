from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from themis.specs import (
    ImagePartSpec,
    PromptMessage,
    PromptTurnSpec,
    PromptVariantSpec,
    TextPartSpec,
)


@pytest.mark.parametrize("role", ["system", "developer", "user", "assistant", "tool"])
def test_a_message_has_one_of_five_roles(role: Any) -> None:
    assert PromptMessage(role=role, content="x").role == role


@pytest.mark.parametrize(
    "fields",
    [
        {"role": "critic", "content": "x"},
        {"role": "user", "content": 5},
        {"role": "user", "content": b"x"},
        {"role": "user", "content": []},
        {"role": "user", "content": "x", "name": "ann"},
        {"role": "user"},
    ],
)
def test_a_message_takes_nothing_else(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PromptMessage(**fields)


def test_content_may_be_text_and_image_parts() -> None:
    message = PromptMessage(
        role="user",
        content=[
            {"type": "text", "text": "What is on {{ item.name }}?"},
            {"type": "image", "image_url": "{{ item.url }}", "detail": "low"},
        ],
    )
    assert message.content == [
        TextPartSpec(text="What is on {{ item.name }}?"),
        ImagePartSpec(image_url="{{ item.url }}", detail="low"),
    ]


def test_an_unknown_part_is_an_error_that_lists_the_types() -> None:
    with pytest.raises(ValidationError, match="'text', 'image'"):
        PromptMessage(role="user", content=[{"type": "sound", "url": "x"}])


def test_a_variant_needs_an_id_and_a_message() -> None:
    with pytest.raises(ValidationError) as caught:
        PromptVariantSpec(id="", messages=[])
    assert {error["loc"] for error in caught.value.errors()} == {("id",), ("messages",)}


def test_a_variant_keeps_its_variables() -> None:
    variant = PromptVariantSpec(
        id="v", messages=[{"role": "user", "content": "x"}], variables={"shots": ["a", "b"]}
    )
    assert variant.variables == {"shots": ["a", "b"]}
    assert variant.family is None


def test_a_turn_needs_a_message() -> None:
    with pytest.raises(ValidationError, match="messages"):
        PromptTurnSpec(messages=[])
