"""The benchmarks of the catalogue: those that come along, and those of installed plugins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

from themis.catalog.manifest import manifest_path, read_manifest
from themis.errors import ThemisError
from themis.plugin.component import ResolvedComponent
from themis.plugin.refs import normalise
from themis.plugin.registration import Registration
from themis.plugin.registry import PluginRegistry
from themis.specs.files import BenchmarkFile

__all__ = [
    "BenchmarkCatalogEntry",
    "entry_of",
    "get_benchmark",
    "list_benchmark_ids",
    "list_benchmarks",
]


@attrs.frozen(slots=True, kw_only=True)
class BenchmarkCatalogEntry:
    """A benchmark of the catalogue.

    `benchmark_id` is its id, `version` the manifest's, `provider` who declares it (a distribution,
    or `builtin`). `metrics`, `models` and `slices` are those of its manifest at `path`; the texts
    and `item_count` are what the manifest's `[catalog]` table says. `problem` says why the manifest
    cannot be read; then the rest is empty.
    """

    benchmark_id: str
    version: str
    provider: str
    summary: str = ""
    title: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    licence: str = ""
    source: str = ""
    citation: str = ""
    item_count: int | None = None
    metrics: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    slices: tuple[str, ...] = ()
    path: Path | None = None
    problem: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**attrs.asdict(self), "path": None if self.path is None else str(self.path)}


def list_benchmark_ids(*, registry: PluginRegistry | None = None) -> list[str]:
    """The ids of all benchmarks, sorted; `provider/name` where two providers have one name."""
    known = _registrations(registry or PluginRegistry())
    return sorted(identifier for identifier, _ in known)


def list_benchmarks(*, registry: PluginRegistry | None = None) -> list[BenchmarkCatalogEntry]:
    """All benchmarks, by id. One whose manifest cannot be read is there with its `problem`."""
    known = _registrations(registry or PluginRegistry())
    return [_listed(identifier, each) for identifier, each in sorted(known, key=lambda k: k[0])]


def get_benchmark(name: str, *, registry: PluginRegistry | None = None) -> BenchmarkCatalogEntry:
    """The benchmark with this id: a name, or `provider/name@version` as any reference.

    Raises:
        PluginError: there is none, and the message names near ones; or several.
        SpecValidationError: its manifest is wrong; naming the file, line and key.
    """
    component = (registry or PluginRegistry()).resolve("benchmark", name)
    entry, _ = entry_of(component)
    return entry


def entry_of(component: ResolvedComponent) -> tuple[BenchmarkCatalogEntry, BenchmarkFile]:
    """The entry of a benchmark that a reference was resolved to, and its manifest's content.

    Raises:
        PluginError: there is no manifest where it is declared to be.
        SpecValidationError: the manifest is wrong.
    """
    path = manifest_path(component)
    loaded, table = read_manifest(path)
    spec = loaded.benchmark
    metrics = [
        metric.reported_name
        for part in spec.slices
        for score in part.scores
        for metric in score.metrics
    ]
    return _bare(component.name, component.registration, **{
        **{name: getattr(table, name) for name in type(table).model_fields},
        "tags": tuple(table.tags),
        "metrics": tuple(dict.fromkeys(metrics)),
        "models": tuple(model.model_id for model in spec.models),
        "slices": tuple(part.slice_id for part in spec.slices),
        "path": path,
    }), loaded  # fmt: skip


def _registrations(registry: PluginRegistry) -> list[tuple[str, Registration]]:
    """Each benchmark under its id: the newest version of each provider."""
    newest = {(each.provider, normalise(each.name)): each for each in _by_version(registry)}
    names = Counter(name for _, name in newest)
    return [
        (each.name if names[name] == 1 else f"{provider}/{each.name}", each)
        for (provider, name), each in newest.items()
    ]


def _by_version(registry: PluginRegistry) -> Iterator[Registration]:
    yield from sorted(registry.snapshot().of_kind("benchmark"), key=lambda each: each.version)


def _listed(identifier: str, registration: Registration) -> BenchmarkCatalogEntry:
    try:
        entry, _ = entry_of(ResolvedComponent(registration))
    except ThemisError as error:
        return _bare(identifier, registration, problem=error.message)
    return attrs.evolve(entry, benchmark_id=identifier)


def _bare(identifier: str, registration: Registration, **more: Any) -> BenchmarkCatalogEntry:
    return BenchmarkCatalogEntry(
        benchmark_id=identifier,
        version=str(registration.version),
        provider=registration.provider,
        summary=registration.declaration.summary,
        **more,
    )
