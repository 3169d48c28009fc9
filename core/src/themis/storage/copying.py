"""Copies runs from one store to another, event by event, and compares them.

Events keep their content and time; their numbers are the target's own, and so is what points at
numbers. An event that the target has already is left alone, so a copy may be repeated, or go on
after an interruption.
"""

from __future__ import annotations

from collections import defaultdict
from hashlib import sha256
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import attrs
from sqlalchemy import select, true

from themis.errors import ErrorCode, StorageError
from themis.records.canonical import canonical_bytes
from themis.storage.events import Event
from themis.storage.items import Item
from themis.storage.reading import CHUNK
from themis.storage.recording import trials_key
from themis.storage.schema import arms, candidates, events, items, metrics, scores, trials

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Select, Table

    from themis.storage.events import StoredEvent
    from themis.storage.protocol import RunStore

__all__ = ["Copied", "compare_runs", "copy_runs"]

_OWN = {"run", "seq", "generated_seq", "evaluated_seq", "position"}
"""Columns in which two stores with the same runs differ."""
_ALL = true()
_COMPARED = (arms, metrics, trials, candidates, scores)


@attrs.define(slots=True, kw_only=True)
class Copied:
    """How much was written to the target, and how many events it had already."""

    runs: int = 0
    items: int = 0
    events: int = 0
    present: int = 0


def copy_runs(source: RunStore, target: RunStore) -> Copied:
    """Copy every run, item and imported candidate of `source` that `target` does not have.

    Raises:
        StorageError: an event of the source is missing or altered, or the target cannot be written.
    """
    copy = _Copy(source, target)
    copy.items()
    copy.events()
    return copy.done


class _Copy:
    def __init__(self, source: RunStore, target: RunStore) -> None:
        self._source = source
        self._target = target
        self._number_of: dict[int, int] = {}
        self._held: dict[int | None, _Held] = {}
        self._waiting: list[tuple[int, Event]] = []
        self.done = Copied()

    def items(self) -> None:
        """Copy the items, each once."""
        for chunk in _pages(self._source, items.c.item_hash, b""):
            known = self._target.get_items(chunk)
            missing = [one for one in chunk if one not in known]
            found = self._source.get_items(missing)
            self._target.put_items([Item(key, canonical_bytes(one)) for key, one in found.items()])
            self.done.items += len(missing)

    def events(self) -> None:
        """Copy the events in order."""
        for chunk in _pages(self._source, events.c.seq, 0):
            found = self._source.events(chunk)
            for seq in chunk:
                self._event(found[seq])
            self._write()

    def _event(self, event: StoredEvent) -> None:
        if event.kind in {"reused", "run_planned"}:
            self._write()  # a number that was asked for is needed now
        copied = self._renumbered(event)
        held = self._of_run(copied.run)
        seq = held.take(copied)
        if seq is None:
            self._waiting.append((event.seq, copied))
        else:
            self._number_of[event.seq] = seq
            self.done.present += 1
        if event.kind == "run_planned":
            self._write()
            self.done.runs += seq is None

    def _write(self) -> None:
        if self._waiting:
            numbers = self._target.append([event for _, event in self._waiting])
            self._number_of.update(
                (seq, number) for (seq, _), number in zip(self._waiting, numbers, strict=True)
            )
            self.done.events += len(numbers)
            self._waiting.clear()

    def _renumbered(self, event: StoredEvent) -> Event:
        run = None if event.run in {None, event.seq} else self._number(event.run)
        key, value = event.key, event.value
        if event.kind == "trials_planned" and run is not None:
            key = trials_key(run, value["start"])
        elif event.kind == "reused":
            value = {
                **value,
                "candidates": [[*place, self._number(seq)] for *place, seq in value["candidates"]],
                "scores": [
                    [*place, self._number(seq), prefix] for *place, seq, prefix in value["scores"]
                ],
            }
        kind: Any = event.kind
        return Event(kind, run, key, canonical_bytes(value), at=event.at, source=value)

    def _number(self, seq: int | None) -> int:
        if seq not in self._number_of:
            msg = f"event {seq} of {self._source.place} is needed and was not copied"
            raise StorageError(msg, code=ErrorCode.STORAGE_READ)
        return self._number_of[seq]

    def _of_run(self, run: int | None) -> _Held:
        if run not in self._held:
            self._held[run] = _Held.read(self._target, run)
        return self._held[run]


