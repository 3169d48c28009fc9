"""The text between a pair of tags."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from themis.plugin import CandidateRecord, ExtractionRecord, TrialSpec

__all__ = ["TaggedText", "TaggedTextConfig"]


class TaggedTextConfig(BaseModel):
    """Which tags. Every field is part of the keys of parses."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tag: str = Field(
        "answer", pattern=r"^[A-Za-z][\w-]*$", description="The tag's name, without brackets."
    )


class TaggedText:
    """What stands in the last `<answer>...</answer>`, without white space around it.

    It is made once and reads many candidates, in any order: it keeps nothing of them.
    """

    component_id = "{{ cookiecutter.__component }}"

    def extract(
        self,
        trial: TrialSpec,  # noqa: ARG002 (the protocol's)
        candidate: CandidateRecord,
        config: TaggedTextConfig | None = None,
    ) -> ExtractionRecord:
        """The text, or why there is none. A model may write anything, so nothing is raised."""
        tag = (config or TaggedTextConfig()).tag
        found = _between(_output(candidate), f"<{tag}>", f"</{tag}>")
        if found is None:
            return ExtractionRecord(
                extractor_id=self.component_id,
                success=False,
                failure_reason=f"the output has no <{tag}>...</{tag}>",
            )
        return ExtractionRecord(
            extractor_id=self.component_id, success=True, parsed_answer=found.strip()
        )


def _output(candidate: CandidateRecord) -> str:
    inference = candidate.inference
    return (inference.raw_text or "") if inference is not None else ""


def _between(text: str, opening: str, closing: str) -> str | None:
    """The text between the last `closing` and the `opening` before it."""
    end = text.rfind(closing)
    start = text.rfind(opening, 0, max(end, 0))
    return None if start < 0 else text[start + len(opening) : end]
