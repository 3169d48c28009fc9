"""How an execution left its run: the status, and through which stage the run is whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from themis.runtime.progress import ProgressStatus
from themis.runtime.stages import STAGES, RunStage, Stages

if TYPE_CHECKING:
    from themis.storage.finished import OutcomeCounts

__all__ = ["Outcome"]


@attrs.frozen(slots=True)
class Outcome:
    """The status of a run. Up to the stage `through`, everything has an outcome."""

    status: ProgressStatus
    through: RunStage | None

    @classmethod
    def of(cls, counts: OutcomeCounts, stages: Stages, *, before: RunStage | None) -> Outcome:
        """The outcome of an execution of `stages` that ran to its end.

        `before` is the stage that the run was whole through until then.
        """
        through = None
        for stage, whole in _whole(counts, stages, before):
            if not whole:
                break
            through = stage
        return cls(_status(counts), through)


def _whole(
    counts: OutcomeCounts, stages: Stages, before: RunStage | None
) -> Iterator[tuple[RunStage, bool]]:
    """Each stage, and whether it is whole; parses are not counted: they were run, or are not."""
    parsed = stages.parse or (before is not None and STAGES.index(before) >= STAGES.index("parse"))
    yield "generate", counts.generate.missing == 0
    yield "reduce", counts.reduce.missing == 0
    yield "parse", parsed
    yield "score", counts.score.missing == 0
    yield "judge", counts.judge.missing == 0


def _status(counts: OutcomeCounts) -> ProgressStatus:
    if counts.missing:
        return "pending"
    if counts.failed == 0:
        return "completed"
    return "failed" if counts.ok == 0 else "partial_failure"
