"""What one import brings: each candidate checked, each artifact said once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeVar

from themis.errors import SpecValidationError
from themis.records import CandidateRecord, ConversationTrace, InferenceRecord, InferenceResult
from themis.records.canonical import canonical_bytes, decode
from themis.records.codec import from_plain, to_plain
from themis.records.timeline import FailureRecord, RecordTimeline
from themis.runtime.outcomes import shown, unstorable, unusable_inference

__all__ = ["Arriving", "distinct", "unusable_candidate"]

_LAST_SAMPLE = 2**31 - 2
_PARTS: Mapping[str, type] = {
    "inference": InferenceRecord,
    "conversation": ConversationTrace,
    "timeline": RecordTimeline,
    "failure": FailureRecord,
}


class Arriving(Protocol):
    """Something an import brings: artifacts, each with a hash of what is said of it."""

    @property
    def contents(self) -> tuple[tuple[bytes, bytes], ...]:
        """Name and hash of every artifact."""
        ...

    @property
    def place(self) -> str:
        """What messages call it."""
        ...


A = TypeVar("A", bound=Arriving)


def distinct(arrivals: Iterable[A]) -> list[A]:
    """The arrivals without those that only repeat what earlier ones say.

    Raises:
        SpecValidationError: two say different things of one artifact; the message names it.
    """
    said: dict[bytes, bytes] = {}
    kept = []
    for arrival in arrivals:
        repeated = bool(arrival.contents)
        for name, content in arrival.contents:
            repeated &= name in said
            if said.setdefault(name, content) != content:
                msg = (
                    f"{arrival.place} comes twice in this import, and not alike; "
                    "nothing was imported: give one of the two"
                )
                raise SpecValidationError(msg)
        if not repeated:
            kept.append(arrival)
    return kept


def unusable_candidate(candidate: CandidateRecord) -> str | None:
    """Which field of a candidate cannot be stored as it is, and why; None if all can."""
    sample: Any = candidate.sample_index
    if type(sample) is not int or not 0 <= sample <= _LAST_SAMPLE:
        return f"sample_index is {shown(sample)}; give a whole number from 0 to {_LAST_SAMPLE}"
    seed: Any = candidate.effective_seed
    if seed is not None and (type(seed) is not int or unstorable(seed)):
        return f"effective_seed is {shown(seed)}; give a whole number, or None"
    for name, kind in _PARTS.items():
        part = getattr(candidate, name)
        reason = None if part is None else _unusable(part, kind)
        if reason is not None:
            return f"{name}{reason}"
    return None


def _unusable(part: Any, kind: type[Any]) -> str | None:
    """Why a record would not be read as it is given; it follows the field's name."""
    if not isinstance(part, kind):
        return f" is {type(part).__name__}, not {kind.__name__}"
    if isinstance(part, InferenceRecord):
        reason = unusable_inference(InferenceResult(part))
        if reason is not None:
            return f".{reason}"
    try:
        written = canonical_bytes(to_plain(part))
        read = from_plain(decode(written), kind)
    except (TypeError, ValueError, AttributeError) as error:
        return f" cannot be stored: {error}"
    if canonical_bytes(to_plain(read)) != written:
        return f" has a field of another type than {kind.__name__} has"
    return None
