"""The option a model chose."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from themis.builtins.choices import LABELS, ChoiceLabels, find_choice
from themis.builtins.extractors.reading import TextExtractor, UnreadableError
from themis.builtins.settings import Settings

__all__ = ["ChoiceLetter", "ChoiceLetterSettings"]


class ChoiceLetterSettings(Settings):
    """Which labels there are."""

    choices: ChoiceLabels = Field(
        default=LABELS,
        description="The options' labels, one letter or digit each, such as ABCD or 1234.",
    )


class ChoiceLetter(TextExtractor[ChoiceLetterSettings]):
    """The label of the option that the text settles on, as `choices` writes it.

    `"(B)"`, `"B."`, `"Answer: B"` and `"A or C? No: the answer is **B**, Paris."` all give `"B"`;
    `themis.builtins.choices` tells how, and which texts are too unclear to give one.
    """

    component_id: ClassVar[str] = "choice_letter"
    settings_model = ChoiceLetterSettings

    def read(self, text: str, settings: ChoiceLetterSettings) -> str:
        """The label; raises UnreadableError when none, or more than one, is named."""
        choice = find_choice(text, settings.choices)
        if choice.label is None:
            raise UnreadableError(choice.reason)
        return choice.label
