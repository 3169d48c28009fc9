"""Rows of text files, one line (or one record) at a time: JSON Lines and CSV.

Files are UTF-8, with or without a byte order mark. An error names the file and the line.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from typing import IO, Any

from themis.builtins.datasets.json_values import STRICT_JSON
from themis.errors import ItemError

__all__ = ["csv_rows", "json_line_rows"]

_MAX_FIELD = 64 * 1024 * 1024


def json_line_rows(file: IO[bytes], path: str) -> Iterator[dict[str, Any]]:
    """One object per line; blank lines are skipped.

    Raises:
        ItemError: naming the line that is no object, no JSON or no UTF-8.
    """
    for number, line in _lines(file, path):
        if line.isspace():
            continue
        try:
            row = STRICT_JSON.decode(line)
        except json.JSONDecodeError as error:
            msg = f"{path}:{number}: not valid JSON: {error.msg} at column {error.colno}"
            raise ItemError(msg) from error
        except (ValueError, RecursionError) as error:
            msg = f"{path}:{number}: JSON that cannot be read: {error}"
            raise ItemError(msg) from error
        if not isinstance(row, dict):
            msg = f"{path}:{number}: a line is to hold one JSON object; it holds {_kind(row)}"
            raise ItemError(msg)
        yield row


def csv_rows(file: IO[bytes], path: str, *, delimiter: str) -> Iterator[dict[str, Any]]:
    """One item per record, its fields named by the first; every value is text.

    Raises:
        ItemError: naming the line of a record that has more or fewer values than there are
            fields, or that is broken; or a field that is named twice.
    """
    # The standard library's limit of 128 KB a field is the process's own; it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), _MAX_FIELD))
    lines = (line for _, line in _lines(file, path))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        names = next(reader, [])
        _check_names(names, path)
        for values in reader:
            if len(values) == len(names):
                yield dict(zip(names, values, strict=True))
            elif values:
                msg = (
                    f"{path}:{reader.line_num}: the record has {len(values)} values for "
                    f"{len(names)} fields; quote values that hold a {delimiter!r}"
                )
                raise ItemError(msg)
    except csv.Error as error:
        msg = f"{path}:{reader.line_num}: not valid CSV: {error}"
        raise ItemError(msg) from error


def _check_names(names: list[str], path: str) -> None:
    twice = sorted(name for name, times in Counter(names).items() if times > 1)
    if twice:
        msg = f"{path}:1: fields are named twice: {', '.join(map(repr, twice))}; rename them"
        raise ItemError(msg)


def _lines(file: IO[bytes], path: str) -> Iterator[tuple[int, str]]:
    """The lines with their numbers, from 1; only a line feed ends one."""
    for number, raw in enumerate(file, start=1):
        try:
            yield number, raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            byte = raw[error.start]
            msg = (
                f"{path}:{number}: not valid UTF-8 (byte 0x{byte:02x} at column "
                f"{error.start + 1}); save the file as UTF-8"
            )
            raise ItemError(msg) from error


def _kind(value: Any) -> str:
    names = {list: "an array", str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
