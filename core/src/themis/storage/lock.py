"""The writer's lock: one process writes a SQLite store at a time.

It is the operating system's lock on an open file, so it ends with its process however that ends.
The file's text, which says who holds it, only informs.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from itertools import takewhile
from pathlib import Path

from themis.errors import ErrorCode, StorageError

__all__ = ["WriterLock"]

_POLL_SECONDS = 0.02
_HOLDER_BYTES = 4096


class WriterLock:
    """Holds `path` locked from construction until `release`.

    Raises:
        StorageError: another process held it for `wait` seconds; the message names the holder.
    """

    def __init__(self, path: Path, *, wait: float = 1.0) -> None:
        self._path = path
        self._handle: int | None = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        deadline = time.monotonic() + wait
        while not _try_lock(self._handle):
            if time.monotonic() >= deadline:
                self._refuse(self._handle)
            time.sleep(_POLL_SECONDS)
        self._sign(self._handle)

    def release(self) -> None:
        """Let go; closing the file ends the lock."""
        if self._handle is not None:
            os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = None

    def _sign(self, handle: int) -> None:
        holder = {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "command": _command(),
            "since": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        os.ftruncate(handle, 0)
        os.lseek(handle, 0, os.SEEK_SET)
        os.write(handle, json.dumps(holder).encode())

    def _refuse(self, handle: int) -> None:
        os.lseek(handle, 0, os.SEEK_SET)
        text = os.read(handle, _HOLDER_BYTES)
        os.close(handle)
        self._handle = None
        msg = (
            f"the store in {self._path.parent} is being written by {_described(text)}; "
            "wait until it ends, or use another store"
        )
        raise StorageError(msg, code=ErrorCode.STORAGE_WRITE)


def _command() -> str:
    """The program and its subcommands; options stay out, they may hold secrets."""
    words = takewhile(lambda word: not word.startswith("-"), sys.argv[1:3])
    return " ".join((Path(sys.argv[0]).name, *words)).strip() or "python"


def _described(text: bytes) -> str:
    try:
        holder = json.loads(text)
        return (
            f"process {holder['pid']} on {holder['host']} "
            f"(`{holder['command']}`, since {holder['since']})"
        )
    except (ValueError, KeyError, TypeError):
        return "another process"


if sys.platform == "win32":
    import msvcrt

    def _try_lock(handle: int) -> bool:
        # Windows locks ranges, and locked bytes cannot be read: lock one far behind the text.
        os.lseek(handle, 1 << 20, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
