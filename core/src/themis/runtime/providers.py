"""Which dataset provider gives a slice's items: the caller's, or the one of its source's name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from themis.errors import SpecValidationError

if TYPE_CHECKING:
    from themis.plugin import DatasetProvider
    from themis.plugin.component import ResolvedComponent
    from themis.plugin.registry import PluginRegistry
    from themis.specs import DatasetQuerySpec, SliceSpec

__all__ = ["DatasetProviders"]


def _at_most_one(self: DatasetProviders, _: Any, loader: Any) -> None:
    if loader is not None and self.provider is not None:
        msg = "give dataset_provider or dataset_loader, not both: they answer the same question"
        raise SpecValidationError(msg)


@attrs.frozen(slots=True, kw_only=True)
class DatasetProviders:
    """`provider` answers for every slice; `loader` is a function of a DatasetSpec."""

    registry: PluginRegistry
    base_dir: Path
    provider: DatasetProvider | None = None
    loader: Callable[..., Iterable[Mapping[str, Any]]] | None = attrs.field(
        default=None, validator=_at_most_one
    )

    def for_slice(self, spec: SliceSpec) -> DatasetProvider:
        """The provider of one slice."""
        if self.provider is not None:
            return self.provider
        if self.loader is not None:
            return _Loader(self.loader)
        return self._installed(spec.dataset.source)

    def installed(self, slices: Iterable[SliceSpec]) -> dict[str, ResolvedComponent]:
        """By source, the components that give the slices' items; none where the caller does."""
        if self.provider is not None or self.loader is not None:
            return {}
        sources = {spec.dataset.source for spec in slices}
        return {source: self._resolved(source) for source in sorted(sources)}

    def _resolved(self, source: str) -> ResolvedComponent:
        return self.registry.choose("dataset_provider", source).component()

    def _installed(self, source: str) -> DatasetProvider:
        """The provider named `source`; one that is configured with a base folder gets ours."""
        resolved = self._resolved(source)
        settings = resolved.configure()
        if hasattr(settings, "base_dir"):
            settings = resolved.configure({"base_dir": str(self.base_dir)})
        provider: DatasetProvider = resolved.make(settings)
        return provider


@attrs.frozen(slots=True)
class _Loader:
    """A function of a DatasetSpec as a provider."""

    load: Callable[..., Iterable[Mapping[str, Any]]]

    def scan(self, slice_spec: SliceSpec, query: DatasetQuerySpec) -> Iterable[Mapping[str, Any]]:  # noqa: ARG002 (the planner applies the query)
        """Whatever the function gives."""
        return self.load(slice_spec.dataset)
