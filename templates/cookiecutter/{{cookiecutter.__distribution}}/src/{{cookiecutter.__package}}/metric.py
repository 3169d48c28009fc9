"""The share of an item's keywords that an answer has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from themis.plugin import CandidateRecord, MetricContext, MetricError, MetricScore, TrialSpec

__all__ = ["KeywordRecall", "KeywordRecallConfig"]


class KeywordRecallConfig(BaseModel):
    """Which words count. Every field is part of the keys of scores."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    field: str = Field("keywords", description="The item's field with a keyword, or several.")
    ignore_case: bool = Field(True, description="Compare without regard to case.")


class KeywordRecall:
    """1.0 when the answer has every keyword, 0.5 when it has half of them.

    The answer is the parsed one, else the raw output; when nothing could be parsed, it is wrong.
    """

    component_id = "{{ cookiecutter.__component }}"

    def __init__(self, config: KeywordRecallConfig) -> None:
        self._config = config

    def score(
        self,
        trial: TrialSpec,  # noqa: ARG002 (the protocol's)
        candidate: CandidateRecord,
        context: MetricContext,
    ) -> MetricScore:
        """The share, with the keywords that are missing.

        Raises:
            MetricError: the item has no keywords, or the candidate no output.
        """
        keywords = self._keywords(context)
        answer = self._form(_answer(candidate))
        missing = [word for word in keywords if self._form(word) not in answer]
        return MetricScore(
            metric_id=self.component_id,
            value=1 - len(missing) / len(keywords),
            details={"missing": missing},
        )

    def _keywords(self, item: Mapping[str, Any]) -> list[str]:
        given = item.get(self._config.field)
        keywords = [given] if isinstance(given, str) else list(given or ())
        if not keywords:
            msg = (
                f"{self.component_id}: the item has no keywords in {self._config.field!r}; "
                f"it has {', '.join(item)}. Set the metric's setting `field`."
            )
            raise MetricError(msg)
        return [str(word) for word in keywords]

    def _form(self, text: str) -> str:
        return text.casefold() if self._config.ignore_case else text


def _answer(candidate: CandidateRecord) -> str:
    best = candidate.best_extraction()
    if best is not None:
        return str(best.parsed_answer)
    if candidate.extractions:
        return ""
    if candidate.inference is None:
        msg = f"candidate {candidate.candidate_id} has no output to score"
        raise MetricError(msg)
    inference = candidate.inference
    return str(inference.structured_output) if inference.raw_text is None else inference.raw_text
