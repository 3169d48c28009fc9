"""What plugins print while they are imported and asked: it goes to stderr.

The program's stdout holds its results, and with `--json` nothing but one document.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

__all__ = ["stdout_to_stderr"]


class _Diversion:
    """Stdout is the process's, so calls that overlap in several threads are one diversion."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._depth = 0
        self._stdout: IO[str] | None = None

    def begin(self) -> None:
        with self._lock:
            if self._depth == 0:
                self._stdout, sys.stdout = sys.stdout, sys.stderr
            self._depth += 1

    def end(self) -> None:
        with self._lock:
            self._depth -= 1
            if self._depth == 0:
                sys.stdout, self._stdout = self._stdout, None


_DIVERSION = _Diversion()


@contextmanager
def stdout_to_stderr() -> Iterator[None]:
    """Send what is printed meanwhile, in any thread, to stderr."""
    _DIVERSION.begin()
    try:
        yield
    finally:
        _DIVERSION.end()
