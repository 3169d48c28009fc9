"""Streams a run's trials from the store and finds out what of each is missing.

A chunk of trials is read, its keys are computed and looked up, stored artifacts that this run does
not hold yet are adopted, and what is left becomes `Work`. Nothing is kept beyond a chunk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from itertools import islice, takewhile
from typing import TYPE_CHECKING

import attrs

from themis.runtime.stages import Stages
from themis.runtime.stored import StoredArtifacts
from themis.runtime.whole_trial import WholeTrial
from themis.runtime.work import PendingParse, PendingScore, Work, samples_of
from themis.storage.recording import ReusedCandidate, ReusedScore

if TYPE_CHECKING:
    from themis.planning.plan import Plan
    from themis.runtime.items import ItemSource
    from themis.storage import RunStore, TrialRow

__all__ = ["CHUNK", "Adoption", "WorkChunk", "WorkSource"]

CHUNK = 512
_FIRST_CHUNK = 64
"""The first is small, so that calls begin soon; each is twice as large as the last, up to CHUNK."""


@attrs.define(slots=True)
class Adoption:
    """Artifacts of earlier runs that this run takes as its own: the rows of a `reused` event."""

    candidates: list[ReusedCandidate] = attrs.field(factory=list)
    scores: list[ReusedScore] = attrs.field(factory=list)

    def __bool__(self) -> bool:
        return bool(self.candidates or self.scores)


@attrs.define(slots=True)
class WorkChunk:
    """The work of one chunk of trials; `lanes` hold the samples that run one after another.

    A trial of which only what is done once is missing is a lane of its own. `generated`, `reduced`
    and `evaluated` count what needs no more work.
    """

    lanes: list[list[Work | WholeTrial]] = attrs.field(factory=list)
    adoption: Adoption = attrs.field(factory=Adoption)
    generated: int = 0
    reduced: int = 0
    evaluated: int = 0


@attrs.frozen(slots=True, kw_only=True)
class WorkSource:
    """The missing work of one run.

    `parallel_candidates` bounds how many samples of one trial are under way at once. `trials` are
    those that it is about; None: all.
    """

    plan: Plan
    store: RunStore
    run: int
    items: ItemSource
    stages: Stages
    parallel_candidates: int
    trials: range | None = None

    def chunks(self, arms: frozenset[int]) -> Iterator[WorkChunk]:
        """Chunk after chunk of the trials of `arms`."""
        start = self.trials.start if self.trials is not None else 0
        found = self.store.iter_trials(self.run, start=start, chunk=CHUNK)
        if self.trials is not None:
            stop = self.trials.stop
            found = takewhile(lambda row: row.trial < stop, found)
        rows = (row for row in found if row.arm in arms)
        size = _FIRST_CHUNK
        while chunk := list(islice(rows, size)):
            yield self._chunk(chunk)
            size = min(CHUNK, 2 * size)

    def _chunk(self, rows: Sequence[TrialRow]) -> WorkChunk:
        drafts = [draft for row in rows for draft in self.drafts(row)]
        wholes = self._wholes(drafts)
        found = StoredArtifacts.of_run(self.store, self.run, rows, with_failed=bool(wholes))
        found.look_up(self.store, drafts)
        chunk = WorkChunk()
        pending = [work for work in drafts if self._settle(work, found, chunk.adoption)]
        self._settle_wholes(wholes, {id(work) for work in pending}, found, chunk.adoption)
        members = [work for whole in wholes for work in whole.stored_members(found)]
        found.fill(self.store, list(dict.fromkeys([*pending, *members])))
        self.items.fill([*pending, *(whole.work for whole in wholes if whole.wanted)])
        for work in members:
            work.hand_over()
        chunk.lanes = self._into_lanes(pending)
        chunk.lanes.extend([whole] for whole in wholes if whole.wanted and not whole.waiting)
        self._count(chunk, drafts, pending, wholes)
        return chunk

    def _count(
        self,
        chunk: WorkChunk,
        drafts: Sequence[Work],
        pending: Sequence[Work],
        wholes: Sequence[WholeTrial],
    ) -> None:
        chunk.generated = len(drafts) - sum(work.candidate is None for work in pending)
        reduced = [whole for whole in wholes if whole.work.reduction is not None]
        chunk.reduced = sum(not whole.reduces for whole in reduced)
        done = [whole for whole in wholes if not (whole.work.parses or whole.work.scores)]
        samples = sum(work.evaluated for work in drafts) - sum(work.evaluated for work in pending)
        chunk.evaluated = samples + len(done)

    def drafts(self, row: TrialRow) -> Iterator[Work]:
        """All that there is to do for each sample of a trial."""
        return samples_of(
            self.plan,
            self.plan.arms[row.arm],
            trial=row.trial,
            trial_key=bytes.fromhex(row.trial_hash),
            item_key=bytes.fromhex(row.item_hash),
        )

    def _wholes(self, drafts: Sequence[Work]) -> list[WholeTrial]:
        """The trials of which something is done once."""
        samples = self.plan.experiment.num_samples
        trials = (drafts[at : at + samples] for at in range(0, len(drafts), samples))
        return [WholeTrial.of(trial) for trial in trials if trial[0].slice_plan.whole_trial]

    def _settle(self, work: Work, found: StoredArtifacts, adoption: Adoption) -> bool:
        """Keep in `work` only what is missing; False when nothing is."""
        generated = found.generated_seq(work)
        if generated is not None and not found.holds_candidate(work):
            adoption.candidates.append(ReusedCandidate(work.trial, work.sample, generated))
        if generated is None:
            return self._settle_ungenerated(work)
        self._keep_missing(work, found, adoption)
        return bool(work.parses or work.scores)

    def _settle_ungenerated(self, work: Work) -> bool:
        """Nothing stored can stand for a later stage of a candidate that is yet to be made."""
        if not self.stages.parse:
            work.parses = ()
        work.scores = tuple(one for one in work.scores if self.stages.measures(one.metric))
        return self.stages.generate

    def _keep_missing(self, work: Work, found: StoredArtifacts, adoption: Adoption) -> None:
        work.parses = tuple(entry for entry in work.parses if self._wanted_parse(entry, found))
        work.scores = tuple(
            entry for entry in work.scores if self._wanted_score(work, entry, found, adoption)
        )

    def _wanted_parse(self, entry: PendingParse, found: StoredArtifacts) -> bool:
        return self.stages.parse and entry.key not in found.known

    def _wanted_score(
        self, work: Work, entry: PendingScore, found: StoredArtifacts, adoption: Adoption
    ) -> bool:
        if found.holds_score(work, entry):
            return False
        seq = found.known.get(entry.key)
        if seq is not None:
            index, key = entry.metric.index, entry.key.hex()
            adoption.scores.append(ReusedScore(work.trial, work.sample, index, seq, key))
            return False
        return self.stages.measures(entry.metric)

    def _settle_wholes(
        self,
        wholes: Sequence[WholeTrial],
        pending: Set[int],
        found: StoredArtifacts,
        adoption: Adoption,
    ) -> None:
        """Keep in each trial's work only what is missing and can be done in this execution."""
        ready = []
        for whole in wholes:
            whole.waiting = sum(id(work) in pending for work in whole.samples)
            made = [work for work in whole.samples if found.generated_seq(work) is not None]
            if any(id(work) in pending and work not in made for work in whole.samples):
                self._settle_unreduced(whole)
            elif all(work in made or found.has_failed(work) for work in whole.samples):
                whole.narrow(made)
                ready.append(whole)
            else:
                whole.give_up()
        found.look_up(self.store, [whole.work for whole in ready])
        for whole in ready:
            self._settle_ready(whole, found, adoption)
            if whole.wanted and all(map(found.has_failed, whole.samples)):
                whole.failures = found.failures(self.store, whole.samples)

    def _settle_ready(self, whole: WholeTrial, found: StoredArtifacts, adoption: Adoption) -> None:
        """A trial none of whose samples is to be made."""
        work = whole.work
        whole.reduces = False
        if work.reduction is not None:
            seq = found.known.get(work.candidate_key)
            if seq is None:
                self._settle_unreduced(whole)
                return
            if not found.holds_candidate(work):
                adoption.candidates.append(ReusedCandidate(work.trial, work.sample, seq))
        self._keep_missing(work, found, adoption)

    def _settle_unreduced(self, whole: WholeTrial) -> None:
        """Nothing stored can stand for a trial whose candidates, or reduction, are yet to come."""
        work, stages = whole.work, self.stages
        whole.reduces = work.reduction is not None and stages.reduce
        if work.reduction is not None and not stages.reduce:
            work.parses, work.scores = (), work.set_scores()
        if not stages.parse:
            work.parses = ()
        work.scores = tuple(one for one in work.scores if stages.measures(one.metric))

    def look_again(self, whole: WholeTrial) -> Adoption:
        """A trial whose samples did not all succeed: what is missing for those that did."""
        adoption = Adoption()
        item = whole.work.item
        whole.narrow([work for work in whole.samples if work.sample in whole.candidates])
        whole.work.item = item
        found = StoredArtifacts.of_trial(self.store, self.run, whole.work)
        found.look_up(self.store, [whole.work])
        self._settle_ready(whole, found, adoption)
        found.fill(self.store, [whole.work])
        return adoption

    def _into_lanes(self, pending: list[Work]) -> list[list[Work | WholeTrial]]:
        lanes: list[list[Work | WholeTrial]] = []
        current: list[list[Work | WholeTrial]] = []
        trial = -1
        for work in pending:
            if work.trial != trial:
                lanes.extend(current)
                current, trial, position = [], work.trial, 0
            if len(current) < self.parallel_candidates:
                current.append([work])
            else:
                current[position % self.parallel_candidates].append(work)
                position += 1
        lanes.extend(current)
        return lanes
