"""A run's stored events in the words of the experiment API, one per stage of a case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import select

from themis.records.event_telling import STATUS, TOLD_KINDS, EventPlace, told_of_case, told_of_run
from themis.records.run_events import RunEvent
from themis.results.paging import PAGE, pages
from themis.results.source import RunSource
from themis.results.trials import trials_numbered
from themis.storage import schema

if TYPE_CHECKING:
    from themis.storage import RunStore, StoredEvent

__all__ = ["iter_run_events"]

_EVENTS = schema.events


def iter_run_events(store: RunStore, run_id: str) -> Iterator[RunEvent]:
    """What happened in a run, in the order in which it became durable.

    What the run took over from earlier ones happened there, and is not told again.

    Raises:
        StorageError: the store has no such run.
    """
    source = RunSource(store, run_id)
    own = select(_EVENTS.c.seq).where(
        _EVENTS.c.run == source.layout.run, _EVENTS.c.kind.in_((*TOLD_KINDS, STATUS))
    )
    for rows in pages(source, own, (_EVENTS.c.seq,), size=PAGE):
        events = source.events([row.seq for row in rows])
        yield from _told(source, [events[row.seq] for row in rows])


def _told(source: RunSource, events: Sequence[StoredEvent]) -> Iterator[RunEvent]:
    numbers = {event.value["trial"] for event in events if "trial" in event.value}
    trials = trials_numbered(source, sorted(numbers))
    for event in events:
        place = EventPlace(run_id=source.layout.run_id, seq=event.seq, at=event.at, key=event.key)
        if event.kind == STATUS:
            yield told_of_run(event.value, place)
            continue
        trial = trials[event.value["trial"]]
        yield from told_of_case(
            event.kind,
            event.value,
            place,
            dataset_id=trial.arm.slice_id,
            case_id=trial.item_id,
        )
