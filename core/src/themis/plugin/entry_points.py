"""The entry points of the group `themis.plugins`, read one distribution at a time.

`importlib_metadata.entry_points()` gives up on all of them when one distribution's file is
malformed; here that distribution is a broken plugin and the others are found.
"""

from __future__ import annotations

from collections.abc import Iterable

import importlib_metadata

import themis
from themis.plugin.hookspecs import ENTRY_POINT_GROUP
from themis.plugin.origins import DistributionFiles
from themis.plugin.registration import BUILTIN, CORE, Distribution
from themis.plugin.snapshot import InstalledPlugin

__all__ = ["installed_core", "installed_entry_points"]


def installed_entry_points() -> list[InstalledPlugin]:
    """Every entry point, not yet imported; of equal distribution names, the first on the path."""
    plugins: dict[tuple[str, str, str], InstalledPlugin] = {}
    for distribution in importlib_metadata.distributions():
        if _may_have_plugins(distribution):
            for plugin in _of_distribution(distribution):
                plugins.setdefault((plugin.provider, plugin.entry_point, plugin.target), plugin)
    return list(plugins.values())


def installed_core() -> Distribution:
    """The distribution of the core, as provider of the built-ins."""
    try:
        files = importlib_metadata.distribution(CORE)
    except importlib_metadata.PackageNotFoundError:  # run from a folder on the path
        return Distribution(name=BUILTIN, version=themis.__version__)
    return Distribution(name=BUILTIN, version=themis.__version__, files=files)


def _may_have_plugins(distribution: DistributionFiles) -> bool:
    try:
        return ENTRY_POINT_GROUP in (distribution.read_text("entry_points.txt") or "")
    except (OSError, UnicodeDecodeError):  # no file of a plugin's: they are UTF-8 text
        return False


def _of_distribution(found: DistributionFiles) -> Iterable[InstalledPlugin]:
    known = Distribution(name="unreadable")
    try:
        first = importlib_metadata.distribution(found.name)
        summary = first.metadata.get("Summary") or ""
        known = Distribution(
            name=first.name, version=first.version or "", summary=summary, files=first
        )
        _check_header(first)
        return [
            InstalledPlugin(distribution=known, entry_point=entry.name, target=_target(entry.value))
            for entry in first.entry_points.select(group=ENTRY_POINT_GROUP)
        ]
    except Exception as problem:  # noqa: BLE001 (anyone's files: whatever is wrong is recorded)
        return [_unreadable(known, str(found.locate_file("")), problem)]


def _check_header(distribution: DistributionFiles) -> None:
    """Raise ValueError where a header lacks a bracket: its entries would silently not be there."""
    for line in (distribution.read_text("entry_points.txt") or "").splitlines():
        if line.strip("[] \t") == ENTRY_POINT_GROUP and line.strip() != f"[{ENTRY_POINT_GROUP}]":
            msg = f"the line {line.strip()!r} of entry_points.txt is to be [{ENTRY_POINT_GROUP}]"
            raise ValueError(msg)


def _target(value: str) -> str:
    """The object reference, without the extras that may follow it (`module [extra]`)."""
    return value.partition("[")[0].strip()


def _unreadable(distribution: Distribution, place: str, problem: Exception) -> InstalledPlugin:
    return InstalledPlugin(
        distribution=distribution,
        entry_point="",
        target="",
        state="broken",
        reason=f"its metadata in {place} cannot be read: {type(problem).__name__}: {problem}",
        fix=f"reinstall the distribution in {place}",
    )
