"""The projections: one fold of the events, used by the writer as it commits and by `rebuild`.

Events may be applied in batches of any size, in `seq` order: the tables come out the same. A batch
costs a few statements per table and nothing that grows with what is stored.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import select

from themis.errors import ErrorCode, StorageError
from themis.storage.artifact_index import ArtifactIndex
from themis.storage.events import KINDS, StoredEvent
from themis.storage.outcomes import (
    OutcomeBatch,
    RunShape,
    artifact_keys,
    run_of,
    withdrawn_keys,
)
from themis.storage.projection_tables import ProjectionTables
from themis.storage.reading import CHUNK
from themis.storage.schema import arms, metrics
from themis.storage.trial_arms import TrialArms, UnplannedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy.engine import Connection, Dialect

__all__ = ["Projection"]


class Projection:
    """Applies events to the projection tables of one database.

    `load` reads earlier events by number on the given connection: `reused` events point at them.
    """

    def __init__(
        self,
        dialect: Dialect,
        load: Callable[[Connection, Sequence[int]], Mapping[int, StoredEvent]],
    ) -> None:
        self._load = load
        self._shapes: dict[int, RunShape] = {}
        self._arms = TrialArms()
        self._tables = ProjectionTables(dialect)
        self._index = ArtifactIndex(dialect)

    def apply(self, connection: Connection, events: Sequence[StoredEvent]) -> None:
        """Fold `events`, which follow all those applied before, inside the caller's transaction.

        Raises:
            StorageError: an event names a run, trial or score that was never recorded.
        """
        start = 0
        for position, event in enumerate(events):
            if event.kind == "withdrawn":
                self._apply(connection, events[start:position])
                self._withdraw(connection, event)
                start = position + 1
        self._apply(connection, events[start:] if start else events)

    def _apply(self, connection: Connection, events: Sequence[StoredEvent]) -> None:
        planning, outcomes = _parted(events)
        for event in planning:
            self._plan(connection, event)
        if outcomes:
            self._fold_outcomes(connection, outcomes)
        self._index.add(connection, _artifacts(events).items())

    def _withdraw(self, connection: Connection, event: StoredEvent) -> None:
        run, value = run_of(event), event.value
        self._arms.load(connection, {run: {entry[0] for entry in value["scores"]}})
        self._tables.withdraw(
            connection,
            candidates=[(run, trial, sample) for trial, sample, _ in value["candidates"]],
            scores=[
                (run, metric, self._arms.arm_of(run, trial), trial, sample)
                for trial, sample, metric, _ in value["scores"]
            ],
        )
        self._index.remove(connection, withdrawn_keys(value))

    def forget(self) -> None:
        """Drop what is remembered of runs; to be called when a transaction was rolled back."""
        self._shapes.clear()
        self._arms.forget()
        self._index.forget()

    def _plan(self, connection: Connection, event: StoredEvent) -> None:
        if event.kind == "run_planned":
            self._tables.add_run(connection, event)
        elif event.kind == "trials_planned":
            self._tables.add_trials(connection, event)
            planned = event.value["trials"]
            self._arms.remember(run_of(event), event.value["start"], [one[0] for one in planned])
        else:
            self._tables.set_status(connection, event)

    def _fold_outcomes(self, connection: Connection, events: Sequence[StoredEvent]) -> None:
        self._arms.load(connection, _trials_named(events))
        batch = OutcomeBatch(
            shape_of=lambda run: self._shape(connection, run), arm_of=self._arms.arm_of
        )
        for part, named in _with_sources(events):
            sources = self._load(connection, sorted(named)) if named else {}
            for event in part:
                _fold(batch, event, sources)
        self._tables.write(connection, batch)

    def _shape(self, connection: Connection, run: int) -> RunShape:
        if run not in self._shapes:
            self._shapes[run] = _read_shape(connection, run)
        return self._shapes[run]


def _fold(batch: OutcomeBatch, event: StoredEvent, sources: Mapping[int, StoredEvent]) -> None:
    try:
        if event.kind in {"generated", "reduced"}:
            batch.generated(event)
        elif event.kind == "evaluated":
            batch.evaluated_by(event)
        elif event.kind == "reused":
            batch.reused(event, sources)
    except UnplannedError as error:
        msg = (
            f"event {event.seq} ({event.kind}) does not fit run {event.run}: "
            f"{error} was never planned or recorded"
        )
        raise StorageError(msg, code=ErrorCode.STORAGE_WRITE) from error


def _with_sources(
    events: Iterable[StoredEvent],
) -> Iterator[tuple[list[StoredEvent], set[int]]]:
    """The events in parts, each with the earlier events it points at: some hundreds at once."""
    part: list[StoredEvent] = []
    named: set[int] = set()
    for event in events:
        part.append(event)
        if event.kind == "reused":
            named.update(_sources(event))
            if len(named) >= CHUNK:
                yield part, named
                part, named = [], set()
    yield part, named


_PLANNING = frozenset({"run_planned", "trials_planned", "run_status"})
_BESIDE = frozenset({"run_continued", "run_judged"})
"""What is said of a run and changes nothing of it."""


def _parted(events: Iterable[StoredEvent]) -> tuple[list[StoredEvent], list[StoredEvent]]:
    """Planning events, which outcomes build on and not the reverse, and outcome events."""
    planning: list[StoredEvent] = []
    outcomes: list[StoredEvent] = []
    for event in events:
        if event.kind not in KINDS:
            msg = f"event {event.seq} has a kind this version does not know: {event.kind}"
            raise StorageError(msg)
        if event.kind in _PLANNING:
            planning.append(event)
        elif event.kind in _BESIDE:
            continue
        elif event.run is not None or event.kind != "generated":
            outcomes.append(event)  # an imported candidate is an artifact, of no run yet
    return planning, outcomes


def _artifacts(events: Iterable[StoredEvent]) -> dict[bytes, int]:
    found: dict[bytes, int] = {}
    for event in events:
        for key in artifact_keys(event.kind, event.key, event.value):
            found.setdefault(key, event.seq)
    return found


def _trials_named(events: Iterable[StoredEvent]) -> dict[int, set[int]]:
    named: dict[int, set[int]] = defaultdict(set)
    for event in events:
        if event.kind == "reused":
            for group in ("candidates", "scores"):
                named[run_of(event)].update(entry[0] for entry in event.value[group])
        elif event.kind != "steps":
            named[run_of(event)].add(event.value["trial"])
    return named


def _sources(event: StoredEvent) -> list[int]:
    groups = event.value
    return [entry[2] for entry in groups["candidates"]] + [entry[3] for entry in groups["scores"]]


def _read_shape(connection: Connection, run: int) -> RunShape:
    slice_of_arm = {
        row.arm: row.slice_id
        for row in connection.execute(select(arms.c.arm, arms.c.slice_id).where(arms.c.run == run))
    }
    if not slice_of_arm:
        msg = f"run {run}"
        raise UnplannedError(msg)
    of_slice: dict[tuple[str, bool], list[int]] = defaultdict(list)
    columns = (metrics.c.metric, metrics.c.slice_id, metrics.c.whole_trial)
    numbers = select(*columns).where(metrics.c.run == run)
    for row in connection.execute(numbers.order_by(metrics.c.metric)):
        of_slice[row.slice_id, bool(row.whole_trial)].append(row.metric)
    return RunShape(slice_of_arm, of_slice)
