"""Secrets that a run knows by their value, taken out of whatever is recorded.

Components are other people's code: an engine may quote the key that was refused, a tool may return
what it logged in with. So a run knows the values of its own secrets, and of the environment's
variables whose name and value say that they are one, and none of them reaches the store.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self

import attrs
import orjson

from themis.records.canonical import canonical_bytes
from themis.records.secrets import REDACTED, looks_random, looks_secret

if TYPE_CHECKING:
    from themis.storage import Event

__all__ = ["Masks"]

_SHORTEST = 8  # shorter values are placeholders ("EMPTY", "none"), which answers may well contain


@attrs.frozen(slots=True)
class Masks:
    """The values that nothing may show, longest first."""

    values: tuple[str, ...] = attrs.field(default=(), repr=False)
    _needles: tuple[bytes, ...] = attrs.field(init=False, repr=False)

    @_needles.default
    def _as_written(self) -> tuple[bytes, ...]:
        return tuple(orjson.dumps(value)[1:-1] for value in self.values)

    @classmethod
    def of(cls, secrets: Mapping[str, str]) -> Self:
        """The values of a run's secrets, and of the environment's."""
        found = [*secrets.values(), *_of_environment(os.environ.items())]
        usable = {value.strip() for value in found if len(value.strip()) >= _SHORTEST}
        return cls(tuple(sorted(filter(_is_unicode, usable), key=lambda v: (-len(v), v))))

    def text(self, text: str) -> str:
        """`text` with every secret replaced."""
        for value in self.values:
            if value in text:
                text = text.replace(value, REDACTED)
        return text

    def event(self, event: Event) -> Event:
        """`event` with every secret in its texts replaced."""
        for needle in self._needles:
            if needle in event.payload:
                payload = canonical_bytes(self.value(event.value()))
                return attrs.evolve(event, payload=payload, source=None)
        return event

    def value(self, value: Any) -> Any:
        """`value` with every secret replaced in its strings, keys too, however deep they are."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(key): self.value(entry) for key, entry in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(entry) for entry in value]
        return value


def _of_environment(variables: Iterable[tuple[str, str]]) -> Iterable[str]:
    return (value for name, value in variables if looks_secret(name) and looks_random(value))


def _is_unicode(value: str) -> bool:
    """Whether it can be sent and written at all: a variable may hold any bytes."""
    return not any("\ud800" <= character <= "\udfff" for character in value)
