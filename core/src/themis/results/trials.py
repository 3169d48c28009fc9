"""A run's trials, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import attrs
from sqlalchemy import Select, select

from themis.results.paging import PAGE, pages
from themis.results.trial_status import trial_status
from themis.storage import schema
from themis.storage.reading import chunked

if TYPE_CHECKING:
    from sqlalchemy import Row

    from themis.records import TrialStatus
    from themis.results.layout import Arm, RunLayout
    from themis.results.source import RunSource

__all__ = ["TrialRow", "find_trials", "iter_trials", "trial_summary", "trials_numbered"]

_TRIALS = schema.trials


@attrs.frozen(slots=True, kw_only=True)
class TrialRow:
    """One trial as it was planned, and how it ended."""

    number: int
    arm: Arm
    item_id: str
    item_hash: bytes
    trial_hash: bytes
    status: TrialStatus


def iter_trials(source: RunSource) -> Iterator[TrialRow]:
    """Every trial of the run, in the order of the plan."""
    for rows in pages(source, _selected(source.layout), (_TRIALS.c.trial,)):
        yield from (_trial_row(row, source.layout) for row in rows)


def find_trials(source: RunSource, *, lowest: bytes, highest: bytes) -> list[TrialRow]:
    """The trials whose hash is within the two, at most some."""
    hashes = _TRIALS.c.trial_hash
    statement = _selected(source.layout).where(hashes >= lowest, hashes <= highest).limit(PAGE)
    with source.connection() as connection:
        return [_trial_row(row, source.layout) for row in connection.execute(statement)]


def trials_numbered(source: RunSource, numbers: Sequence[int]) -> dict[int, TrialRow]:
    """Trials by their number in the run."""
    found = {}
    with source.connection() as connection:
        for chunk in chunked(numbers, PAGE):
            statement = _selected(source.layout).where(_TRIALS.c.trial.in_(chunk))
            for row in connection.execute(statement):
                found[row.trial] = _trial_row(row, source.layout)
    return found


def trial_summary(layout: RunLayout, trial: TrialRow) -> dict[str, Any]:
    """The row of `iter_trial_summaries`."""
    return {
        "trial_hash": trial.trial_hash.hex(),
        "benchmark_id": layout.benchmark_id,
        "slice_id": trial.arm.slice_id,
        "prompt_variant_id": trial.arm.prompt_variant_id,
        "model_id": trial.arm.model_id,
        "item_id": trial.item_id,
        "status": trial.status,
        "dimensions": dict(trial.arm.dimensions),
    }


def _selected(layout: RunLayout) -> Select[Any]:
    return select(_TRIALS, trial_status().label("status")).where(_TRIALS.c.run == layout.run)


def _trial_row(row: Row[Any], layout: RunLayout) -> TrialRow:
    return TrialRow(
        number=row.trial,
        arm=layout.arms[row.arm],
        item_id=row.item_id,
        item_hash=row.item_hash,
        trial_hash=row.trial_hash,
        status=row.status,
    )
