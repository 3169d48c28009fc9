"""What reducers share: which candidates count, and the one that stands for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from themis.errors import ErrorCode, ThemisError
from themis.plugin import CandidateRecord, ReducedCandidate

__all__ = ["answering", "standing_for"]


def answering(candidates: Sequence[CandidateRecord], component: str) -> list[CandidateRecord]:
    """The candidates that have an output; raises ThemisError where none has."""
    members = [candidate for candidate in candidates if candidate.inference is not None]
    if not members:
        msg = f"{component}: none of {len(candidates)} candidates has an output"
        raise ThemisError(msg, code=ErrorCode.METRIC_COMPUTATION)
    return members


def standing_for(candidate: CandidateRecord, details: Mapping[str, Any]) -> ReducedCandidate:
    """The reduced candidate that is one of the candidates, with how it came about."""
    return ReducedCandidate(
        candidate_id=candidate.candidate_id,
        effective_seed=candidate.effective_seed,
        inference=candidate.inference,
        conversation=candidate.conversation,
        extractions=candidate.extractions,
        source_candidate_ids=(candidate.candidate_id,),
        details=dict(details),
    )
