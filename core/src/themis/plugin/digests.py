"""One digest for what a distribution installed, whichever installer did it."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from itertools import dropwhile

from themis.plugin.origins import DistributionFiles, text_of

__all__ = ["digest_of"]

_METADATA = ("METADATA", "entry_points.txt")
_PROGRAMS = frozenset({"bin", "Scripts"})


def digest_of(files: DistributionFiles) -> str | None:
    """SHA-256, in hex, of the hashed files outside *.dist-info and of the metadata's two texts.

    None without a RECORD of installed files. Left out is what differs from installer to installer:
    its notes in *.dist-info, compiled files (which have no hash), and the programs it writes for
    the interpreter at hand. How many folders up data files are differs as well, and is not hashed.
    """
    record = text_of(files, "RECORD")
    if record is None:
        return None
    sha = hashlib.sha256()
    for path, file_hash in sorted(_content(record)):
        sha.update(f"{path}\0{file_hash}\n".encode())
    for name in _METADATA:
        text = text_of(files, name) or ""
        sha.update(f"{name}\0{hashlib.sha256(text.encode()).hexdigest()}\n".encode())
    return sha.hexdigest()


def _content(record: str) -> Iterable[tuple[str, str]]:
    """Path and hash of what the wheel brought."""
    for row in csv.reader(record.splitlines()):
        path, file_hash = (*row, "", "")[:2]
        parts = tuple(dropwhile("..".__eq__, path.split("/")))
        if file_hash and parts[0] not in _PROGRAMS and not parts[0].endswith(".dist-info"):
            yield "/".join(parts), file_hash
