"""How a trial ended, told from its candidates."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, case, func, literal_column, select

from themis.records import WHOLE_TRIAL
from themis.storage import schema
from themis.storage.schema import CandidateStatus

__all__ = ["trial_status"]

_CANDIDATES = schema.candidates
_TRIALS = schema.trials


def trial_status() -> ColumnElement[str]:
    """SQL for a row of `trials`: `ok`, `error` (all candidates failed), `partial` (some did) or
    `skipped` (it has none).
    """  # noqa: D205 (one sentence, two lines)
    tried, failed = _count(), _count(_CANDIDATES.c.status == _literal(CandidateStatus.ERROR))
    return case(
        (tried == 0, "skipped"), (failed == 0, "ok"), (failed == tried, "error"), else_="partial"
    )


def _count(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    mine = (
        (_CANDIDATES.c.run == _TRIALS.c.run)
        & (_CANDIDATES.c.trial == _TRIALS.c.trial)
        & (_CANDIDATES.c.sample != WHOLE_TRIAL)
    )
    counted = select(func.count()).select_from(_CANDIDATES).where(mine, *conditions)
    return counted.correlate(_TRIALS).scalar_subquery()


def _literal(status: CandidateStatus) -> ColumnElement[Any]:
    return literal_column(str(status.value))  # a bound value would miss the partial index
