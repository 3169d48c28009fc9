"""Where a run came from, as rows of names and values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["doubts_of", "provenance_rows"]


def provenance_rows(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a manifest says of its origin: versions, commit, seed, components, datasets."""
    return [{"name": name, "value": value} for name, value in _entries(manifest)]


def doubts_of(manifest: Mapping[str, Any]) -> list[str]:
    """Why the run cannot be repeated with the very same plugins; empty where it can.

    A run that went on with other distributions than it was planned with is not repeated by either.
    """
    recorded, further = manifest.get("provenance", {}), manifest.get("continued", ())
    doubts = [doubt for each in (recorded, *further) for doubt in each.get("reasons", ())]
    changes = [change for each in further for change in _changes(recorded, each)]
    return list(dict.fromkeys([*doubts, *changes]))


def _changes(planned: Mapping[str, Any], later: Mapping[str, Any]) -> Iterator[str]:
    """Which of the distributions that the run uses are others than when it was planned."""
    before, after = planned.get("distributions", {}), later.get("distributions", {})
    for name in later.get("used", ()):
        if (was := before.get(name)) != (now := after.get(name)):
            planned_with, went_on = (_distribution(each) if each else "none" for each in (was, now))
            yield f"{name}: the run was planned with {planned_with}, and went on with {went_on}"


def _entries(manifest: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    recorded = manifest.get("provenance", {})
    for name in ("themis", "python", "platform"):
        if name in recorded:
            yield name, recorded[name]
    if recorded.get("git"):
        yield "git commit", _commit(recorded["git"])
    for name, found in recorded.get("distributions", {}).items():
        yield f"distribution {name}", _distribution(found)
    if doubts := doubts_of(manifest):
        yield "reproducible", f"no: {'; '.join(doubts)}"
    for name in ("global_seed", "num_samples", "spec_hash"):
        if name in manifest:
            yield name, manifest[name]
    for component in manifest.get("components", ()):
        yield f"component {component.get('name')}", _component(component)
    for kind, backend in recorded.get("backends", {}).items():
        yield kind.replace("_", " "), backend
    for dataset in manifest.get("datasets", ()):
        yield f"dataset of {dataset.get('slice_id')}", _dataset(dataset)


def _commit(git: Mapping[str, Any]) -> str:
    return f"{git['commit']}{' with uncommitted changes' if git.get('dirty') else ''}"


def _distribution(found: Mapping[str, Any]) -> str:
    """Version, where it came from, and the beginning of its digest."""
    digest = found["digest"] and f"digest {found['digest'][:16]}"
    return ", ".join(filter(None, [found["version"], _origin(found["origin"]), digest]))


def _origin(origin: Mapping[str, Any]) -> str:
    commit = origin.get("commit") and f"at {origin['commit'][:12]}"
    changed = "with uncommitted changes" if origin.get("dirty") else ""
    return " ".join(filter(None, [origin["kind"], origin.get("url"), commit, changed]))


def _component(component: Mapping[str, Any]) -> str:
    named = (component.get("kind"), component.get("version"), component.get("provider"))
    return ", ".join(str(part) for part in named if part)


def _dataset(dataset: Mapping[str, Any]) -> str:
    digest = str(dataset.get("items_digest", ""))[:16]
    return f"{dataset.get('item_count')} items, digest {digest}"
