"""What a candidate said, as extractors and metrics read it."""

from __future__ import annotations

import json
from typing import Any

from themis.plugin import CandidateRecord

__all__ = ["as_text", "output_text", "output_value"]


def output_value(candidate: CandidateRecord) -> Any:
    """The raw text, else the structured output; None when the candidate has no output."""
    if candidate.inference is None:
        return None
    if candidate.inference.raw_text is not None:
        return candidate.inference.raw_text
    return candidate.inference.structured_output


def output_text(candidate: CandidateRecord) -> str | None:
    """The raw text, else the structured output as text; None when there is no output."""
    value = output_value(candidate)
    return None if value is None else as_text(value)


def as_text(value: Any) -> str:
    """A value as answers are compared: text as it is, whole numbers without `.0`, else JSON.

    >>> as_text(72.0), as_text(True), as_text(["a", 1])
    ('72', 'true', '["a", 1]')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
