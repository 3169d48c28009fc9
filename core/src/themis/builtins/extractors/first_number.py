"""The first number of a text."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from themis.builtins.extractors.reading import TextExtractor, UnreadableError
from themis.builtins.numerals import numerals
from themis.builtins.settings import Settings

__all__ = ["FirstNumber", "FirstNumberSettings"]


class FirstNumberSettings(Settings):
    """How `first_number` reads."""

    fractions: bool = Field(default=True, description="Read `3/4` as 0.75 instead of as 3.")
    percent: Literal["keep", "divide"] = Field(
        default="keep", description="What `50%` becomes: 50 (keep) or 0.5 (divide)."
    )


class FirstNumber(TextExtractor[FirstNumberSettings]):
    """The first number of the text, as an int when it is written as one, else a float.

    What counts as a number is told in `themis.builtins.numerals`: `"It costs $1,234.50."` gives
    1234.5, and `"GPT-4 says 7"` gives 7.
    """

    component_id: ClassVar[str] = "first_number"
    settings_model = FirstNumberSettings

    def read(self, text: str, settings: FirstNumberSettings) -> int | float:
        """The first number; raises UnreadableError when there is none."""
        found = next(numerals(text, fractions=settings.fractions), None)
        if found is None:
            raise UnreadableError("the output holds no number")
        return found.value / 100 if found.percent and settings.percent == "divide" else found.value
