"""Content-addressed blobs: a blob's name is the SHA-256 of its bytes, checked whenever it is read.

Names are made from 32 hash bytes and from nothing else, so no name can lead out of the root. Below
the root are plain folders and files: a symbolic link there is refused, wherever it leads, so that a
store from elsewhere cannot make this process read, overwrite or sweep files that are not its own.
"""

from __future__ import annotations

import contextlib
import os
import stat
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from themis.errors import ErrorCode, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["BlobDirectory", "BlobStore", "MemoryBlobs", "make_folder"]

_HASH_BYTES = 32
_INCOMING = "incoming"


class BlobStore(Protocol):
    """Where large payloads are. Names are raw SHA-256 digests."""

    def put(self, data: bytes) -> bytes:
        """Store `data` durably and return its name; known content is not written again."""
        ...

    def get(self, name: bytes) -> bytes:
        """The blob's bytes; StorageError names a blob that is missing or altered."""
        ...

    def names(self) -> Iterator[bytes]:
        """Every blob's name, sorted."""
        ...

    def size(self, name: bytes) -> int:
        """Bytes the blob takes."""
        ...

    def discard(self, name: bytes) -> None:
        """Remove a blob, if it is there."""
        ...

    def sweep(self) -> int:
        """Remove what interrupted writes left behind; the number of bytes freed."""
        ...


class BlobDirectory:
    """Blobs as files `ab/cd/abcd...`, each written to the side, synced and renamed into place."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, data: bytes) -> bytes:
        name = sha256(data).digest()
        path = self._path(name)
        try:
            self._refuse_links(path)
            if not _holds(path, name):
                self._write(path, data)
        except OSError as error:
            msg = f"blob {name.hex()} cannot be written to {self._root}: {error}"
            raise StorageError(msg, code=ErrorCode.STORAGE_WRITE) from error
        return name

    def get(self, name: bytes) -> bytes:
        path = self._path(name)
        try:
            self._refuse_links(path)
            data = path.read_bytes()
        except OSError as error:
            msg = f"blob {name.hex()} is missing or unreadable in {self._root}: {error.strerror}"
            raise StorageError(msg) from error
        return _checked(name, data, place=str(self._root))

    def names(self) -> Iterator[bytes]:
        for path in sorted(self._root.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*")):
            with contextlib.suppress(ValueError):  # a foreign file is nobody's blob
                name = bytes.fromhex(path.name)
                if len(name) == _HASH_BYTES and path == self._path(name):
                    yield name

    def size(self, name: bytes) -> int:
        return self._path(name).stat().st_size

    def discard(self, name: bytes) -> None:
        path = self._path(name)
        self._refuse_links(path)
        path.unlink(missing_ok=True)

    def sweep(self) -> int:
        freed = 0
        self._refuse_links(self._root / _INCOMING / "any")
        for left in (self._root / _INCOMING).glob("*"):
            freed += left.stat().st_size
            left.unlink()
        return freed

    def _path(self, name: bytes) -> Path:
        if len(name) != _HASH_BYTES:
            msg = f"{name!r:.80} is no blob name; a name is {_HASH_BYTES} bytes"
            raise StorageError(msg)
        text = name.hex()
        return self._root / text[:2] / text[2:4] / text

    def _refuse_links(self, path: Path) -> None:
        """Raise a StorageError unless what is at a path below the root is a plain file, or none."""
        for part in (*path.parents[: len(path.relative_to(self._root).parts) - 1], path):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                mode = part.lstat().st_mode
                if not (stat.S_ISREG(mode) if part is path else stat.S_ISDIR(mode)):
                    msg = f"{part} is no plain {'file' if part is path else 'folder'}; a store "
                    msg += "holds no symbolic links: put back what was there, or remove it"
                    raise StorageError(msg)

    def _write(self, path: Path, data: bytes) -> None:
        make_folder(path.parent)
        make_folder(self._root / _INCOMING)
        side = self._root / _INCOMING / f"{path.name}.{os.getpid()}"
        self._refuse_links(side)
        with side.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        side.replace(path)
        _sync_folder(path.parent)


class MemoryBlobs:
    """Blobs of a store that lives in memory."""

    def __init__(self) -> None:
        self._blobs: dict[bytes, bytes] = {}

    def put(self, data: bytes) -> bytes:
        name = sha256(data).digest()
        self._blobs[name] = data
        return name

    def get(self, name: bytes) -> bytes:
        try:
            return _checked(name, self._blobs[name], place="memory")
        except KeyError:
            msg = f"blob {name.hex()} is missing in memory"
            raise StorageError(msg) from None

    def names(self) -> Iterator[bytes]:
        return iter(sorted(self._blobs))

    def size(self, name: bytes) -> int:
        return len(self._blobs[name])

    def discard(self, name: bytes) -> None:
        self._blobs.pop(name, None)

    def sweep(self) -> int:
        return 0


def _checked(name: bytes, data: bytes, *, place: str) -> bytes:
    if sha256(data).digest() == name:
        return data
    msg = f"blob {name.hex()} in {place} is altered: its bytes no longer have that hash"
    raise StorageError(msg)


def _holds(path: Path, name: bytes) -> bool:
    """Whether the blob is there and whole; a damaged one is written anew."""
    try:
        return sha256(path.read_bytes()).digest() == name
    except FileNotFoundError:
        return False


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, so that they outlast a loss of power."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # folders cannot be opened there; renames are journalled by NTFS
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
