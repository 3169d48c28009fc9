"""How metrics of an answer find the answer and its references, and word their outcome."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

import attrs
from pydantic import Field

from themis.builtins.outputs import output_value
from themis.builtins.settings import Settings, settings_from
from themis.plugin import CandidateRecord, MetricContext, MetricError, MetricScore, TrialSpec

__all__ = [
    "REFERENCE_FIELDS",
    "UNREADABLE",
    "AnswerMetric",
    "Graded",
    "ReferenceSettings",
    "answer_of",
    "reference_value",
    "references_of",
    "unreadable",
]

UNREADABLE = "no extraction succeeded"
REFERENCE_FIELDS = ("expected_output", "answer", "target")


class ReferenceSettings(Settings):
    """Where the reference answer is."""

    reference_field: str | None = Field(
        default=None,
        description=(
            "The item's field with the reference answer, or a list of acceptable ones. Unset: the "
            "first present of expected_output, answer, target."
        ),
    )


SettingsT = TypeVar("SettingsT", bound=ReferenceSettings)


@attrs.frozen(slots=True)
class Graded:
    """One comparison's value, with what a reader should know about it."""

    value: float
    details: Mapping[str, Any] = attrs.field(factory=dict)


class AnswerMetric(ABC, Generic[SettingsT]):
    """Scores an answer against the item's reference; among several references the best counts.

    A candidate whose extractions all failed scores 0 with `details["reason"]`: the model gave no
    readable answer. An item without a reference is a MetricError.
    """

    component_id: ClassVar[str]
    settings_model: type[SettingsT]

    def __init__(self, config: SettingsT | Mapping[str, Any] | None = None) -> None:
        self.settings = settings_from(self.settings_model, config)

    def score(
        self,
        trial: TrialSpec,  # noqa: ARG002 (the protocol's)
        candidate: CandidateRecord,
        context: MetricContext | Mapping[str, Any],
    ) -> MetricScore:
        """The best comparison of the candidate's answer with the item's references."""
        references = self.references(context)
        if unreadable(candidate):
            return self._outcome(Graded(0.0, {"reason": UNREADABLE}))
        answer, compare = answer_of(candidate, self.component_id), self.comparison(context)
        graded = [compare(answer, reference) for reference in references]
        return self._outcome(max(graded, key=lambda one: one.value))

    def references(self, item: Mapping[str, Any]) -> Sequence[Any]:
        """The item's acceptable answers; raises MetricError when it has none."""
        return references_of(item, self.settings.reference_field, self.component_id)

    def comparison(self, item: Mapping[str, Any]) -> Callable[[Any, Any], Graded]:  # noqa: ARG002
        """`compare`, for metrics whose comparison needs nothing else of the item."""
        return self.compare

    @abstractmethod
    def compare(self, answer: Any, reference: Any) -> Graded:
        """How well one answer meets one reference; raises MetricError on a useless reference."""

    def _outcome(self, graded: Graded) -> MetricScore:
        return MetricScore(
            metric_id=self.component_id, value=graded.value, details=dict(graded.details)
        )


def unreadable(candidate: CandidateRecord) -> bool:
    """Whether the candidate was parsed, and no extraction succeeded."""
    return bool(candidate.extractions) and candidate.best_extraction() is None


def answer_of(candidate: CandidateRecord, metric: str) -> Any:
    """The parsed answer if there is one, else the raw output; MetricError without any."""
    best = candidate.best_extraction()
    if best is not None:
        return best.parsed_answer
    answer = output_value(candidate)
    if answer is None:
        raise MetricError(f"{metric}: candidate {candidate.candidate_id} has no output to score")
    return answer


def references_of(item: Mapping[str, Any], field: str | None, metric: str) -> Sequence[Any]:
    """The item's acceptable answers; raises MetricError naming the fields when it has none."""
    value = reference_value(item, field, metric)
    if not isinstance(value, (list, tuple)):
        return (value,)
    if not value:
        msg = f"{metric}: the item's reference answer is an empty list; nothing can be right"
        raise MetricError(msg)
    return tuple(value)


def reference_value(item: Mapping[str, Any], field: str | None, metric: str) -> Any:
    """What the item's reference field holds; raises MetricError when no such field is there."""
    wanted = (field,) if field else REFERENCE_FIELDS
    name = next((name for name in wanted if item.get(name) is not None), None)
    if name is None:
        msg = (
            f"{metric}: the item has no reference answer in {' or '.join(wanted)}; it has "
            f"{', '.join(sorted(map(str, item))) or 'no fields'}. Set reference_field."
        )
        raise MetricError(msg)
    return item[name]
