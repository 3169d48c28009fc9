"""Whether the reference is found in the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from themis.builtins.metrics.scoring import AnswerMetric, Graded, ReferenceSettings
from themis.builtins.outputs import as_text
from themis.builtins.patterns import PatternError, PatternSettings, compiled, matches
from themis.plugin import MetricError

__all__ = ["Contains", "ContainsSettings", "RegexMatch", "RegexMatchSettings"]


class ContainsSettings(ReferenceSettings):
    """How `contains` looks."""

    ignore_case: bool = Field(default=True, description="Compare without regard to case.")
    whole_words: bool = Field(
        default=False, description="Whether `5` must stand by itself, and not within `15`."
    )


class Contains(AnswerMetric[ContainsSettings]):
    """1.0 when the reference occurs in the answer, else 0.0.

    Case does not count and any place does (both settings); white space around the reference is left
    out. An empty reference, which everything contains, is a MetricError.
    """

    component_id: ClassVar[str] = "contains"
    settings_model = ContainsSettings

    def compare(self, answer: Any, reference: Any) -> Graded:
        """1.0 or 0.0."""
        sought, text = as_text(reference).strip(), as_text(answer)
        if not sought:
            raise MetricError("contains: the reference is empty, and everything contains it")
        if self.settings.ignore_case:
            sought, text = sought.casefold(), text.casefold()
        if not self.settings.whole_words:
            return Graded(float(sought in text))
        return Graded(float(re.search(rf"(?<!\w){re.escape(sought)}(?!\w)", text) is not None))


class RegexMatchSettings(ReferenceSettings, PatternSettings):
    """Which pattern, and how much of the answer it must match."""

    pattern: str | None = Field(
        default=None,
        min_length=1,
        description=(
            "The regular expression, in Python's syntax. Unset: the item's reference answer is one."
        ),
    )
    whole: bool = Field(
        default=False, description="Match the whole answer, white space around it aside."
    )

    @model_validator(mode="after")
    def _readable(self) -> Self:
        if self.pattern is not None:
            compiled(self.pattern, self)
        return self


class RegexMatch(AnswerMetric[RegexMatchSettings]):
    """1.0 when a regular expression matches the answer, anywhere or as a whole, else 0.0.

    Case counts unless `ignore_case` is set. A text that is too long to search, or a search that
    takes too long, is a MetricError and no 0: nothing is known about the answer then. See
    `themis.builtins.patterns` for the limits.
    """

    component_id: ClassVar[str] = "regex_match"
    settings_model = RegexMatchSettings

    def references(self, item: Mapping[str, Any]) -> Sequence[Any]:
        """The pattern, or those that the item gives."""
        return (
            super().references(item) if self.settings.pattern is None else (self.settings.pattern,)
        )

    def compare(self, answer: Any, reference: Any) -> Graded:
        """1.0 or 0.0."""
        text = as_text(answer).strip() if self.settings.whole else as_text(answer)
        try:
            expression = compiled(as_text(reference), self.settings)
            found = matches(expression, text, self.settings, whole=self.settings.whole)
            return Graded(float(next(found, None) is not None))
        except (PatternError, ValueError) as problem:
            raise MetricError(f"regex_match: {problem}") from problem
