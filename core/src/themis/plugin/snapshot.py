"""Everything a registry knows at one moment, frozen: what resolution is a pure function of."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import Literal

import attrs

from themis.errors import PluginError
from themis.plugin.declarations import ComponentDeclaration, ComponentKind, PluginInfo
from themis.plugin.deprecations import Deprecation
from themis.plugin.refs import ComponentRef, normalise
from themis.plugin.registration import Distribution, HookRegistration, Registration

__all__ = ["InstalledPlugin", "PluginState", "RegistrySnapshot"]

PluginState = Literal["ok", "blocked", "not_allowed", "incompatible", "broken", "invalid"]


@attrs.frozen(slots=True, kw_only=True)
class InstalledPlugin:
    """One entry point, and what became of it.

    `reason` says why the state is not `ok`, `fix` what to do. `import_seconds` is None when it was
    not imported. A plugin that is not `ok` has no declarations: it counts whole or not at all.
    `deprecated` are the hooks it implements that will go away.
    """

    distribution: Distribution
    entry_point: str
    target: str
    state: PluginState = "ok"
    reason: str = ""
    fix: str = ""
    info: PluginInfo | None = None
    import_seconds: float | None = None
    declarations: tuple[ComponentDeclaration, ...] = ()
    deprecated: tuple[Deprecation, ...] = ()

    @property
    def provider(self) -> str:
        """The distribution's name, as references compare it."""
        return self.distribution.provider

    def registrations(self) -> Iterable[Registration]:
        """Its components, not yet numbered."""
        api = self.info.core_api if self.info else ""
        for declaration in self.declarations:
            yield Registration(
                declaration=declaration, distribution=self.distribution, plugin_api=api
            )


@attrs.frozen(slots=True, kw_only=True)
class RegistrySnapshot:
    """Components, pipeline hooks (in the order they run) and the state of every plugin."""

    registrations: tuple[Registration, ...] = ()
    hooks: tuple[HookRegistration, ...] = ()
    plugins: tuple[InstalledPlugin, ...] = ()

    @classmethod
    def of(cls, plugins: Iterable[InstalledPlugin]) -> RegistrySnapshot:
        """What `plugins` provide, in order."""
        plugins, order = tuple(plugins), count()
        registrations = tuple(
            attrs.evolve(registration, order=next(order))
            for plugin in plugins
            for registration in plugin.registrations()
        )
        return cls(registrations=registrations, plugins=plugins)

    def of_kind(self, kind: ComponentKind) -> tuple[Registration, ...]:
        """Every component of a kind."""
        return tuple(each for each in self.registrations if each.kind == kind)

    def named(self, kind: ComponentKind, name: str) -> tuple[Registration, ...]:
        """Every component of a kind with this name: all versions, all providers."""
        wanted = normalise(name)
        return tuple(each for each in self.of_kind(kind) if normalise(each.name) == wanted)

    def satisfying(self, kind: ComponentKind, ref: ComponentRef) -> tuple[Registration, ...]:
        """Those of `named` that the reference's provider and version accept."""
        provider = ref.provider and normalise(ref.provider)
        return tuple(
            each
            for each in self.named(kind, ref.name)
            if ref.accepts(each.version) and provider in {None, each.provider}
        )

    def with_local(self, added: Registration) -> RegistrySnapshot:
        """This snapshot and a local registration.

        Raises PluginError when its name and version are taken by another one.
        """
        for known in self.registrations:
            if known.key == added.key:
                if known.is_same_as(added):
                    return self
                msg = (
                    f"{added.kind} '{added.name}' {added.declaration.version} is registered "
                    "already; use another name, or give this one another version"
                )
                raise PluginError(msg)
        numbered = attrs.evolve(added, order=len(self.registrations))
        return attrs.evolve(self, registrations=(*self.registrations, numbered))

    def with_hook(self, added: HookRegistration) -> RegistrySnapshot:
        """This snapshot and a pipeline hook, in its place.

        Raises PluginError when another hook has its name.
        """
        for known in self.hooks:
            if normalise(known.name) == normalise(added.name):
                if known.hook is added.hook and known.priority == added.priority:
                    return self
                msg = f"a hook named '{added.name}' is registered already; use another name"
                raise PluginError(msg)
        numbered = attrs.evolve(added, registration_order=len(self.hooks))
        ordered = sorted((*self.hooks, numbered), key=lambda each: each.order)
        return attrs.evolve(self, hooks=tuple(ordered))

    def kinds_of(self, name: str) -> tuple[ComponentKind, ...]:
        """The kinds in which a name exists."""
        wanted = normalise(name)
        kinds = {each.kind: None for each in self.registrations if normalise(each.name) == wanted}
        return tuple(kinds)

    def unusable(self) -> tuple[InstalledPlugin, ...]:
        """The plugins that are not `ok`."""
        return tuple(plugin for plugin in self.plugins if plugin.state != "ok")
