"""The report before it is rendered: sections of fields, credentials already masked."""

from __future__ import annotations

import datetime as dt
import enum
import inspect
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any

import attrs
from pydantic import SecretBytes, SecretStr

from themis.records.secrets import REDACTED, redact
from themis.reporting.config_report_fields import FieldDescription, fields_of, is_spec, type_text
from themis.reporting.config_report_source import Sources
from themis.specs.positions import KeyPath, dotted
from themis.specs.spec import Spec

__all__ = ["ConfigReport", "ReportField", "ReportSection", "build_report"]

MAX_DEPTH = 64


@attrs.frozen(slots=True, kw_only=True)
class ReportField:
    """One field; `value` and `default` are plain JSON values.

    A field that holds specs has `sections` in place of a value. `default_spec` names the class
    whose defaults are the default.
    """

    path: str
    name: str
    type: str
    description: str
    defined_at: str
    value: Any
    default: Any
    has_default: bool
    default_spec: str | None
    constraints: tuple[str, ...]
    sections: tuple[ReportSection, ...]


@attrs.frozen(slots=True, kw_only=True)
class ReportSection:
    """One spec, or one mapping or sequence that holds specs among other values."""

    path: str
    kind: str
    description: str
    defined_at: str
    canonical_hash: str | None
    fields: tuple[ReportField, ...]


@attrs.frozen(slots=True, kw_only=True)
class ConfigReport:
    """A whole report. `full`: constraints and hashes are shown."""

    entrypoint: str | None
    full: bool
    sections: tuple[ReportSection, ...]


def build_report(config: Any, *, entrypoint: str | None, full: bool) -> ConfigReport:
    """The report of a spec, or of a mapping or sequence of specs."""
    if not is_spec(config) and not _is_container(config):
        msg = (
            "a configuration is a spec, or a mapping or sequence of specs; "
            f"got {type(config).__name__}"
        )
        raise TypeError(msg)
    sections = tuple(_Builder().sections(config, ()))
    return ConfigReport(entrypoint=entrypoint, full=full, sections=sections)


def _is_container(value: Any) -> bool:
    return isinstance(value, (Mapping, list, tuple))


def _entries(container: Any) -> Iterable[tuple[str | int, Any]]:
    if isinstance(container, Mapping):
        return [(str(key), entry) for key, entry in container.items()]
    return list(enumerate(container))


def _holds_specs(value: Any) -> bool:
    if is_spec(value):
        return True
    return _is_container(value) and any(_holds_specs(entry) for _, entry in _entries(value))


class _Builder:
    def __init__(self) -> None:
        self.sources = Sources()

    def sections(self, value: Any, path: KeyPath) -> Iterator[ReportSection]:
        """The sections of a value; a container that holds only specs has none of its own."""
        if len(path) > MAX_DEPTH:
            msg = f"{dotted(path[:3])}... is nested more than {MAX_DEPTH} levels deep"
            raise ValueError(msg)
        if is_spec(value):
            yield self._spec(value, path)
        elif entries := _entries(value):
            if all(_holds_specs(entry) for _, entry in entries):
                for key, entry in entries:
                    yield from self.sections(entry, (*path, key))
            else:
                yield self._bundle(value, path)
        else:
            yield self._bundle(value, path)

    def _spec(self, spec: Any, path: KeyPath) -> ReportSection:
        cls = type(spec)
        return ReportSection(
            path=dotted(path),
            kind=cls.__name__,
            description=(inspect.getdoc(cls) or "").split("\n", 1)[0],
            defined_at=self.sources.of_class(cls),
            canonical_hash=spec.canonical_hash if isinstance(spec, Spec) else None,
            fields=tuple(
                self._field(
                    field,
                    getattr(spec, field.name),
                    (*path, field.name),
                    self.sources.of_field(cls, field.name),
                )
                for field in fields_of(spec)
            ),
        )

    def _bundle(self, bundle: Any, path: KeyPath) -> ReportSection:
        return ReportSection(
            path=dotted(path),
            kind=type(bundle).__name__,
            description="",
            defined_at="",
            canonical_hash=None,
            fields=tuple(
                self._field(
                    FieldDescription(name=str(key), type=type_text(type(entry))),
                    entry,
                    (*path, key),
                    "",
                )
                for key, entry in _entries(bundle)
            ),
        )

    def _field(
        self, field: FieldDescription, value: Any, path: KeyPath, defined_at: str
    ) -> ReportField:
        nested = _holds_specs(value)
        return ReportField(
            path=dotted(path),
            name=field.name,
            type=field.type,
            description=field.description,
            defined_at=defined_at,
            value=None if nested else _shown(field.name, value),
            default=_shown(field.name, field.default),
            has_default=field.has_default,
            default_spec=f"{type(field.default).__name__}()" if is_spec(field.default) else None,
            constraints=field.constraints,
            sections=tuple(self.sections(value, path)) if nested else (),
        )


def _shown(name: str, value: Any) -> Any:
    return redact({name: _plain(value)})[name]


def _plain(value: Any) -> Any:
    """A JSON value for any value."""
    if isinstance(value, (SecretStr, SecretBytes)):
        return REDACTED
    if is_spec(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields_of(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, (set, frozenset)):
        return sorted(map(_plain, value), key=repr)
    return _plain_scalar(value)


def _plain_scalar(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return _plain(value.value)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, (PurePath, dt.date, dt.time)):
        return str(value)
    return repr(value)
