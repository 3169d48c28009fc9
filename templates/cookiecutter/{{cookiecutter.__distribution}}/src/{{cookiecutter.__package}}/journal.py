"""A file of lines, each a JSON document with a checksum; a line is on the disk once it is appended."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from themis.errors import StorageError
from themis.records.canonical import canonical_bytes, decode

__all__ = ["Journal"]

_VERSION = 1
_NOT_OPEN = -1
_SUM = slice(2, 66)
_BODY = slice(68, -2)


class Journal:
    """The lines of one file: first a header, then what was appended, in order.

    A line is `["<sha256 of the document>",<document>]`. A last line without an end was being
    written when its process ended: nobody was told that it is stored, so it is left out, and cut
    off by the next that writes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _NOT_OPEN

    def read(self) -> Iterator[Any]:
        """Every document, in order.

        Raises:
            StorageError: a line was changed, or a newer release wrote the file.
        """
        with self._path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    return
                document = self._checked(line, number)
                if number > 1:
                    yield document
                elif document["version"] > _VERSION:
                    msg = f"{self._path} was written by a newer release; upgrade this plugin"
                    raise StorageError(msg)

    def start(self) -> None:
        """Open the file for appending; make it, with its header, where there is none yet."""
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        os.ftruncate(self._file, self._whole())
        if os.fstat(self._file).st_size == 0:
            self.append([{"version": _VERSION}])
            _sync_folder(self._path.parent)

    def append(self, documents: Sequence[Any]) -> None:
        """Write the documents; they are on the disk when this returns.

        Raises:
            OSError: they could not be written, or the file is not open. Nothing may be appended after that: whether a part
                of them is in the file is known only when it is read again.
        """
        data = memoryview(b"".join(_line(document) for document in documents))
        while data:
            data = data[os.write(self._file, data) :]
        os.fsync(self._file)

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        if self._file != _NOT_OPEN:
            os.close(self._file)
            self._file = _NOT_OPEN

    def _whole(self) -> int:
        """How many bytes of the file are whole lines."""
        whole = 0
        with self._path.open("rb") as file:
            for line in file:
                whole += len(line) * line.endswith(b"\n")
        return whole

    def _checked(self, line: bytes, number: int) -> Any:
        if hashlib.sha256(line[_BODY]).hexdigest().encode() != line[_SUM]:
            msg = f"line {number} of {self._path} was changed; restore the file from a copy"
            raise StorageError(msg)
        return decode(line[_BODY])


def _line(document: Any) -> bytes:
    body = canonical_bytes(document)
    return b'["%s",%s]\n' % (hashlib.sha256(body).hexdigest().encode(), body)


def _sync_folder(folder: Path) -> None:
    """Put the file's name on the disk as well; Windows has no such call, and needs none."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
