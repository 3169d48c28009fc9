"""One unit of work: a candidate, and what of it is still missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import attrs

from themis.planning.keys import candidate_key, parse_key, score_key
from themis.records import WHOLE_TRIAL, CandidateRecord, ExtractionRecord, Message, TrialSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from themis.planning.items import PlannedItem
    from themis.planning.plan import Arm, MetricPlan, Parse, Plan, Reduction, Score, SlicePlan
    from themis.runtime.whole_trial import WholeTrial

__all__ = ["PendingParse", "PendingScore", "Work", "samples_of"]


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
    """One candidate of one trial of the run; or, with sample `WHOLE_TRIAL`, the trial itself.

    `candidate` is the stored candidate where generation is done. `stored_parses` holds the
    extractions that need not run again, by transform key; `reads` are parses of which it is to hold
    them too, where there are any. `whole` is the trial that waits for this sample. `sets` are the
    keys of a trial's candidates as a set, by transform key.
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
    reads: tuple[Parse, ...] = ()
    whole: WholeTrial | None = None
    sets: Mapping[bytes | None, bytes] = attrs.field(factory=dict)

    @property
    def evaluated(self) -> bool:
        """Whether it is parsed and scored itself: samples that are reduced are not."""
        return self.sample == WHOLE_TRIAL or self.slice_plan.reduction is None

    @property
    def keeps_steps(self) -> bool:
        """Whether each step of its conversation is recorded: it may be taken up in the middle."""
        generation = self.slice_plan.spec.generation
        return (
            self.sample != WHOLE_TRIAL
            and generation is not None
            and bool(generation.tools or generation.mcp_servers or generation.follow_ups)
        )

    @property
    def reduction(self) -> Reduction | None:
        """What makes this candidate of others, where it is one of those."""
        return self.slice_plan.reduction if self.sample == WHOLE_TRIAL else None

    def all_parses(self) -> tuple[PendingParse, ...]:
        """Every parse that is made of this candidate, with its key."""
        if (self.sample == WHOLE_TRIAL) == (self.slice_plan.reduction is None):
            return ()
        return tuple(
            PendingParse(parse, parse_key(self.candidate_key, parse.key))
            for parse in self.slice_plan.parses
        )

    def all_scores(self, parses: Sequence[PendingParse]) -> tuple[PendingScore, ...]:
        """Every metric that scores this candidate, with its key; `parses` are all of its own."""
        whole = self.sample == WHOLE_TRIAL
        subjects = {entry.parse.key: entry.key for entry in parses}
        return tuple(
            PendingScore(
                score, metric, score_key(self._subject(score, metric, subjects), metric.key)
            )
            for score in self.slice_plan.scores
            for metric in score.metrics
            if metric.whole_trial == whole
        )

    def set_scores(self) -> tuple[PendingScore, ...]:
        """Those of its missing scores that are of a trial's candidates as a set."""
        return tuple(entry for entry in self.scores if entry.metric.subject == "candidates")

    def hand_over(self) -> None:
        """Give the stored candidate to the trial that waits for it."""
        if self.whole is not None and self.candidate is not None:
            self.whole.candidates[self.sample] = self.candidate

    def _subject(self, score: Score, metric: MetricPlan, parses: Mapping[bytes, bytes]) -> bytes:
        if metric.subject == "candidates":
            return self.sets[score.parse.key if score.parse else None]
        return self.candidate_key if score.parse is None else parses[score.parse.key]

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


def samples_of(
    plan: Plan, arm: Arm, *, trial: int, trial_key: bytes, item_key: bytes
) -> Iterator[Work]:
    """All that there is to do for each sample of a trial."""
    slice_plan = plan.slice_of(arm)
    for sample in range(plan.experiment.num_samples):
        seed = plan.seed(arm, trial_key, sample)
        work = Work(
            slice_plan=slice_plan,
            arm=arm,
            trial=trial,
            sample=sample,
            item_key=item_key,
            trial_key=trial_key,
            candidate_key=candidate_key(trial_key, sample=sample, seed=seed),
            seed=seed,
        )
        work.parses = work.all_parses()
        work.scores = work.all_scores(work.parses)
        yield work
