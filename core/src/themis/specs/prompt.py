"""What a model is asked: messages whose content is a template."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from themis.records.conversation import Role
from themis.specs.frozen import FrozenDict
from themis.specs.spec import Items, Settings, Spec, Text

__all__ = [
    "ContentPartSpec",
    "ImagePartSpec",
    "PromptMessage",
    "PromptTurnSpec",
    "PromptVariantSpec",
    "TextPartSpec",
]


class TextPartSpec(Spec):
    """A text part of a message."""

    type: Literal["text"] = Field(default="text", description="The kind of part.")
    text: str = Field(description="A template of the text.")


class ImagePartSpec(Spec):
    """An image part of a message."""

    type: Literal["image"] = Field(default="image", description="The kind of part.")
    image_url: Text = Field(description="A template of the image's http(s) or data URL.")
    detail: Text | None = Field(
        default=None, description="How closely the model looks: what its provider takes."
    )


ContentPartSpec = Annotated[TextPartSpec | ImagePartSpec, Field(discriminator="type")]
"""One part of a message, told apart by `type`."""


def _form_of(content: Any) -> str:
    return "parts" if isinstance(content, (list, tuple)) else "template"


Content = Annotated[
    Annotated[str, Tag("template")]
    | Annotated[Items[ContentPartSpec], Field(min_length=1), Tag("parts")],
    Discriminator(_form_of),
]
"""A template, or a list of parts."""


class PromptMessage(Spec):
    """One message of a prompt."""

    role: Role = Field(description="Who speaks.")
    content: Content = Field(description="A template, or a list of text and image parts.")


class PromptTurnSpec(Spec):
    """A scripted later turn: what is said after the model has answered."""

    messages: Items[PromptMessage] = Field(
        min_length=1, description="The messages that are added to the conversation."
    )


class PromptVariantSpec(Spec):
    """One way to ask."""

    id: Text = Field(description="The variant's name, unique in the benchmark.")
    family: Text | None = Field(
        default=None, description="The group of variants that slices may select it by."
    )
    messages: Items[PromptMessage] = Field(min_length=1, description="The messages, in order.")
    variables: Settings = Field(
        default_factory=FrozenDict,
        description="Static values that templates read as `prompt.variables`.",
    )
