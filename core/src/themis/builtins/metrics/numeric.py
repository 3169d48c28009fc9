"""Equality of numbers, within a tolerance."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, ClassVar

from pydantic import Field

from themis.builtins.math_text import math_number
from themis.builtins.metrics.scoring import AnswerMetric, Graded, ReferenceSettings
from themis.plugin import MetricError

__all__ = ["NumericMatch", "NumericMatchSettings"]


class NumericMatchSettings(ReferenceSettings):
    """How near is equal."""

    rel_tolerance: float = Field(
        default=1e-6,
        ge=0,
        allow_inf_nan=False,
        description="Allowed difference as a share of the reference's size.",
    )
    abs_tolerance: float = Field(
        default=0.0,
        ge=0,
        allow_inf_nan=False,
        description="Allowed difference whatever the reference's size.",
    )


class NumericMatch(AnswerMetric[NumericMatchSettings]):
    r"""1.0 when |answer - reference| <= max(rel_tolerance |reference|, abs_tolerance), else 0.0.

    Both may be numbers or texts that are one number: `"1,000"`, `"$5"`, `"3/4"`, `"50%"` (50),
    `r"\frac{1}{2}"`. An answer that is no number scores 0 and says so; a reference that is none is
    a MetricError. A bool, NaN and the infinities are no numbers.
    """

    component_id: ClassVar[str] = "numeric_match"
    settings_model = NumericMatchSettings

    def compare(self, answer: Any, reference: Any) -> Graded:
        """1.0 or 0.0."""
        expected = math_number(reference)
        if expected is None:
            raise MetricError(f"numeric_match: the reference {reference!r:.80} is no number")
        given = math_number(answer)
        if given is None:
            return Graded(0.0, {"reason": "the answer is no number"})
        return Graded(float(given == expected or self._near(Fraction(given), Fraction(expected))))

    def _near(self, given: Fraction, expected: Fraction) -> bool:
        """Compared exactly: no integer is too large, no sum rounds."""
        allowed = max(
            Fraction(self.settings.rel_tolerance) * abs(expected),
            Fraction(self.settings.abs_tolerance),
        )
        return abs(given - expected) <= allowed
