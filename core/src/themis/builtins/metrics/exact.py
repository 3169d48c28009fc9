"""Equality of answer and reference, as text."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from themis.builtins.metrics.scoring import AnswerMetric, Graded, ReferenceSettings
from themis.builtins.normalization import NormalizationSettings, normalized
from themis.builtins.outputs import as_text

__all__ = [
    "ExactMatch",
    "ExactMatchSettings",
    "NormalizedExactMatch",
    "NormalizedExactMatchSettings",
]


class ExactMatchSettings(ReferenceSettings):
    """How `exact_match` compares."""

    strip: bool = Field(default=True, description="Leave out white space around both texts.")
    ignore_case: bool = Field(default=False, description="Compare without regard to case.")


class ExactMatch(AnswerMetric[ExactMatchSettings]):
    """1.0 when the answer and the reference are the same text, else 0.0.

    Case counts, white space around does not (both settings). Numbers are compared as they are
    written: 72, 72.0 and `"72"` are the same, `"72.0"` is another text (see `numeric_match`).
    """

    component_id: ClassVar[str] = "exact_match"
    settings_model = ExactMatchSettings

    def compare(self, answer: Any, reference: Any) -> Graded:
        """1.0 or 0.0."""
        return Graded(float(self._form(answer) == self._form(reference)))

    def _form(self, value: Any) -> str:
        text = as_text(value)
        text = text.strip() if self.settings.strip else text
        return text.casefold() if self.settings.ignore_case else text


class NormalizedExactMatchSettings(ReferenceSettings, NormalizationSettings):
    """Which differences `normalized_exact_match` does not count."""


class NormalizedExactMatch(AnswerMetric[NormalizedExactMatchSettings]):
    """1.0 when the normal forms of answer and reference are the same, else 0.0.

    Case, punctuation, the articles a, an, the, white space and Unicode's compatibility forms do not
    count (each a setting): `"The Eiffel Tower!"` equals `"eiffel tower"`. A number keeps its minus
    and its decimal point: `"-5"` is not `"5"`, nor `"1.5"` `"15"`.
    """

    component_id: ClassVar[str] = "normalized_exact_match"
    settings_model = NormalizedExactMatchSettings

    def compare(self, answer: Any, reference: Any) -> Graded:
        """1.0 or 0.0."""
        forms = [normalized(as_text(value), self.settings) for value in (answer, reference)]
        return Graded(float(forms[0] == forms[1]))
