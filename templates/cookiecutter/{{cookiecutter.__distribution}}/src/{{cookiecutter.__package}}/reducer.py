"""The answer that most candidates gave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from themis.plugin import CandidateRecord, ItemError

__all__ = ["MajorityVote"]


class MajorityVote:
    """Chooses, of several candidates, one whose output is the commonest.

    White space around an output does not count, nor do candidates without one. Between outputs that
    are equally common the alphabet decides, so the candidates' order makes no difference.
    """

    component_id = "{{ cookiecutter.__component }}"

    def reduce(
        self,
        candidates: Sequence[CandidateRecord],
        ctx: Any,  # noqa: ARG002 (the protocol's)
    ) -> CandidateRecord:
        """The first of the candidates that gave the chosen output.

        Raises:
            ItemError: no candidate has an output.
        """
        votes = Counter(text for each in candidates if (text := _output(each)) is not None)
        if not votes:
            msg = f"{self.component_id}: none of {len(candidates)} candidates has an output"
            raise ItemError(msg)
        chosen = min(votes, key=lambda text: (-votes[text], text))
        return next(each for each in candidates if _output(each) == chosen)


def _output(candidate: CandidateRecord) -> str | None:
    inference = candidate.inference
    if candidate.status != "ok" or inference is None or inference.raw_text is None:
        return None
    return inference.raw_text.strip()
