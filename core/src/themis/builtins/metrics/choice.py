"""Whether the right option was chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from pydantic import Field

from themis.builtins.choices import LABELS, ChoiceLabels, label_of
from themis.builtins.metrics.scoring import AnswerMetric, Graded, ReferenceSettings
from themis.builtins.normalization import NormalizationSettings, normalized
from themis.builtins.outputs import as_text
from themis.plugin import MetricError

__all__ = ["ChoiceAccuracy", "ChoiceAccuracySettings"]

_PLAIN = NormalizationSettings(ignore_articles=False)


class ChoiceAccuracySettings(ReferenceSettings):
    """How options are labelled."""

    labels: ChoiceLabels = Field(
        default=LABELS, description="The options' labels in order, such as ABCD."
    )
    choices_field: str | None = Field(
        default=None,
        description="The item's list of options, when answers or references may be their text.",
    )
    first_index: int = Field(
        default=0, description="The number of the first option, where a reference is a number."
    )


class ChoiceAccuracy(AnswerMetric[ChoiceAccuracySettings]):
    """1.0 when the answer names the same option as the reference, else 0.0.

    Either may be a label (`"B"`, `"(b)"`), the option's number (1, counted from `first_index`), or
    with `choices_field` the option's text. An answer that names no option scores 0 and says so; a
    reference that names none is a MetricError. Whole sentences are for the `choice_letter`
    extractor to read.
    """

    component_id: ClassVar[str] = "choice_accuracy"
    settings_model = ChoiceAccuracySettings

    def comparison(self, item: Mapping[str, Any]) -> Callable[[Any, Any], Graded]:
        """`compare`, with the item's options at hand."""
        return partial(self.compare, options=self._options(item))

    def compare(self, answer: Any, reference: Any, options: Sequence[str] = ()) -> Graded:
        """1.0 or 0.0, with both labels in the details."""
        expected = self._label(reference, options)
        if expected is None:
            msg = (
                f"choice_accuracy: the reference {reference!r:.80} is none of the labels "
                f"{self.settings.labels}; set labels, choices_field or first_index"
            )
            raise MetricError(msg)
        chosen = self._label(answer, options)
        if chosen is None:
            return Graded(0.0, {"expected": expected, "reason": "the answer names no option"})
        return Graded(float(chosen == expected), {"expected": expected, "chosen": chosen})

    def _options(self, item: Mapping[str, Any]) -> Sequence[str]:
        field = self.settings.choices_field
        if field is None:
            return ()
        options = item.get(field)
        if not isinstance(options, (list, tuple)):
            raise MetricError(f"choice_accuracy: the item's {field} is no list of options")
        return [normalized(as_text(option), _PLAIN) for option in options]

    def _label(self, value: Any, options: Sequence[str]) -> str | None:
        labels = self.settings.labels
        if isinstance(value, int) and not isinstance(value, bool):
            index = value - self.settings.first_index
            return labels[index] if 0 <= index < len(labels) else None
        if (label := label_of(as_text(value), labels)) is not None:
            return label
        text = normalized(as_text(value), _PLAIN)
        place = options.index(text) if text in options else len(labels)
        return labels[place] if place < len(labels) else None
