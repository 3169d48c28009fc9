"""Where a run came from, as rows of names and values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["provenance_rows"]


def provenance_rows(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a manifest says of its origin: versions, commit, seed, components, datasets."""
    return [{"name": name, "value": value} for name, value in _entries(manifest)]


def _entries(manifest: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    recorded = manifest.get("provenance", {})
    for name in ("themis", "python", "platform"):
        if name in recorded:
            yield name, recorded[name]
    if recorded.get("git"):
        yield "git commit", _commit(recorded["git"])
    for name, version in recorded.get("distributions", {}).items():
        yield f"distribution {name}", version
    for name in ("global_seed", "num_samples", "spec_hash"):
        if name in manifest:
            yield name, manifest[name]
    for component in manifest.get("components", ()):
        yield f"component {component.get('name')}", _component(component)
    for dataset in manifest.get("datasets", ()):
        yield f"dataset of {dataset.get('slice_id')}", _dataset(dataset)


def _commit(git: Mapping[str, Any]) -> str:
    return f"{git['commit']}{' with uncommitted changes' if git.get('dirty') else ''}"


def _component(component: Mapping[str, Any]) -> str:
    named = (component.get("kind"), component.get("version"), component.get("provider"))
    return ", ".join(str(part) for part in named if part)


def _dataset(dataset: Mapping[str, Any]) -> str:
    digest = str(dataset.get("items_digest", ""))[:16]
    return f"{dataset.get('item_count')} items, digest {digest}"
