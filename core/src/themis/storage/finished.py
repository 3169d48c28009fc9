"""What a run already holds: the rows that need no more work, and how its work came out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
from sqlalchemy import func, select

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
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

__all__ = ["OutcomeCounts", "finished_candidates", "finished_scores", "outcome_counts"]


@attrs.frozen(slots=True, kw_only=True)
class OutcomeCounts:
    """A run's candidates and scores together: well, failed, and without any outcome yet."""

    ok: int
    failed: int
    missing: int


def finished_candidates(
    connection: Connection, run: int, *, first: int, last: int
) -> dict[tuple[int, int], int]:
    """The events of the run's successful candidates of trials `first` to `last`.

    By (trial, sample).
    """
    query = (
        select(candidates.c.trial, candidates.c.sample, candidates.c.generated_seq)
        .where(candidates.c.run == run, candidates.c.trial.between(first, last))
        .where(candidates.c.status == CandidateStatus.OK.value)
    )
    return {(trial, sample): seq for trial, sample, seq in connection.execute(query)}


def finished_scores(
    connection: Connection, run: int, *, in_arms: Sequence[int], first: int, last: int
) -> set[tuple[int, int, int]]:
    """The run's successful scores of trials `first` to `last`, as (trial, sample, metric)."""
    columns = select(metrics.c.metric).where(metrics.c.run == run)
    query = (
        select(scores.c.trial, scores.c.sample, scores.c.metric)
        .where(scores.c.run == run, scores.c.metric.in_(columns), scores.c.arm.in_(in_arms))
        .where(scores.c.trial.between(first, last))
        .where(scores.c.status == ScoreStatus.OK.value)
    )
    return {(trial, sample, metric) for trial, sample, metric in connection.execute(query)}


def outcome_counts(connection: Connection, run: int) -> OutcomeCounts:
    """How the run's work came out so far."""
    made = _by_status(connection, candidates.c.run == run, candidates.c.status)
    scored = _by_status(connection, scores.c.run == run, scores.c.status)
    wanted = _wanted(connection, run)
    ok = made.get(CandidateStatus.OK.value, 0) + scored.get(ScoreStatus.OK.value, 0)
    seen = sum(made.values()) + sum(scored.values())
    return OutcomeCounts(ok=ok, failed=seen - ok, missing=wanted - seen)


def _by_status(connection: Connection, of_run: object, status: object) -> dict[int, int]:
    query = select(status, func.count()).where(of_run).group_by(status)  # type: ignore[call-overload]
    return {int(row[0]): int(row[1]) for row in connection.execute(query)}


def _wanted(connection: Connection, run: int) -> int:
    """How many candidates and scores the run has when it is whole."""
    samples = connection.scalar(select(runs.c.num_samples).where(runs.c.id == run)) or 0
    metrics_per_slice = (
        select(metrics.c.slice_id, func.count().label("metrics"))
        .where(metrics.c.run == run)
        .group_by(metrics.c.slice_id)
        .subquery()
    )
    rows = select(
        func.count(), func.coalesce(func.sum(func.coalesce(metrics_per_slice.c.metrics, 0)), 0)
    ).select_from(
        trials.join(arms, (arms.c.run == trials.c.run) & (arms.c.arm == trials.c.arm)).outerjoin(
            metrics_per_slice, metrics_per_slice.c.slice_id == arms.c.slice_id
        )
    )
    trial_count, score_count = connection.execute(rows.where(trials.c.run == run)).one()
    return int(samples) * (int(trial_count) + int(score_count))
