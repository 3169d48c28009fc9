"""The runs of one benchmark over time, and which of them count as history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs

from themis.storage import judgements, run_judged

if TYPE_CHECKING:
    from themis.storage import RunRow, RunStore

__all__ = ["HistoryPoint", "judge_run", "run_history", "was_accepted"]

_ENDED = frozenset({"completed", "partial_failure"})
_SHORT = 12


@attrs.frozen(slots=True, kw_only=True)
class HistoryPoint:
    """One run of a benchmark's history. `label` is its git commit, else the start of its id.

    `accepted` says whether later runs are judged by it; `reason` why not, or who said so.
    """

    run_id: str
    label: str
    status: str
    created_at: datetime
    accepted: bool
    reason: str | None = None

    @property
    def accepted_by_hand(self) -> bool:
        """Whether somebody said that the run counts, and not only nobody that it does not."""
        return self.accepted and self.reason is not None

    def to_dict(self) -> dict[str, Any]:
        """Plain values; the time as ISO 8601 text."""
        return {**attrs.asdict(self), "created_at": self.created_at.isoformat()}


def run_history(
    store: RunStore, benchmark_id: str, *, before: str | None = None
) -> list[HistoryPoint]:
    """The runs of a benchmark that ended, oldest first; with `before`, those planned before it.

    A run counts unless a gate rejected it; then it does from when it is accepted.

    Raises:
        StorageError: there is no run `before`.
    """
    until = None if before is None else store.run(before).id
    return [
        _point(store, row)
        for row in store.runs()
        if row.benchmark_id == benchmark_id
        and row.status in _ENDED
        and (until is None or row.id < until)
    ]


def judge_run(store: RunStore, run_id: str, *, accepted: bool, reason: str) -> None:
    """Record whether a run counts as history from now on. Saying the same again writes nothing.

    Raises:
        StorageError: there is no such run, or the store cannot be written.
    """
    row = store.run(run_id)
    said = judgements(store, row.run_id)
    if (said[-1]["accepted"] if said else True) == accepted:
        return
    event = run_judged(
        row.id, run_id=row.run_id, number=len(said), accepted=accepted, reason=reason
    )
    store.append([event])


def was_accepted(store: RunStore, run_id: str) -> bool:
    """Whether somebody accepted the run, and nobody rejected it since.

    Raises:
        StorageError: there is no such run.
    """
    said = judgements(store, store.run(run_id).run_id)
    return bool(said) and bool(said[-1]["accepted"])


def _point(store: RunStore, row: RunRow) -> HistoryPoint:
    said = judgements(store, row.run_id)
    return HistoryPoint(
        run_id=row.run_id,
        label=_label(store.manifest(row), row.run_id),
        status=row.status,
        created_at=datetime.fromtimestamp(row.created_at / 1000, UTC),
        accepted=bool(said[-1]["accepted"]) if said else True,
        reason=said[-1]["reason"] if said else None,
    )


def _label(manifest: Mapping[str, Any], run_id: str) -> str:
    git = manifest.get("provenance", {}).get("git") or {}
    return str(git.get("commit") or run_id)[:_SHORT]
