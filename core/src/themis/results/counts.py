"""How much of a run there is, and how much of it failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs
from sqlalchemy import func, select

from themis.records import WHOLE_TRIAL
from themis.storage import schema
from themis.storage.schema import CandidateStatus, ScoreStatus

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.engine import Connection

    from themis.results.layout import MetricColumn, RunLayout

__all__ = ["RunCounts", "count_run"]

_CANDIDATES = schema.candidates
_SCORES = schema.scores


@attrs.frozen(slots=True, kw_only=True)
class RunCounts:
    """Candidates planned, made and failed (by error code), and what of the rest failed.

    `reduction_errors` counts trials whose candidates could not be made one, `metric_errors` scores.
    """

    planned: int
    made: int
    failed: int
    failures_by_code: Mapping[str, int]
    metric_errors: int
    reduction_errors: int = 0

    @property
    def pending(self) -> int:
        """Candidates that are planned and were not tried yet."""
        return self.planned - self.made - self.failed

    def sentence(self) -> str:
        """How many failed and how they count, for people."""
        parts = [f"{self.made} of {self.planned} candidates"]
        if self.failed:
            codes = ", ".join(f"{code} {n}" for code, n in self.failures_by_code.items())
            parts.append(f"{self.failed} failed ({codes})")
        if self.reduction_errors:
            parts.append(f"{self.reduction_errors} reductions failed")
        if self.metric_errors:
            parts.append(f"{self.metric_errors} scores failed")
        if self.pending:
            parts.append(f"{self.pending} not done yet")
        if self.failed or self.reduction_errors or self.metric_errors:
            parts.append('failures are left out of the means (on_error="zero" counts them as 0)')
        else:
            parts.append("none failed")
        return "; ".join(parts) + "."


def count_run(
    connection: Connection, layout: RunLayout, metrics: Sequence[MetricColumn]
) -> RunCounts:
    """The counts of a run; metric errors of the given columns alone."""
    rows = connection.execute(_statuses(layout, _CANDIDATES.c.sample != WHOLE_TRIAL)).all()
    reduced = connection.execute(_statuses(layout, _CANDIDATES.c.sample == WHOLE_TRIAL)).all()
    failed = {code or "unknown": n for status, code, n in rows if status == CandidateStatus.ERROR}
    return RunCounts(
        planned=layout.trial_count * layout.num_samples,
        made=sum(n for status, _, n in rows if status == CandidateStatus.OK),
        failed=sum(failed.values()),
        failures_by_code=dict(sorted(failed.items(), key=lambda entry: (-entry[1], entry[0]))),
        metric_errors=_metric_errors(connection, layout, metrics),
        reduction_errors=sum(n for status, _, n in reduced if status == CandidateStatus.ERROR),
    )


def _statuses(layout: RunLayout, which: ColumnElement[bool]) -> Select[Any]:
    return (
        select(_CANDIDATES.c.status, _CANDIDATES.c.error_code, func.count())
        .where(_CANDIDATES.c.run == layout.run, which)
        .group_by(_CANDIDATES.c.status, _CANDIDATES.c.error_code)
    )


def _metric_errors(
    connection: Connection, layout: RunLayout, metrics: Sequence[MetricColumn]
) -> int:
    counted = select(func.count()).where(
        _SCORES.c.run == layout.run,
        _SCORES.c.metric.in_([metric.index for metric in metrics]),
        _SCORES.c.status == ScoreStatus.ERROR.value,
    )
    return connection.scalar(counted) or 0
