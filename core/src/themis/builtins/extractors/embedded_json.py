"""The JSON inside an answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from pydantic import Field

from themis.builtins.extractors.reading import TextExtractor, UnreadableError
from themis.builtins.json_scan import json_spans, load_json
from themis.builtins.settings import Settings
from themis.plugin import CandidateRecord
from themis.records.canonical import plain

__all__ = ["EmbeddedJson", "EmbeddedJsonSettings", "storable"]

_OPENERS = {"object": "{", "array": "[", "any": "{["}


class EmbeddedJsonSettings(Settings):
    """Which JSON value to take."""

    which: Literal["first", "last"] = Field(
        default="last", description="Take the first or the last one of the text."
    )
    kind: Literal["object", "array", "any"] = Field(
        default="object", description="Look for objects, arrays, or either; outermost ones only."
    )


class EmbeddedJson(TextExtractor[EmbeddedJsonSettings]):
    """The last (or first) JSON object in prose or a code fence, as Python values.

    `'Sure: {"name": "Ada"} Anything else?'` gives `{"name": "Ada"}`. A structured output is taken
    as it is. Braces that are no JSON are passed over.
    """

    component_id: ClassVar[str] = "embedded_json"
    settings_model = EmbeddedJsonSettings

    def read_candidate(self, candidate: CandidateRecord, settings: EmbeddedJsonSettings) -> Any:
        """The structured output if there is one, else what the text holds."""
        if candidate.inference is not None and candidate.inference.structured_output is not None:
            return candidate.inference.structured_output
        return super().read_candidate(candidate, settings)

    def read(self, text: str, settings: EmbeddedJsonSettings) -> Any:
        """The value; raises UnreadableError when the text holds none."""
        spans = list(_of_kind(text, settings.kind))
        if not spans:
            wanted = "object or array" if settings.kind == "any" else settings.kind
            raise UnreadableError(f"the output has no JSON {wanted}")
        start, end = spans[0 if settings.which == "first" else -1]
        return storable(text[start:end])


def storable(text: str) -> Any:
    """The JSON value of a text; raises UnreadableError when it is none or cannot be recorded."""
    try:
        value = load_json(text)
        plain(value)
    except (ValueError, TypeError, RecursionError) as problem:
        raise UnreadableError(f"the output's JSON cannot be read: {problem}"[:300]) from problem
    return value


def _of_kind(text: str, kind: str) -> Iterator[tuple[int, int]]:
    return (span for span in json_spans(text) if text[span[0]] in _OPENERS[kind])
