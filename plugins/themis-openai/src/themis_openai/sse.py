"""Server-sent events, as they arrive: in pieces cut anywhere."""

from __future__ import annotations

__all__ = ["EventReader"]


class EventReader:
    """Turns pieces of a stream into the data of its events (WHATWG's rules, `data` fields only)."""

    def __init__(self) -> None:
        self._line: list[bytes] = []
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> list[bytes]:
        """The data of every event that `piece` completes."""
        if b"\n" not in piece and b"\r" not in piece:
            self._line.append(piece)  # joined once, however many pieces one line takes
            return []
        lines = b"".join((*self._line, piece)).splitlines(keepends=True)
        # A line that ends in \r waits: the next piece may begin with its \n.
        self._line = [] if lines[-1].endswith(b"\n") else [lines.pop()]
        return self._events(lines)

    def close(self) -> list[bytes]:
        """The last event of a stream that ended without the blank line after it."""
        lines = [b"".join(self._line), b""]
        self._line = []
        return self._events(lines)

    def _events(self, lines: list[bytes]) -> list[bytes]:
        events = []
        for line in lines:
            text = line.rstrip(b"\r\n")
            if text:
                self._field(text)
            elif self._data:
                events.append(b"\n".join(self._data))
                self._data = []
        return events

    def _field(self, text: bytes) -> None:
        name, _, value = text.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
