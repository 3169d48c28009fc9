"""Takes what a run has made back, so that the stage and those after it are done again.

What is withdrawn is recorded, a chunk of trials at a time; then nothing tells the run from one that
had not come so far, and running it is running what is missing. An interruption loses nothing: what
was withdrawn is made again by whoever runs it next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from typing import TYPE_CHECKING

import attrs

from themis.planning.keys import parse_key
from themis.records import WHOLE_TRIAL
from themis.runtime.stages import STAGES, RunStage, Stages
from themis.runtime.whole_trial import work_of
from themis.runtime.work import Work, samples_of
from themis.storage import recording
from themis.storage.recording import WithdrawnCandidate, WithdrawnScore

if TYPE_CHECKING:
    from themis.runtime.planner import PlannedRun
    from themis.storage import CandidateRow, Event, RunStore, TrialRow

__all__ = ["withdraw"]

_TRIALS_PER_EVENT = 50


def withdraw(
    store: RunStore,
    planned: PlannedRun,
    first: RunStage,
    *,
    metric_ids: frozenset[str] | None = None,
) -> None:
    """Take back what `first` and the stages after it made; of scores, those of `metric_ids`."""
    stages = Stages.between(first, STAGES[-1], metric_ids=metric_ids)
    withdrawal = _Withdrawal(planned, stages)
    rows = store.iter_trials(planned.run)
    while chunk := list(islice(rows, _TRIALS_PER_EVENT)):
        made = _made(store, planned.run, chunk)
        store.append([withdrawal.of(chunk, made), *withdrawal.conversations(chunk, made)])
    before = STAGES[: STAGES.index(first)]
    through = before[-1] if before else None
    store.append([recording.run_status(planned.run, status="pending", through=through)])


Made = dict[int, dict[int, "CandidateRow"]]
"""The outcomes that a run has of candidates, by trial and sample."""


def _made(store: RunStore, run: int, trials: Sequence[TrialRow]) -> Made:
    """The candidates that there are of consecutive trials."""
    found = store.iter_candidates(run, start=trials[0].trial, chunk=len(trials))
    rows = islice(groupby(found, key=lambda row: row.trial), len(trials))
    last = trials[-1].trial
    return {trial: {row.sample: row for row in group} for trial, group in rows if trial <= last}


@attrs.frozen(slots=True)
class _Withdrawal:
    planned: PlannedRun
    stages: Stages

    def of(self, trials: Sequence[TrialRow], made: Made) -> Event:
        """The event that takes these trials' artifacts back."""
        works = [work for row in trials for work in self._works(row, made.get(row.trial, {}))]
        return recording.withdrawn(
            self.planned.run,
            candidates=[entry for work in works for entry in self._candidates(work)],
            scores=[entry for work in works for entry in self._scores(work)],
            parses=[key.hex() for work in works for key in self._parses(work)],
        )

    def conversations(self, trials: Sequence[TrialRow], made: Made) -> Iterator[Event]:
        """Conversations whose recorded steps must not be taken up again."""
        if not self.stages.generate:
            return
        for row in trials:
            for work in self._works(row, made.get(row.trial, {})):
                if work.keeps_steps:
                    yield recording.conversation_anew(
                        self.planned.run,
                        candidate_id=work.candidate_key.hex(),
                        trial=work.trial,
                        sample=work.sample,
                    )

    def _works(self, row: TrialRow, made: dict[int, CandidateRow]) -> Iterator[Work]:
        """The samples of a trial that have an outcome, and what was made of them as a whole.

        A candidate that failed, and is not made again, keeps the scores that say so.
        """
        plan = self.planned.plan
        samples = [
            work
            for work in samples_of(
                plan,
                plan.arms[row.arm],
                trial=row.trial,
                trial_key=bytes.fromhex(row.trial_hash),
                item_key=bytes.fromhex(row.item_hash),
            )
            if work.sample in made
        ]
        succeeded = [work for work in samples if made[work.sample].ok]
        yield from samples if self.stages.generate else succeeded
        if samples and samples[0].slice_plan.whole_trial:
            yield self._whole(work_of(succeeded or samples), made)

    def _whole(self, work: Work, made: dict[int, CandidateRow]) -> Work:
        """The trial as a whole; of a reduction that failed, and is kept, no score is made again."""
        reduced = made.get(WHOLE_TRIAL)
        if work.reduction is not None and not (self.stages.reduce or (reduced and reduced.ok)):
            work.scores = work.set_scores()
        return work

    def _candidates(self, work: Work) -> Iterator[WithdrawnCandidate]:
        whole = work.sample == WHOLE_TRIAL
        if self.stages.generate if not whole else self.stages.reduce and work.reduction is not None:
            yield WithdrawnCandidate(work.trial, work.sample, work.candidate_key.hex())

    def _parses(self, work: Work) -> Iterator[bytes]:
        if self.stages.parse:
            transforms = {parse.key for parse in work.slice_plan.parses}
            yield from (parse_key(work.candidate_key, key) for key in transforms)

    def _scores(self, work: Work) -> Iterator[WithdrawnScore]:
        for entry in work.scores:
            if self.stages.measures(entry.metric):
                index, key = entry.metric.index, entry.key.hex()
                yield WithdrawnScore(work.trial, work.sample, index, key)
