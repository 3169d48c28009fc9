"""Streams a run's trials from the store and finds out what of each is missing.

A chunk of trials is read, its keys are computed and looked up, stored artifacts that this run does
not hold yet are adopted, and what is left becomes `Work`. Nothing is kept beyond a chunk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, takewhile
from typing import TYPE_CHECKING

import attrs

from themis.planning.keys import candidate_key
from themis.runtime.stored import StoredArtifacts
from themis.runtime.work import PendingParse, PendingScore, Work
from themis.storage.recording import ReusedCandidate, ReusedScore

if TYPE_CHECKING:
    from themis.planning.plan import Plan
    from themis.runtime.items import ItemSource
    from themis.storage import RunStore, TrialRow

__all__ = ["CHUNK", "Adoption", "Stages", "WorkChunk", "WorkSource"]

CHUNK = 256


@attrs.frozen(slots=True, kw_only=True)
class Stages:
    """Which stages an execution runs."""

    generate: bool = True
    parse: bool = True
    score: bool = True


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

    `generated` and `evaluated` count the candidates that need no more work in that stage.
    """

    lanes: list[list[Work]] = attrs.field(factory=list)
    adoption: Adoption = attrs.field(factory=Adoption)
    generated: int = 0
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
        while chunk := list(islice(rows, CHUNK)):
            yield self._chunk(chunk)

    def _chunk(self, rows: Sequence[TrialRow]) -> WorkChunk:
        found = StoredArtifacts.of_run(self.store, self.run, rows)
        drafts = [draft for row in rows for draft in self._drafts(row)]
        found.look_up(self.store, drafts)
        chunk = WorkChunk()
        pending = [work for work in drafts if self._settle(work, found, chunk.adoption)]
        found.fill(self.store, pending)
        self.items.fill(pending)
        chunk.lanes = self._into_lanes(pending)
        chunk.generated = len(drafts) - sum(work.candidate is None for work in pending)
        chunk.evaluated = len(drafts) - len(pending)
        return chunk

    def _drafts(self, row: TrialRow) -> Iterator[Work]:
        arm = self.plan.arms[row.arm]
        slice_plan = self.plan.slice_of(arm)
        trial = bytes.fromhex(row.trial_hash)
        for sample in range(self.plan.experiment.num_samples):
            seed = self.plan.seed(arm, trial, sample)
            work = Work(
                slice_plan=slice_plan,
                arm=arm,
                trial=row.trial,
                sample=sample,
                item_key=bytes.fromhex(row.item_hash),
                trial_key=trial,
                candidate_key=candidate_key(trial, sample=sample, seed=seed),
                seed=seed,
            )
            work.parses = work.all_parses()
            work.scores = work.all_scores(work.parses)
            yield work

    def _settle(self, work: Work, found: StoredArtifacts, adoption: Adoption) -> bool:
        """Keep in `work` only what is missing; False when nothing is."""
        generated = found.generated_seq(work)
        if generated is not None and not found.holds_candidate(work):
            adoption.candidates.append(ReusedCandidate(work.trial, work.sample, generated))
        if generated is None:
            return self._settle_ungenerated(work)
        work.parses = tuple(entry for entry in work.parses if self._wanted_parse(entry, found))
        work.scores = tuple(
            entry for entry in work.scores if self._wanted_score(work, entry, found, adoption)
        )
        return bool(work.parses or work.scores)

    def _settle_ungenerated(self, work: Work) -> bool:
        """Nothing stored can stand for a later stage of a candidate that is yet to be made."""
        if not self.stages.parse:
            work.parses = ()
        if not self.stages.score:
            work.scores = ()
        return self.stages.generate

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
        return self.stages.score

    def _into_lanes(self, pending: list[Work]) -> list[list[Work]]:
        lanes: list[list[Work]] = []
        current: list[list[Work]] = []
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
