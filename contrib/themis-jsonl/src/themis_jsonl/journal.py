"""The files of a store: `events-000001.jsonl` and so on, `items.jsonl`, `format.json`.

Events are numbered without gaps, over all files. What was not wholly written when its process was
killed, or its machine lost power, was acknowledged to nobody: it is what follows the last line that
ends a group, and readers leave it out.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs

from themis.errors import ErrorCode, StorageError
from themis.storage import Item
from themis_jsonl.lines import (
    SEAL_BYTES,
    EventLine,
    LineError,
    TornLineError,
    item_line,
    read_item,
    seal_of,
)

__all__ = ["FORMAT_FILE", "START", "Journal", "Position"]

FORMAT_FILE = "format.json"
_FORMAT = 1
_ITEMS = "items.jsonl"


@attrs.frozen(slots=True)
class Position:
    """How far the files were read or written: behind event `seq`, whose line has the hash `seal`.

    `size` is where in the file of events number `segment`; `items` is where in the file of items.
    """

    segment: int
    size: int
    seq: int
    seal: str
    items: int


START = Position(1, 0, 0, "", 0)


class Journal:
    """Reads the files in a folder, and (after `start`) appends to them."""

    def __init__(self, folder: Path, *, segment_bytes: int = 256 * 2**20) -> None:
        self.folder = folder
        self._segment_bytes = segment_bytes
        self._events: int | None = None
        self._items: int | None = None
        self.at = START

    @property
    def exists(self) -> bool:
        """Whether there is a store."""
        return (self.folder / FORMAT_FILE).is_file()

    def check_format(self) -> None:
        """Raise a StorageError where there is no store, or a newer release's."""
        try:
            found = json.loads((self.folder / FORMAT_FILE).read_bytes())["version"]
        except FileNotFoundError:
            msg = f"there is no store at {self.folder}; run a benchmark into it, or check the path"
            raise StorageError(msg) from None
        except (ValueError, KeyError, TypeError) as error:
            msg = f"{self.folder / FORMAT_FILE} cannot be read: {error!r}; restore it from a copy"
            raise StorageError(msg) from error
        if found > _FORMAT:
            msg = f"the store at {self.folder} was written by a newer release; upgrade themis-jsonl"
            raise StorageError(msg)

    def create(self) -> None:
        """Make the folder a store, where it is none yet."""
        if not self.exists:
            new = self.folder / f"{FORMAT_FILE}.new"
            new.write_text(json.dumps({"store": "themis-jsonl", "version": _FORMAT}) + "\n")
            new.replace(self.folder / FORMAT_FILE)
            _sync_folder(self.folder)

    def holds(self, position: Position) -> bool:
        """Whether the line that ends at a position is the one that ended there."""
        if position.seq == 0:
            return position == START
        try:
            with self._segment(position.segment).open("rb") as file:
                file.seek(position.size - SEAL_BYTES)
                return seal_of(file.read(SEAL_BYTES)) == position.seal
        except OSError:
            return False

    def groups(self, after: Position) -> Iterator[tuple[list[EventLine], Position]]:
        """Events that were committed together, each with where they end.

        Raises:
            StorageError: a line was altered, or lines are missing.
        """
        group: list[EventLine] = []
        for event, position in self._lines(after):
            expected = after.seq + 1
            if event.seq != expected:
                msg = f"events {expected} to {event.seq - 1} are missing in {self.folder}"
                raise StorageError(f"{msg}; restore the files from a copy")
            group.append(event)
            after = position
            if event.last:
                yield group, position
                group = []

    def items(self, after: int) -> Iterator[tuple[Item, int]]:
        """Every whole item from a place in their file on, with where it ends.

        Raises:
            StorageError: a line was altered.
        """
        path = self.folder / _ITEMS
        for line, end in _whole_lines(path, after):
            try:
                item = read_item(line)
            except LineError as error:
                if isinstance(error, TornLineError) and end == path.stat().st_size:
                    return
                raise _altered(path, end - len(line), error) from error
            yield item, end

    def start(self, at: Position) -> None:
        """Open the files for appending behind `at`; what is behind it is cut off."""
        self.at = at
        for path in self._later(at.segment):
            path.unlink()
        self._events = _opened(self._segment(at.segment), at.size)
        self._items = _opened(self.folder / _ITEMS, at.items)
        _sync_folder(self.folder)

    def append(
        self, events: Sequence[EventLine], items: Sequence[tuple[bytes, bytes]] = ()
    ) -> Position:
        """Write items (hash and canonical bytes), then events; all are on the disk on return.

        The last of the events has to be the last of its group.

        Raises:
            OSError: they could not be written; nothing may be appended after that.
        """
        assert self._items is not None
        written = [item_line(*item) for item in items]
        at = attrs.evolve(self.at, items=self.at.items + _write(self._items, written))
        if events:
            at = self._append_events(at, [event.written() for event in events], events[-1].seq)
        self.at = at
        return at

    def cut(self, at: Position) -> None:
        """Take back what was appended behind `at`."""
        if at != self.at:
            self.close()
            self.start(at)

    def close(self) -> None:
        """Let go of the files; may be called twice."""
        for handle in (self._events, self._items):
            if handle is not None:
                os.close(handle)
        self._events = self._items = None

    def _append_events(self, at: Position, lines: Sequence[bytes], seq: int) -> Position:
        if at.size >= self._segment_bytes:
            at = attrs.evolve(at, segment=at.segment + 1, size=0)
            assert self._events is not None
            os.close(self._events)
            self._events = _opened(self._segment(at.segment), 0)
            _sync_folder(self.folder)
        assert self._events is not None
        size = at.size + _write(self._events, lines)
        return attrs.evolve(at, size=size, seq=seq, seal=seal_of(lines[-1]))

    def _lines(self, after: Position) -> Iterator[tuple[EventLine, Position]]:
        number, start = after.segment, after.size
        while (path := self._segment(number)).exists():
            for line, end in _whole_lines(path, start):
                try:
                    event = EventLine.read(line)
                except LineError as error:
                    if isinstance(error, TornLineError) and self._ends(number, end):
                        return
                    raise _altered(path, end - len(line), error) from error
                yield (
                    event,
                    attrs.evolve(
                        after, segment=number, size=end, seq=event.seq, seal=seal_of(line)
                    ),
                )
            number, start = number + 1, 0

    def _ends(self, number: int, size: int) -> bool:
        """Whether no group ends behind a place: what is torn there was never acknowledged."""
        for path in (self._segment(number), *self._later(number)):
            for line, _ in _whole_lines(path, size):
                try:
                    if EventLine.read(line).last:
                        return False
                except LineError:
                    continue
            size = 0
        return True

    def _segment(self, number: int) -> Path:
        return self.folder / f"events-{number:06}.jsonl"

    def _later(self, number: int) -> list[Path]:
        first = self._segment(number).name
        return sorted(path for path in self.folder.glob("events-*.jsonl") if path.name > first)


def _whole_lines(path: Path, start: int) -> Iterator[tuple[bytes, int]]:
    """Every line with an end, and where it ends."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        file.seek(start)
        for line in file:
            start += len(line)
            if line.endswith(b"\n"):
                yield line, start


def _opened(path: Path, size: int) -> int:
    """The file open for appending, cut to `size`."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        os.ftruncate(handle, size)
    except OSError as error:
        msg = f"the store's file {path} cannot be written: {error}"
        raise StorageError(msg, code=ErrorCode.STORAGE_WRITE) from error
    return handle


def _write(handle: int, lines: Sequence[bytes]) -> int:
    """Write lines to the disk; how many bytes they are."""
    if not lines:
        return 0
    data = memoryview(b"".join(lines))
    size = len(data)
    while data:
        data = data[os.write(handle, data) :]
    os.fsync(handle)
    return size


def _altered(path: Path, start: int, error: Exception) -> StorageError:
    msg = f"the line at byte {start} of {path} was altered: {error}; restore it from a copy"
    return StorageError(msg)


def _sync_folder(folder: Path) -> None:
    """Put the files' names on the disk as well; Windows cannot open folders, and needs not."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
