"""The events by which a run takes over what is stored, or gives back what it had."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from themis.storage.events import Event
from themis.storage.outcomes import KEY_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "ReusedCandidate",
    "ReusedScore",
    "WithdrawnCandidate",
    "WithdrawnScore",
    "reused",
    "withdrawn",
]


@attrs.frozen(slots=True)
class ReusedCandidate:
    """A candidate of this run that event `seq` already holds."""

    trial: int
    sample: int
    seq: int


@attrs.frozen(slots=True)
class ReusedScore:
    """A score of this run that event `seq` already holds, under the score's `key`."""

    trial: int
    sample: int
    metric: int
    seq: int
    key: str


@attrs.frozen(slots=True)
class WithdrawnCandidate:
    """A candidate, or (with sample `WHOLE_TRIAL`) a reduced one, to be made again."""

    trial: int
    sample: int
    key: str


@attrs.frozen(slots=True)
class WithdrawnScore:
    """A score to be made again."""

    trial: int
    sample: int
    metric: int
    key: str


def reused(
    run: int,
    *,
    candidates: Iterable[ReusedCandidate] = (),
    scores: Iterable[ReusedScore] = (),
) -> Event:
    """Candidates and scores that this run takes over from earlier events, at most some hundreds."""
    value = {
        "candidates": [[one.trial, one.sample, one.seq] for one in candidates],
        "scores": [
            [one.trial, one.sample, one.metric, one.seq, one.key[:KEY_PREFIX]] for one in scores
        ],
    }
    return Event.of("reused", value, run=run)


def withdrawn(
    run: int,
    *,
    candidates: Iterable[WithdrawnCandidate] = (),
    scores: Iterable[WithdrawnScore] = (),
    parses: Iterable[str] = (),
) -> Event:
    """Artifacts of this run that are to be made again, at most some hundreds.

    The run has no outcome for them any more, and no later run takes them for its own. The events
    that hold them stay.
    """
    value = {
        "candidates": [[one.trial, one.sample, one.key] for one in candidates],
        "scores": [[one.trial, one.sample, one.metric, one.key] for one in scores],
        "parses": list(parses),
    }
    return Event.of("withdrawn", value, run=run)
