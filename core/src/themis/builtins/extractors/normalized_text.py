"""The whole text in a normal form."""

from __future__ import annotations

from typing import ClassVar

from themis.builtins.extractors.reading import TextExtractor, UnreadableError
from themis.builtins.normalization import NormalizationSettings, normalized

__all__ = ["NormalizedText", "NormalizedTextSettings"]


class NormalizedTextSettings(NormalizationSettings):
    """Which differences `normalized_text` takes away."""


class NormalizedText(TextExtractor[NormalizedTextSettings]):
    """The text without case, punctuation, articles and extra white space.

    `"The answer: Paris!"` gives `"answer paris"`.
    """

    component_id: ClassVar[str] = "normalized_text"
    settings_model = NormalizedTextSettings

    def read(self, text: str, settings: NormalizedTextSettings) -> str:
        """The normal form; raises UnreadableError when nothing is left of the text."""
        form = normalized(text, settings)
        if not form:
            raise UnreadableError("nothing is left of the output once it is normalised")
        return form
