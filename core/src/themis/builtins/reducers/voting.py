"""The answer that most candidates give (self-consistency, Wang et al. 2022)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field

from themis.builtins.normalization import NormalizationSettings, normalized
from themis.builtins.outputs import as_text, output_text
from themis.builtins.reducers.members import answering, standing_for
from themis.builtins.settings import Settings, settings_from
from themis.plugin import CandidateRecord, ReduceContext, ReducedCandidate
from themis.specs import ExtractorRefSpec

__all__ = [
    "MajorityVote",
    "MajorityVoteSettings",
    "SelfConsistency",
    "SelfConsistencySettings",
]


class MajorityVoteSettings(NormalizationSettings):
    """Which differences between outputs make no other vote."""


class MajorityVote:
    """The first of the candidates whose output is given most often.

    Outputs are compared in their normal form; of answers with as many votes, the one that was given
    first wins. `details` has the votes for the winner and how many were cast.
    """

    component_id: ClassVar[str] = "majority_vote"

    def __init__(self, config: MajorityVoteSettings | Mapping[str, Any] | None = None) -> None:
        self.settings = settings_from(MajorityVoteSettings, config)

    def reduce(
        self,
        candidates: Sequence[CandidateRecord],
        ctx: ReduceContext,  # noqa: ARG002 (the protocol's)
    ) -> ReducedCandidate:
        """One candidate of the majority."""
        members = answering(candidates, self.component_id)
        votes = [normalized(output_text(one) or "", self.settings) for one in members]
        return _winner(members, votes)


class SelfConsistencySettings(Settings):
    """How answers are read out of the outputs that vote."""

    extractors: list[ExtractorRefSpec] = Field(
        min_length=1, description="Readers of answers, tried in order until one succeeds."
    )
    ignore_case: bool = Field(default=True, description="Compare answers without regard to case.")


class SelfConsistency:
    """The first of the candidates whose parsed answer is given most often.

    Candidates from which no answer can be read do not vote; where none can, the first candidate
    stands, and `details["votes"]` is 0.
    """

    component_id: ClassVar[str] = "self_consistency"

    def __init__(self, config: SelfConsistencySettings | Mapping[str, Any] | None = None) -> None:
        self.settings = settings_from(SelfConsistencySettings, config)

    async def reduce(
        self, candidates: Sequence[CandidateRecord], ctx: ReduceContext
    ) -> ReducedCandidate:
        """One candidate of the majority."""
        members = answering(candidates, self.component_id)
        return _winner(members, [self._vote(await ctx.extract(one)) for one in members])

    def _vote(self, candidate: CandidateRecord) -> str | None:
        found = candidate.best_extraction()
        if found is None:
            return None
        text = as_text(found.parsed_answer).strip()
        return text.casefold() if self.settings.ignore_case else text


def _winner(
    members: Sequence[CandidateRecord], votes: Sequence[Hashable | None]
) -> ReducedCandidate:
    counts: dict[Hashable, int] = {}
    for vote in votes:
        if vote is not None:
            counts[vote] = counts.get(vote, 0) + 1
    if not counts:
        return standing_for(members[0], {"votes": 0, "cast": 0, "answers": 0})
    winner = max(counts, key=lambda vote: counts[vote])  # of equals, the one that came first
    details = {"votes": counts[winner], "cast": sum(counts.values()), "answers": len(counts)}
    return standing_for(members[votes.index(winner)], details)
