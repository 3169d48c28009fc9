"""One unit of work: a candidate, and what of it is still missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from themis.planning.keys import parse_key, score_key
from themis.records import CandidateRecord, ExtractionRecord, Message, TrialSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from themis.planning.items import PlannedItem
    from themis.planning.plan import Arm, MetricPlan, Parse, Score, SlicePlan

__all__ = ["PendingParse", "PendingScore", "Work"]


@attrs.frozen(slots=True)
class PendingParse:
    """One parse of a candidate, and its artifact's key."""

    parse: Parse
    key: bytes


@attrs.frozen(slots=True)
class PendingScore:
    """One metric of a candidate, and its artifact's key."""

    score: Score
    metric: MetricPlan
    key: bytes


@attrs.define(slots=True, kw_only=True, eq=False)
class Work:
    """One candidate of one trial of the run.

    `candidate` is the stored candidate where generation is done. `stored_parses` holds the
    extractions that need not run again, by transform key.
    """

    slice_plan: SlicePlan
    arm: Arm
    trial: int
    sample: int
    item_key: bytes
    trial_key: bytes
    candidate_key: bytes
    seed: int | None
    item: PlannedItem | None = None
    candidate: CandidateRecord | None = None
    parses: tuple[PendingParse, ...] = ()
    scores: tuple[PendingScore, ...] = ()
    stored_parses: dict[bytes, tuple[ExtractionRecord, ...]] = attrs.field(factory=dict)

    def all_parses(self) -> tuple[PendingParse, ...]:
        """Every parse of the slice with its key for this candidate."""
        return tuple(
            PendingParse(parse, parse_key(self.candidate_key, parse.key))
            for parse in self.slice_plan.parses
        )

    def all_scores(self, parses: Sequence[PendingParse]) -> tuple[PendingScore, ...]:
        """Every metric of the slice with its key for this candidate, whose parses are `parses`."""
        subjects = {entry.parse.key: entry.key for entry in parses}
        return tuple(
            PendingScore(score, metric, score_key(subject, metric.key))
            for score in self.slice_plan.scores
            for subject in [subjects[score.parse.key] if score.parse else self.candidate_key]
            for metric in score.metrics
        )

    @property
    def payload_item(self) -> PlannedItem:
        """The item; it is filled in before the work is handed out."""
        assert self.item is not None
        return self.item

    def trial_spec(
        self, prompt: tuple[Message, ...] = (), follow_ups: tuple[tuple[Message, ...], ...] = ()
    ) -> TrialSpec:
        """The trial as components see it, with what is or was sent."""
        return self.arm.trial(
            self.payload_item,
            trial_key=self.trial_key,
            item_key=self.item_key,
            prompt=prompt,
            follow_ups=follow_ups,
        )
