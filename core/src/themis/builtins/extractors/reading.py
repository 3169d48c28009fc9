"""The shape of every built-in extractor: settings in, text read, a record out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

from themis.builtins.outputs import output_text
from themis.builtins.settings import Settings, settings_from
from themis.plugin import CandidateRecord, ExtractionRecord, TrialSpec

__all__ = ["TextExtractor", "UnreadableError"]

SettingsT = TypeVar("SettingsT", bound=Settings)


class UnreadableError(Exception):
    """The text holds no such answer; its message becomes the record's `failure_reason`."""


class TextExtractor(ABC, Generic[SettingsT]):
    """Reads one answer out of a candidate's text (the structured output as JSON, without text)."""

    component_id: ClassVar[str]
    settings_model: type[SettingsT]

    def extract(
        self,
        trial: TrialSpec,  # noqa: ARG002 (the protocol's)
        candidate: CandidateRecord,
        config: Settings | Mapping[str, Any] | None = None,
    ) -> ExtractionRecord:
        """The answer, or why there is none. `config` may be the model, a mapping or None."""
        settings = settings_from(self.settings_model, config)
        try:
            answer = self.read_candidate(candidate, settings)
        except UnreadableError as unreadable:
            return ExtractionRecord(
                extractor_id=self.component_id, success=False, failure_reason=str(unreadable)
            )
        return ExtractionRecord(extractor_id=self.component_id, success=True, parsed_answer=answer)

    def read_candidate(self, candidate: CandidateRecord, settings: SettingsT) -> Any:
        """The answer in a candidate; raises UnreadableError when it has none."""
        text = output_text(candidate)
        if text is None:
            raise UnreadableError("the candidate has no output to read")
        return self.read(text, settings)

    @abstractmethod
    def read(self, text: str, settings: SettingsT) -> Any:
        """The answer in `text`; raises UnreadableError when there is none."""
