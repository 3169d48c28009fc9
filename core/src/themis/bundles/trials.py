"""A run's trials as a store has them, some at a time: candidates, and where the scores are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import attrs
from sqlalchemy import select

from themis.bundles.records import outputs_hash
from themis.records import WHOLE_TRIAL
from themis.storage.reading import chunked
from themis.storage.schema import CandidateStatus, ScoreStatus, candidates, metrics, scores
from themis.storage.schema import trials as planned

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from themis.bundles.plan import MetricKey
    from themis.storage import RunStore, StoredEvent

__all__ = ["CHUNK", "ScoreRow", "StoredTrial", "read_trials", "stored_trials"]

CHUNK = 256


@attrs.frozen(slots=True)
class ScoreRow:
    """Where one score of a trial is: entry `position` of event `seq`."""

    metric: int
    sample: int
    ok: bool
    seq: int
    position: int


@attrs.define(slots=True)
class StoredTrial:
    """One trial: the keys (hex) and events of its candidates by sample, and its scores.

    `made` are the samples that succeeded; -1 among them is the reduced candidate.
    """

    number: int
    keys: dict[int, str] = attrs.field(factory=dict)
    made: list[int] = attrs.field(factory=list)
    candidates: dict[int, StoredEvent] = attrs.field(factory=dict)
    scores: dict[tuple[int, int], ScoreRow] = attrs.field(factory=dict)

    @property
    def members(self) -> list[str]:
        """The keys of the samples that succeeded, in order."""
        return [self.keys[sample] for sample in sorted(self.made) if sample != WHOLE_TRIAL]

    @property
    def member_keys(self) -> list[bytes]:
        """The same as bytes."""
        return [bytes.fromhex(key) for key in self.members]

    def output_of(self, sample: int) -> str:
        """The hash of what a candidate, reduced or not, gives to later stages."""
        return outputs_hash([self.candidates[sample].value])

    def outputs_of_members(self) -> str:
        """The hash of the outputs of the samples that succeeded."""
        made = [sample for sample in sorted(self.made) if sample != WHOLE_TRIAL]
        return outputs_hash([self.candidates[sample].value for sample in made])

    def scored_output(self, metric: MetricKey, sample: int) -> str:
        """The hash of the outputs that a metric scores."""
        if metric.subject == "candidates":
            return self.outputs_of_members()
        return self.output_of(sample)


def stored_trials(store: RunStore, run: int, count: int) -> Iterator[list[StoredTrial]]:
    """A run's first `count` trials, in order, some hundreds at a time."""
    for numbers in chunked(range(count), CHUNK):
        yield list(read_trials(store, run, numbers).values())


def read_trials(store: RunStore, run: int, numbers: Sequence[int]) -> dict[int, StoredTrial]:
    """The trials with these numbers, some hundreds of them at most."""
    trials = {number: StoredTrial(number) for number in numbers}
    found: dict[tuple[int, int], int] = {}
    with store.reader() as connection:
        for trial, sample, key, status, seq in _candidate_rows(connection, run, trials):
            trials[trial].keys[sample] = key.hex()
            found[trial, sample] = seq
            if status == CandidateStatus.OK.value:
                trials[trial].made.append(sample)
        _add_scores(connection, run, trials)
    events = store.events(sorted(set(found.values())))
    for (trial, sample), seq in found.items():
        trials[trial].candidates[sample] = events[seq]
    return trials


def _candidate_rows(
    connection: Connection, run: int, numbers: Iterable[int]
) -> list[tuple[int, int, bytes, int, int]]:
    row = candidates.c
    query = (
        select(row.trial, row.sample, row.candidate_hash, row.status, row.generated_seq)
        .where(row.run == run, row.trial.in_(list(numbers)))
        .order_by(row.trial, row.sample)
    )
    return [
        (trial, sample, key, status, seq)
        for trial, sample, key, status, seq in connection.execute(query)
    ]


def _add_scores(connection: Connection, run: int, trials: dict[int, StoredTrial]) -> None:
    """Where the scores are; the places of those that have no candidate to score are left out."""
    row = scores.c
    numbered = select(metrics.c.metric).where(metrics.c.run == run)
    of_trials = planned.c.trial.in_(list(trials))
    in_arms = select(planned.c.arm).where(planned.c.run == run, of_trials).distinct()
    query = (
        select(row.trial, row.metric, row.sample, row.status, row.seq, row.position)
        .where(row.run == run, row.metric.in_(numbered), row.arm.in_(in_arms))
        .where(row.trial.in_(list(trials)))
        .where(row.status != ScoreStatus.NO_CANDIDATE.value)
    )
    found: dict[int, list[ScoreRow]] = defaultdict(list)
    for trial, metric, sample, status, seq, position in connection.execute(query):
        ok = status == ScoreStatus.OK.value
        found[trial].append(ScoreRow(metric, sample, ok, seq, position))
    for number, rows in found.items():
        rows.sort(key=lambda one: (one.sample, one.metric))
        trials[number].scores = {(one.metric, one.sample): one for one in rows}
