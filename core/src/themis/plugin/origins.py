"""Where an installed distribution came from, as its metadata says (PEP 610)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

import attrs

from themis.plugin.checkouts import checkout_of
from themis.records.secrets import redact

__all__ = ["DistributionFiles", "Origin", "OriginKind", "origin_of", "text_of"]

OriginKind = Literal["index", "archive", "vcs", "local", "editable", "unknown"]


class DistributionFiles(Protocol):
    """What is read of an installed distribution: an `importlib_metadata` one will do."""

    @property
    def name(self) -> str:
        """The name in its metadata."""

    @property
    def requires(self) -> list[str] | None:
        """Its requirements."""

    def read_text(self, filename: str) -> str | None:
        """A file of its metadata; None where there is no such file."""

    def locate_file(self, path: str) -> Any:
        """Where one of its files is."""


@attrs.frozen(slots=True, kw_only=True)
class Origin:
    """Where a distribution was installed from.

    `url` is empty for an index, a path for `local` and `editable`. `commit` is known for `vcs`, and
    for `editable` inside a git checkout; `dirty` says whether the folder has uncommitted changes.
    `subdirectory` is where in a repository the project is.
    """

    kind: OriginKind
    url: str = ""
    subdirectory: str = ""
    commit: str = ""
    dirty: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain values; what says nothing is left out."""
        values = attrs.asdict(self)
        return {name: value for name, value in values.items() if value}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Origin:
        """The origin that `to_dict` described."""
        return cls(**values)

    @property
    def doubt(self) -> str | None:
        """Why nobody can install the very same thing again; None where somebody can."""
        if self.kind == "unknown":
            return "how it was installed cannot be told"
        if self.kind == "editable" and not self.commit:
            return f"it is an editable install of {self.url}, which is no git checkout"
        if self.kind == "editable" and self.dirty:
            return f"it is an editable install of {self.url}, which has uncommitted changes"
        return None

    def __str__(self) -> str:
        parts = [self.kind, self.url, self.commit and f"at {self.commit[:12]}"]
        return " ".join(part for part in parts if part) + (", changed" if self.dirty else "")


def origin_of(files: DistributionFiles) -> Origin:
    """The origin of an installed distribution; `unknown` where its metadata does not say."""
    if text_of(files, "RECORD") is None:
        return Origin(kind="unknown")
    text = text_of(files, "direct_url.json")
    if text is None:
        return Origin(kind="index")
    try:
        return _direct(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError):  # not as PEP 610 says
        return Origin(kind="unknown")


def text_of(files: DistributionFiles, name: str) -> str | None:
    """A file of the metadata; None where there is none that can be read."""
    try:
        return files.read_text(name)
    except (OSError, UnicodeDecodeError):
        return None


def _direct(direct: Mapping[str, Any]) -> Origin:
    url = direct["url"]
    if "vcs_info" in direct:
        vcs = direct["vcs_info"]
        return Origin(
            kind="vcs",
            url=redact(f"{vcs['vcs']}+{url}"),
            subdirectory=direct.get("subdirectory", ""),
            commit=vcs["commit_id"],
        )
    if direct.get("dir_info", {}).get("editable"):
        return _editable(_path(url))
    if url.startswith("file:"):
        return Origin(kind="local", url=str(_path(url)))
    return Origin(kind="archive", url=redact(url))


def _editable(folder: Path) -> Origin:
    found = checkout_of(folder, only_below=True)
    if found is None:
        return Origin(kind="editable", url=str(folder))
    return Origin(kind="editable", url=str(folder), commit=found.commit, dirty=found.dirty)


def _path(url: str) -> Path:
    return Path(url2pathname(urlsplit(url).path))
