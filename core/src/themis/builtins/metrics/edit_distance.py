"""How few edits turn the answer into the reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from themis.builtins.metrics.scoring import AnswerMetric, Graded, ReferenceSettings
from themis.builtins.outputs import as_text
from themis.errors import OptionalDependencyError
from themis.plugin import MetricError

__all__ = ["Levenshtein", "LevenshteinSettings"]


class LevenshteinSettings(ReferenceSettings):
    """How `levenshtein` compares."""

    ignore_case: bool = Field(default=False, description="Compare without regard to case.")
    strip: bool = Field(default=True, description="Leave out white space around both texts.")
    max_chars: int = Field(
        default=100_000,
        gt=0,
        description="Longer texts are refused: the time grows with the product of the lengths.",
    )


class Levenshtein(AnswerMetric[LevenshteinSettings]):
    """1 - (Levenshtein distance / length of the longer text): 1.0 for equal texts, 0.0 for unlike.

    Needs the levenshtein extra (rapidfuzz). Distance counts inserted, removed and replaced code
    points, and is in the details. Case counts, white space around does not (both settings). Two
    empty texts are equal.
    """

    component_id: ClassVar[str] = "levenshtein"
    settings_model = LevenshteinSettings

    def __init__(self, config: LevenshteinSettings | Mapping[str, Any] | None = None) -> None:
        super().__init__(config)
        self._distance = _rapidfuzz().Levenshtein.distance

    def compare(self, answer: Any, reference: Any) -> Graded:
        """The similarity, with the distance in the details."""
        given, expected = self._form(answer), self._form(reference)
        longer = max(len(given), len(expected))
        if not longer:
            return Graded(1.0, {"distance": 0})
        distance = self._distance(given, expected)
        return Graded(1.0 - distance / longer, {"distance": distance})

    def _form(self, value: Any) -> str:
        text = as_text(value)
        if len(text) > self.settings.max_chars:
            limit = self.settings.max_chars
            msg = f"levenshtein: {len(text)} characters are more than max_chars={limit}"
            raise MetricError(msg)
        text = text.strip() if self.settings.strip else text
        return text.casefold() if self.settings.ignore_case else text


def _rapidfuzz() -> Any:
    try:
        from rapidfuzz import distance
    except ImportError as absent:
        msg = (
            "the levenshtein metric needs the rapidfuzz package: "
            "pip install 'themis-framework[levenshtein]'"
        )
        raise OptionalDependencyError(msg) from absent
    return distance
