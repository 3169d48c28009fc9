"""Gathers the candidates of a trial for what is done once, when all of them are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from themis.planning.keys import parse_key, reduced_key, set_key
from themis.records import (
    WHOLE_TRIAL,
    CandidateRecord,
    ExtractionRecord,
    FailureRecord,
    TrialSpec,
)
from themis.runtime.work import Work

if TYPE_CHECKING:
    from themis.planning.plan import Parse
    from themis.runtime.stored import StoredArtifacts

__all__ = ["WholeTrial"]


@attrs.define(slots=True, kw_only=True, eq=False)
class WholeTrial:
    """One trial of a slice that reduces its candidates, or scores them as a set.

    `work` is what is missing if every sample succeeds. The samples' own work is counted off in
    `waiting`; whoever brings it to 0 goes on with the trial. `trial` is as its candidates saw it.
    """

    samples: tuple[Work, ...]
    work: Work
    reduces: bool = False
    waiting: int = 0
    candidates: dict[int, CandidateRecord] = attrs.field(factory=dict)
    failures: dict[int, FailureRecord] = attrs.field(factory=dict)
    trial: TrialSpec | None = None

    @classmethod
    def of(cls, samples: Sequence[Work]) -> WholeTrial:
        """The trial of these samples, all of which are assumed to succeed."""
        whole = cls(samples=tuple(samples), work=work_of(samples))
        for sample in samples:
            sample.whole = whole
        return whole

    @property
    def members(self) -> tuple[CandidateRecord, ...]:
        """The candidates that succeeded, in order of samples."""
        return tuple(self.candidates[sample] for sample in sorted(self.candidates))

    @property
    def complete(self) -> bool:
        """Whether every sample has succeeded."""
        return len(self.candidates) == len(self.samples)

    @property
    def wanted(self) -> bool:
        """Whether anything is missing that can be done in this execution."""
        return bool(self.reduces or self.work.parses or self.work.scores)

    def settle(self, sample: Work, candidate: CandidateRecord) -> bool:
        """A sample's work has ended; whether it was the last one."""
        if candidate.status == "ok":
            self.candidates[sample.sample] = candidate
        elif candidate.failure is not None:
            self.failures[sample.sample] = candidate.failure
        self.waiting -= 1
        return self.waiting == 0 and self.wanted

    def narrow(self, made: Sequence[Work]) -> None:
        """Only these samples are there: what is done for them has keys of its own."""
        if 0 < len(made) < len(self.samples):
            self.work = work_of(made)

    def give_up(self) -> None:
        """Samples are missing, and are not made in this execution."""
        self.reduces, self.work.parses, self.work.scores = False, (), ()

    def stored_members(self, found: StoredArtifacts) -> list[Work]:
        """The stored candidates that are to be loaded for this trial."""
        if not self.wanted:
            return []
        sets = self.work.set_scores()
        if not (self.reduces or sets):
            return [self.work]
        members = [work for work in self.samples if found.generated_seq(work) is not None]
        for work in members:
            work.reads = tuple(entry.score.parse for entry in sets if entry.score.parse)
        return [self.work, *members]

    def parsed(self, parse: Parse) -> dict[int, tuple[ExtractionRecord, ...]]:
        """What is known of this parse, by sample."""
        return {
            sample.sample: sample.stored_parses[parse.key]
            for sample in self.samples
            if parse.key in sample.stored_parses
        }


def work_of(samples: Sequence[Work]) -> Work:
    """All that is to be done once for these samples of one trial."""
    first = samples[0]
    keys = [sample.candidate_key for sample in samples]
    reduction = first.slice_plan.reduction
    work = Work(
        slice_plan=first.slice_plan,
        arm=first.arm,
        trial=first.trial,
        sample=WHOLE_TRIAL,
        item_key=first.item_key,
        trial_key=first.trial_key,
        candidate_key=set_key(keys) if reduction is None else reduced_key(keys, reduction.key),
        seed=None,
        item=first.item,
        sets=_set_keys(samples),
    )
    work.parses = work.all_parses()
    work.scores = work.all_scores(work.parses)
    return work


def _set_keys(samples: Sequence[Work]) -> Mapping[bytes | None, bytes]:
    """The key of the candidates as a set, by the transform through which they are read."""
    keys = [sample.candidate_key for sample in samples]
    scores = samples[0].slice_plan.scores
    transforms = {score.parse.key for score in scores if score.parse is not None}
    return {
        None: set_key(keys),
        **{each: set_key([parse_key(key, each) for key in keys]) for each in transforms},
    }
