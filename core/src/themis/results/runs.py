"""The runs of a store, in short."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs
from sqlalchemy import func, select

from themis.records import WHOLE_TRIAL
from themis.storage import schema
from themis.storage.schema import CandidateStatus

if TYPE_CHECKING:
    from themis.storage import RunRow, RunStore

__all__ = ["RunSummary", "list_runs"]

_CANDIDATES = schema.candidates


@attrs.frozen(slots=True, kw_only=True)
class RunSummary:
    """One run: how far it is, how much of it failed, when it was planned and last changed (UTC)."""

    run_id: str
    benchmark_id: str
    status: str
    reason: str | None
    trials: int
    candidates_planned: int
    candidates_ok: int
    candidates_failed: int
    created_at: datetime
    updated_at: datetime

    def to_dict(self) -> dict[str, Any]:
        """Plain values; times as ISO 8601 text."""
        plain = attrs.asdict(self)
        times = {name: plain[name].isoformat() for name in ("created_at", "updated_at")}
        return {**plain, **times}

    def to_row(self) -> dict[str, Any]:
        """The run in short, as a table shows it."""
        return {
            "run": self.run_id[:12],
            "benchmark_id": self.benchmark_id,
            "status": self.status,
            "trials": self.trials,
            "candidates": f"{self.candidates_ok} of {self.candidates_planned}",
            "failed": self.candidates_failed,
            "planned": self.created_at.strftime("%Y-%m-%d %H:%M"),
            "updated": self.updated_at.strftime("%Y-%m-%d %H:%M"),
        }


def list_runs(store: RunStore) -> list[RunSummary]:
    """Every run of the store, newest first."""
    counts = _candidate_counts(store)
    rows = sorted(store.runs(), key=lambda row: row.id, reverse=True)
    return [_summary(row, counts.get(row.id, {})) for row in rows]


def _candidate_counts(store: RunStore) -> dict[int, dict[int, int]]:
    """Candidates by run and status."""
    keys = (_CANDIDATES.c.run, _CANDIDATES.c.status)
    counts: dict[int, dict[int, int]] = {}
    with store.reader() as connection:
        counted = select(*keys, func.count()).where(_CANDIDATES.c.sample != WHOLE_TRIAL)
        rows: Iterable[Any] = connection.execute(counted.group_by(*keys))
        for run, status, n in rows:
            counts.setdefault(run, {})[status] = n
    return counts


def _summary(row: RunRow, counts: dict[int, int]) -> RunSummary:
    return RunSummary(
        run_id=row.run_id,
        benchmark_id=row.benchmark_id,
        status=row.status,
        reason=row.reason,
        trials=row.trial_count,
        candidates_planned=row.trial_count * row.num_samples,
        candidates_ok=counts.get(CandidateStatus.OK.value, 0),
        candidates_failed=counts.get(CandidateStatus.ERROR.value, 0),
        created_at=datetime.fromtimestamp(row.created_at / 1000, UTC),
        updated_at=datetime.fromtimestamp(row.updated_at / 1000, UTC),
    )
