"""How a case is put to a model: text around its input."""

from __future__ import annotations

from pydantic import Field

from themis.specs import PromptMessage, PromptVariantSpec, Spec
from themis.specs.frozen import FrozenList
from themis.specs.spec import Items, Text

__all__ = ["PromptSpec"]

_INPUT = "{{ item.input }}"


class PromptSpec(Spec):
    """Text around a case's input. Each part is a template that may read the case.

    `instructions` are a system message. The user's message is the prefix, the blocks, the input and
    the suffix, with an empty line between them.
    """

    instructions: Text | None = Field(default=None, description="The system message.")
    prefix: Text | None = Field(default=None, description="What stands before everything else.")
    blocks: Items[Text] = Field(
        default_factory=FrozenList,
        description="What stands before the input: examples, documents, context.",
    )
    suffix: Text | None = Field(default=None, description="What stands after the input.")

    @property
    def is_input_only(self) -> bool:
        """Whether the prompt is the case's input and nothing else."""
        return not (self.instructions or self.prefix or self.blocks or self.suffix)

    def text(self, subject: str) -> str:
        """The user's message, with `subject` in the place of the input."""
        parts = [self.prefix, *self.blocks, subject, self.suffix]
        return "\n\n".join(part for part in parts if part)

    def variant(self) -> PromptVariantSpec:
        """The prompt as the plan has it."""
        messages = [PromptMessage(role="user", content=self.text(_INPUT))]
        if self.instructions:
            messages.insert(0, PromptMessage(role="system", content=self.instructions))
        return PromptVariantSpec(id="prompt", messages=messages)