@attrs.frozen(slots=True)
class _Held:
    """The events that the target has of one run: by content, and by the places they took over."""

    by_content: dict[bytes, list[int]]
    taken_over: dict[tuple[int, ...], int]

    @classmethod
    def read(cls, target: RunStore, run: int | None) -> _Held:
        held = cls(defaultdict(list), {})
        starts: Any = (events.c.run == events.c.seq) | events.c.run.is_(None)
        of_run = starts if run is None else events.c.run == run
        for chunk in _pages(target, events.c.seq, 0, of_run):
            for seq, event in sorted(target.events(chunk).items()):
                kind: Any = event.kind
                run_of = None if event.run == seq else event.run
                payload = canonical_bytes(event.value)
                same = Event(kind, run_of, event.key, payload, at=event.at)
                held.by_content[_content(same)].append(seq)
                if event.kind == "reused":
                    held.add_taken_over(event.value)
        return held

    def add_taken_over(self, value: Any) -> None:
        for trial, sample, seq in value["candidates"]:
            self.taken_over[trial, sample] = seq
        for trial, sample, metric, seq, _ in value["scores"]:
            self.taken_over[trial, sample, metric] = seq

    def take(self, event: Event) -> int | None:
        """The number under which the target holds this event."""
        same = self.by_content.get(_content(event))
        if same:
            return same.pop(0)
        places = _places(event)
        if places and all(place in self.taken_over for place in places):
            return max(self.taken_over[place] for place in places)
        return None


def _places(event: Event) -> list[tuple[int, ...]]:
    """What the run has by this event, as `reused` events name it."""
    value = event.value()
    if event.kind == "generated" and value["status"] == "ok":
        return [(value["trial"], value["sample"])]
    if event.kind == "evaluated":
        return [(value["trial"], value["sample"], one["metric"]) for one in value["scores"]]
    return []


def _content(event: Event) -> bytes:
    parts = (event.kind.encode(), event.key or b"", b"%d" % event.at, event.payload)
    return sha256(b"\0".join(parts)).digest()


def _pages(store: RunStore, column: Any, after: Any, where: Any = _ALL) -> Iterator[list[Any]]:
    """The values of a key, in order, some hundreds at once."""
    while True:
        page = select(column).where(column > after, where).order_by(column).limit(CHUNK)
        with store.reader() as connection:
            found = list(connection.scalars(page))
        if not found:
            return
        yield found
        after = found[-1]


def compare_runs(source: RunStore, target: RunStore) -> list[str]:
    """How the runs of `source` differ in `target`; one line for each run that does."""
    return [text for row in source.runs() for text in _differences(source, target, row.run_id)]


def _differences(source: RunStore, target: RunStore, run_id: str) -> Iterator[str]:
    here, there = source.run(run_id), target.find_run(run_id)
    if there is None or there.run_id != run_id:
        yield f"run {run_id[:12]} is missing"
        return
    for name in ("benchmark_id", "status", "num_samples", "trial_count"):
        if getattr(here, name) != getattr(there, name):
            yield f"run {run_id[:12]}: {name} differs"
    for table in _COMPARED:
        if not _same_rows(table, (source, here.id), (target, there.id)):
            yield f"run {run_id[:12]}: its {table.name} differ"


def _same_rows(table: Table, *sides: tuple[RunStore, int]) -> bool:
    with sides[0][0].reader() as one, sides[1][0].reader() as other:
        found = one.execute(_rows(table, sides[0][1])).yield_per(1000)
        expected = other.execute(_rows(table, sides[1][1])).yield_per(1000)
        return all(left == right for left, right in zip_longest(found, expected))


def _rows(table: Table, run: int) -> Select[Any]:
    kept = [column for column in table.columns if column.name not in _OWN]
    keys = [column for column in table.primary_key if column.name != "run"]
    return select(*kept).where(table.c.run == run).order_by(*keys)
