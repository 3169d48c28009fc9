"""Reading a file of settings: its values, and the line of each key.

A document is a mapping written in TOML, YAML or JSON. Whatever keeps a file from being one is a
SpecValidationError that names the file and, where known, the line.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import attrs

from themis.errors import SpecIssue, SpecValidationError
from themis.specs.json_text import parse_json
from themis.specs.positions import DocumentError, KeyPath, Position, dotted
from themis.specs.toml_text import parse_toml
from themis.specs.yaml_text import parse_yaml

__all__ = ["SUFFIXES", "Document", "read_document", "refuse"]

_MAX_BYTES = 16 * 1024 * 1024

_PARSERS: Mapping[str, Callable[[str], tuple[Any, dict[KeyPath, Position]]]] = {
    ".toml": parse_toml,
    ".yaml": parse_yaml,
    ".yml": parse_yaml,
    ".json": parse_json,
}
SUFFIXES = tuple(_PARSERS)


@attrs.frozen(slots=True, kw_only=True)
class Document:
    """A file's values, and the line and column (from 1) at which each key or entry begins."""

    path: Path
    values: Mapping[str, Any]
    positions: Mapping[KeyPath, Position]

    def issue(self, path: KeyPath, message: str) -> SpecIssue:
        """A finding at a key; its line is that of the nearest key above where it is absent."""
        at = path
        while at and at not in self.positions:
            at = at[:-1]
        line, column = self.positions.get(at, (None, None))
        return SpecIssue(message, key=dotted(path), file=str(self.path), line=line, column=column)


def refuse(issues: Collection[SpecIssue], *, path: Path) -> SpecValidationError:
    """One error of all findings about a file."""
    ordered = sorted(issues, key=lambda issue: (issue.line or 0, issue.column or 0))
    if len(ordered) == 1:
        return SpecValidationError(str(ordered[0]), issues=ordered)
    lines = "\n".join(f"  {issue}" for issue in ordered)
    return SpecValidationError(f"{path} has {len(ordered)} problems:\n{lines}", issues=ordered)


def read_document(
    path: Path, *, suffixes: Collection[str] = SUFFIXES, form: str | None = None
) -> Document:
    """The document in a file; its suffix says how it is written, unless `form` (a suffix) does."""
    if form is None and path.suffix.lower() not in suffixes:
        kinds = ", ".join(suffixes)
        raise _refusal(path, f"{path.suffix or 'no suffix'} is not read here; use one of {kinds}")
    values, positions = _parsed(path, _text(path), form or path.suffix.lower())
    if values is None or values == {}:
        raise _refusal(path, "is empty; write at least one key")
    if not isinstance(values, Mapping):
        found = "a list" if isinstance(values, list) else "a single value"
        raise _refusal(path, f"holds {found}; write keys and values", line=1)
    return Document(path=path, values=values, positions=positions)


def _parsed(path: Path, text: str, form: str) -> tuple[Any, dict[KeyPath, Position]]:
    if not text.strip():
        return None, {}
    try:
        return _PARSERS[form](text)
    except DocumentError as error:
        raise _refusal(path, error.message, line=error.line, column=error.column) from error
    except RecursionError as error:
        raise _refusal(path, "is nested too deeply to be read; flatten it") from error


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise _refusal(path, f"is larger than {_MAX_BYTES:,} bytes; keep data in other files")
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise _refusal(path, "does not exist; check the path") from error
    except IsADirectoryError as error:
        raise _refusal(path, "is a folder; name a file in it") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise _refusal(path, "is not UTF-8 text; save it as UTF-8", line=line) from error
    except OSError as error:
        raise _refusal(path, f"cannot be read: {error.strerror or error}") from error


def _refusal(
    path: Path, message: str, *, line: int | None = None, column: int | None = None
) -> SpecValidationError:
    return refuse([SpecIssue(message, file=str(path), line=line, column=column)], path=path)
