"""What a run already holds: the rows that need no more work, and how its work came out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
from sqlalchemy import func, literal_column, select

from themis.records import WHOLE_TRIAL
from themis.storage.schema import (
    CandidateStatus,
    ScoreStatus,
    arms,
    candidates,
    metrics,
    runs,
    scores,
    trials,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.engine import Connection

__all__ = [
    "OutcomeCounts",
    "StageCounts",
    "failed_candidates",
    "finished_candidates",
    "finished_scores",
    "outcome_counts",
]


@attrs.frozen(slots=True, kw_only=True)
class StageCounts:
    """The outcomes of one stage of a run: well, failed, and how many there are when it is whole."""

    ok: int
    failed: int
    wanted: int

    @property
    def missing(self) -> int:
        """How many have no outcome yet."""
        return self.wanted - self.ok - self.failed


@attrs.frozen(slots=True)
class OutcomeCounts:
    """A run's outcomes by stage: candidates, reduced candidates, scores, and judged scores."""

    generate: StageCounts
    reduce: StageCounts
    score: StageCounts
    judge: StageCounts

    @property
    def ok(self) -> int:
        """All that went well."""
        return sum(stage.ok for stage in self._stages)

    @property
    def failed(self) -> int:
        """All that failed."""
        return sum(stage.failed for stage in self._stages)

    @property
    def missing(self) -> int:
        """All that has no outcome yet."""
        return sum(stage.missing for stage in self._stages)

    @property
    def _stages(self) -> tuple[StageCounts, ...]:
        return (self.generate, self.reduce, self.score, self.judge)


def finished_candidates(
    connection: Connection, run: int, *, first: int, last: int
) -> dict[tuple[int, int], int]:
    """The events of the run's successful candidates of trials `first` to `last`.

    By (trial, sample); a reduced candidate's sample is `WHOLE_TRIAL`.
    """
    return _generated_by(connection, _candidates_of(run, first, last, CandidateStatus.OK))


def failed_candidates(
    connection: Connection, run: int, *, first: int, last: int
) -> dict[tuple[int, int], int]:
    """The events of the run's failed candidates of trials `first` to `last`, as above."""
    return _generated_by(connection, _candidates_of(run, first, last, CandidateStatus.ERROR))


def _generated_by(connection: Connection, query: Select[Any]) -> dict[tuple[int, int], int]:
    columns = query.with_only_columns(
        candidates.c.trial, candidates.c.sample, candidates.c.generated_seq
    )
    return {(trial, sample): seq for trial, sample, seq in connection.execute(columns)}


def _candidates_of(run: int, first: int, last: int, status: CandidateStatus) -> Select[Any]:
    return (
        select(candidates)
        .where(candidates.c.run == run, candidates.c.trial.between(first, last))
        .where(candidates.c.status == literal_column(str(status.value)))
    )


def finished_scores(
    connection: Connection, run: int, *, in_arms: Sequence[int], first: int, last: int
) -> dict[tuple[int, int, int], int]:
    """The events of the run's successful scores of trials `first` to `last`.

    By (trial, sample, metric).
    """
    columns = select(metrics.c.metric).where(metrics.c.run == run)
    query = (
        select(scores.c.trial, scores.c.sample, scores.c.metric, scores.c.seq)
        .where(scores.c.run == run, scores.c.metric.in_(columns), scores.c.arm.in_(in_arms))
        .where(scores.c.trial.between(first, last))
        .where(scores.c.status == ScoreStatus.OK.value)
    )
    return {(row.trial, row.sample, row.metric): row.seq for row in connection.execute(query)}


def outcome_counts(connection: Connection, run: int, *, reductions: int) -> OutcomeCounts:
    """How the run's work came out so far; `reductions` is how many reduced candidates it has."""
    of_run = candidates.c.run == run
    samples = connection.scalar(select(runs.c.num_samples).where(runs.c.id == run)) or 0
    trial_count = select(func.count()).select_from(trials).where(trials.c.run == run)
    planned = int(samples) * int(connection.scalar(trial_count) or 0)
    made = _by_status(connection, of_run & (candidates.c.sample != WHOLE_TRIAL))
    reduced = _by_status(connection, of_run & (candidates.c.sample == WHOLE_TRIAL))
    pure, judged = _score_counts(connection, run, int(samples))
    return OutcomeCounts(_counts(made, planned), _counts(reduced, reductions), pure, judged)


def _counts(by_status: Mapping[int, int], wanted: int) -> StageCounts:
    ok = by_status.get(CandidateStatus.OK.value, 0)
    return StageCounts(ok=ok, failed=sum(by_status.values()) - ok, wanted=wanted)


def _by_status(connection: Connection, rows: ColumnElement[bool]) -> dict[int, int]:
    status = candidates.c.status
    query = select(status, func.count()).where(rows).group_by(status)
    return {int(row[0]): int(row[1]) for row in connection.execute(query)}


def _score_counts(connection: Connection, run: int, samples: int) -> list[StageCounts]:
    """The scores that ask no judge, and those that do."""
    in_slice = _trials_by_slice(connection, run)
    found: dict[int, dict[int, int]] = {}
    counted = select(scores.c.metric, scores.c.status, func.count()).where(scores.c.run == run)
    grouped = counted.group_by(scores.c.metric, scores.c.status)
    for metric, status, count in connection.execute(grouped):
        found.setdefault(metric, {})[status] = count
    totals = {judged: [0, 0, 0] for judged in (False, True)}
    columns = (metrics.c.metric, metrics.c.slice_id, metrics.c.whole_trial, metrics.c.stage)
    for row in connection.execute(select(*columns).where(metrics.c.run == run)):
        by_status = found.get(row.metric, {})
        total = totals[row.stage == "judge"]
        total[0] += by_status.get(ScoreStatus.OK.value, 0)
        total[1] += sum(by_status.values())
        total[2] += in_slice.get(row.slice_id, 0) * (1 if row.whole_trial else samples)
    return [
        StageCounts(ok=ok, failed=seen - ok, wanted=wanted) for ok, seen, wanted in totals.values()
    ]


def _trials_by_slice(connection: Connection, run: int) -> dict[str, int]:
    of_arm = (arms.c.run == trials.c.run) & (arms.c.arm == trials.c.arm)
    query = (
        select(arms.c.slice_id, func.count())
        .select_from(trials.join(arms, of_arm))
        .where(trials.c.run == run)
        .group_by(arms.c.slice_id)
    )
    return {row[0]: int(row[1]) for row in connection.execute(query)}
