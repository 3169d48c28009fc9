"""A lock: exactly which plugins, in which state, gave a benchmark its components."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from themis.plugin.origins import Origin
from themis.plugin.refs import normalise
from themis.plugin.registration import BUILTIN, CORE_API, LOCAL, Distribution, Registration
from themis.plugin.resolution import LockedComponent
from themis.plugin.snapshot import InstalledPlugin

__all__ = ["Lock", "LockedDistribution"]

_SHORT = 16


@attrs.frozen(slots=True, kw_only=True)
class LockedDistribution:
    """A distribution as it was installed; `digest` None where its files were not recorded."""

    name: str
    version: str
    origin: Origin
    digest: str | None = None

    @classmethod
    def of(cls, distribution: Distribution) -> LockedDistribution:
        """The distribution as it is now."""
        return cls(
            name=distribution.project,
            version=distribution.version,
            origin=distribution.origin,
            digest=distribution.digest,
        )

    def drift(self, now: LockedDistribution) -> str | None:
        """How `now` differs from this one; None where it does not.

        Where files have the same digest, it does not matter where they came from.
        """
        if self.version != now.version:
            return f"{self.name}: version {self.version} is locked, {now.version} is here"
        if self.digest is not None and self.digest == now.digest:
            return None
        if (self.digest, self._state) == (now.digest, now._state):
            return None
        return f"{self.name} {self.version}: {self._shown} is locked, {now._shown} is here"

    def requirement(self) -> str:
        """A line for pip; a comment where pip alone cannot install the very same thing."""
        origin, pinned = self.origin, f"{self.name}=={self.version}"
        if origin.kind == "vcs":
            folder = origin.subdirectory and f"#subdirectory={origin.subdirectory}"
            return f"{self.name} @ {origin.url}@{origin.commit}{folder}"
        if origin.kind == "archive":
            return f"{self.name} @ {origin.url}"
        if origin.kind == "editable":
            return f"# -e {origin.url}  # {pinned}{f', at {origin.commit}' * bool(origin.commit)}"
        return pinned if origin.kind == "index" else f"{pinned}  # {origin}"

    @property
    def _state(self) -> tuple[str, str, bool]:
        """What tells an install without a digest from another; folders differ between machines."""
        return self.origin.kind, self.origin.commit, self.origin.dirty

    @property
    def _shown(self) -> str:
        return f"digest {self.digest[:_SHORT]}" if self.digest else str(self.origin)


@attrs.frozen(slots=True, kw_only=True)
class Lock:
    """The core, every distribution that provides a component, and the components."""

    core: LockedDistribution
    api: str = CORE_API
    distributions: tuple[LockedDistribution, ...] = ()
    components: tuple[LockedComponent, ...] = ()

    @classmethod
    def of(cls, core: Distribution, chosen: Iterable[tuple[str, Registration]]) -> Lock:
        """The lock of references and what they resolved to."""
        found: dict[Any, Registration] = {}
        refs: dict[Any, set[str]] = {}
        for ref, registration in chosen:
            found[registration.key] = registration
            refs.setdefault(registration.key, set()).add(ref)
        installed = {
            each.provider: LockedDistribution.of(each.distribution)
            for each in found.values()
            if each.provider not in {BUILTIN, LOCAL}
        }
        components = [_locked(each, refs[key]) for key, each in found.items()]
        return cls(
            core=LockedDistribution.of(core),
            distributions=tuple(installed[name] for name in sorted(installed)),
            components=tuple(sorted(components, key=_order)),
        )

    def drift(self, plugins: Iterable[InstalledPlugin]) -> list[str]:
        """Each difference between what is locked and what is installed, in a sentence."""
        usable_last = sorted(plugins, key=lambda plugin: plugin.state == "ok")
        found = {plugin.provider: plugin for plugin in usable_last}
        differences = []
        if self.api != CORE_API:
            differences.append(f"core API: {self.api} is locked, {CORE_API} is here")
        for locked, provider in self._by_provider():
            difference = _difference(locked, found.get(provider))
            differences += [difference] if difference else []
        return differences

    def doubts(self) -> list[str]:
        """Why the very same things cannot be installed elsewhere, a sentence each."""
        return [
            f"{each.name} {each.version}: {each.origin.doubt}"
            for each in (self.core, *self.distributions)
            if each.origin.doubt
        ]

    def requirements(self) -> list[str]:
        """What to install, a line of a pip requirements file each."""
        return [each.requirement() for each in (self.core, *self.distributions)]

    def _by_provider(self) -> Iterator[tuple[LockedDistribution, str]]:
        yield self.core, BUILTIN
        for each in self.distributions:
            yield each, normalise(each.name)


def _locked(registration: Registration, refs: Iterable[str]) -> LockedComponent:
    return LockedComponent(
        kind=registration.kind,
        name=registration.name,
        version=registration.declaration.version,
        provider=registration.provider,
        refs=tuple(sorted(refs)),
    )


def _order(component: LockedComponent) -> tuple[str, ...]:
    return component.kind, normalise(component.name), component.provider, component.version


def _difference(locked: LockedDistribution, plugin: InstalledPlugin | None) -> str | None:
    what = f"{locked.name} {locked.version} is locked"
    if plugin is None:
        return f"{what} and not installed; install: {locked.requirement()}"
    if plugin.state != "ok":
        state = plugin.state.replace("_", " ")
        return f"{what} and is {state} here ({plugin.reason}); {plugin.fix}"
    return locked.drift(LockedDistribution.of(plugin.distribution))
