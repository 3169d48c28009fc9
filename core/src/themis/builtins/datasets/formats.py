"""Reads rows out of files, one at a time; a broken row is an error that names file and line."""

from __future__ import annotations

import csv
import datetime as dt
import decimal
import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn, TextIO

from themis.errors import ItemError, OptionalDependencyError

__all__ = ["FORMATS", "json_ready", "read_rows"]

Row = Mapping[str, Any]
_CHUNK = 1 << 16


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a file, by its ending.

    Raises:
        ItemError: the file's format is unknown, or a row cannot be read.
    """
    suffix = "".join(path.suffixes[-2:]) if path.suffix == ".gz" else path.suffix
    reader = FORMATS.get(suffix.lower())
    if reader is None:
        msg = f"{path}: the format {suffix!r} is unknown; known are {', '.join(FORMATS)}"
        raise ItemError(msg)
    return reader(path)


def json_ready(value: Any) -> Any:
    """Column types that JSON lacks, as text: dates and times in ISO form, decimals as digits."""
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {key: json_ready(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [json_ready(entry) for entry in value]
    return value


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    number = 0
    try:
        with _open(path) as file:
            for number, line in enumerate(file, 1):
                yield number, line
    except UnicodeDecodeError as error:
        _broken(path, number + 1, f"not UTF-8 ({error.reason}); save the file as UTF-8")
    except (OSError, EOFError) as error:
        _broken(path, number + 1, f"cannot be read: {error}")


def _read_jsonl(path: Path) -> Iterator[Row]:
    for number, line in _lines(path):
        if not line.strip():
            continue
        try:
            row = json.loads(line, parse_constant=_no_constant)
        except ValueError as error:
            _broken(path, number, f"not JSON: {error}")
        yield _object(row, path, number)


def _read_csv(path: Path) -> Iterator[Row]:
    lines = _lines(path)
    reader = csv.DictReader((line for _, line in lines), strict=True)
    try:
        names = list(reader.fieldnames or ())
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            _broken(path, 1, f"the columns {', '.join(repeated)} are there twice; rename them")
        for row in reader:
            if None in row or None in row.values():
                msg = f"the row has another number of fields than the header's {len(names)}"
                _broken(path, reader.line_num, msg)
            yield row
    except csv.Error as error:
        _broken(path, reader.line_num, f"not CSV: {error}")


def _read_json(path: Path) -> Iterator[Row]:
    """The objects of one array, decoded one by one."""
    scanner = _ArrayScanner(path)
    with _open(path) as file:
        while not scanner.ended:
            scanner.feed(_chunk(file, path, max(_CHUNK, scanner.held)))
            yield from scanner.rows()


class _ArrayScanner:
    """Takes a JSON array apart as its text arrives; holds at most one chunk and one row."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._decoder = json.JSONDecoder(parse_constant=_no_constant)
        self._text = ""
        self._at = 0
        self._line = 1
        self._expects: str | None = "["
        self._first = True
        self._complete = False
        self.ended = False

    @property
    def held(self) -> int:
        """Characters of a row that is not whole yet: reading doubles, so that it stays linear."""
        return len(self._text) - self._at

    def feed(self, more: str) -> None:
        """Add text; an empty string is the end of the file."""
        self._line += self._text.count("\n", 0, self._at)
        self._text = self._text[self._at :] + more
        self._at = 0
        self._complete = not more

    def rows(self) -> Iterator[Row]:
        """The objects that are whole by now."""
        while self._advance():
            try:
                row, end = self._decoder.raw_decode(self._text, self._at)
            except ValueError as error:
                if self._complete:
                    self._fail(f"not JSON: {error}")
                return
            line = self._number()
            self._at, self._expects, self._first = end, ",", False
            yield _object(row, self._path, line)

    def _advance(self) -> bool:
        """Move to the start of the next row; False when more text is needed or the array ends."""
        if self._expects is not None and not self._pass_separator(self._expects):
            return False
        self._at = self._after_space(self._at)
        if self._at < len(self._text):
            self.ended = self._first and self._text[self._at] == "]"
            return not self.ended
        if self._complete:
            self._fail("the array does not end")
        return False

    def _pass_separator(self, expected: str) -> bool:
        self._at = self._after_space(self._at)
        found = self._text[self._at : self._at + 1]
        if found == "]" and expected == ",":
            self.ended = True
            return False
        if found == expected:
            self._at += 1
            self._expects = None
            return True
        if found or self._complete:
            self._fail(f"expected {expected!r}: the file is one array of objects")
        return False

    def _after_space(self, at: int) -> int:
        while at < len(self._text) and self._text[at].isspace():
            at += 1
        return at

    def _number(self) -> int:
        return self._line + self._text.count("\n", 0, self._at)

    def _fail(self, problem: str) -> NoReturn:
        _broken(self._path, self._number(), problem)


def _chunk(file: TextIO, path: Path, size: int) -> str:
    try:
        return file.read(size)
    except UnicodeDecodeError as error:
        _broken(path, None, f"not UTF-8 ({error.reason}); save the file as UTF-8")
    except (OSError, EOFError) as error:
        _broken(path, None, f"cannot be read: {error}")


def _read_parquet(path: Path) -> Iterator[Row]:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        msg = f"{path} needs pyarrow: pip install 'themis-framework[parquet]'"
        raise OptionalDependencyError(msg) from None
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=500):
                yield from map(json_ready, batch.to_pylist())
    except (pa.ArrowException, OSError) as error:
        _broken(path, None, f"not a Parquet file that can be read: {error}")


def _object(row: Any, path: Path, line: int) -> Row:
    if not isinstance(row, dict):
        _broken(path, line, f"a row is a JSON object, not {type(row).__name__}")
    return row


def _no_constant(name: str) -> NoReturn:
    msg = f"{name} is no JSON number"
    raise ValueError(msg)


def _broken(path: Path, line: int | None, problem: str) -> NoReturn:
    place = f"{path}:{line}" if line is not None else str(path)
    msg = f"{place}: {problem}"
    raise ItemError(msg)


FORMATS: Mapping[str, Callable[[Path], Iterator[Row]]] = {
    ".jsonl": _read_jsonl,
    ".jsonl.gz": _read_jsonl,
    ".json": _read_json,
    ".json.gz": _read_json,
    ".csv": _read_csv,
    ".csv.gz": _read_csv,
    ".parquet": _read_parquet,
}
"""The readers by file ending."""
