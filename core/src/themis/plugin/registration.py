"""What a registry holds: one registration per component, wherever it came from."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import attrs
from packaging.version import Version

from themis.plugin.declarations import ComponentDeclaration, ComponentKind
from themis.plugin.digests import digest_of
from themis.plugin.fingerprints import fingerprint
from themis.plugin.local import LocalFactory
from themis.plugin.origins import DistributionFiles, Origin, origin_of
from themis.plugin.refs import normalise
from themis.plugin.source import own_fingerprint
from themis.records import EngineCapabilities

__all__ = [
    "BUILTIN",
    "CORE",
    "CORE_API",
    "LOCAL",
    "ComponentRegistration",
    "Distribution",
    "EngineRegistration",
    "HookRegistration",
    "Registration",
]

CORE_API = "1.0"
"""The version of the interface between the core and plugins."""

CORE = "themis-framework"
"""The distribution that the built-in components come with."""

BUILTIN = "builtin"
LOCAL = "local"


@attrs.frozen(slots=True, kw_only=True)
class Distribution:
    """Where a component came from: provenance, recorded with a run and part of no key.

    `name` is as its metadata spells it; `builtin` and `local` are the two that are not installed
    on their own. `version` and `summary` are its metadata's; `files` is how it was found, None for
    what is not installed.
    """

    name: str
    version: str = ""
    summary: str = ""
    files: DistributionFiles | None = attrs.field(default=None, eq=False, repr=False)

    @cached_property
    def provider(self) -> str:
        """The name as references compare it."""
        return normalise(self.name)

    @property
    def project(self) -> str:
        """The name to install it by."""
        return CORE if self.name == BUILTIN else self.name

    @cached_property
    def origin(self) -> Origin:
        """Where it was installed from."""
        return Origin(kind="unknown") if self.files is None else origin_of(self.files)

    @cached_property
    def digest(self) -> str | None:
        """What tells its files from other ones; None where that is not known.

        The files of an editable install are not recorded: its origin's commit tells them.
        """
        if self.files is None or self.origin.kind == "editable":
            return None
        return digest_of(self.files)


@attrs.frozen(slots=True, kw_only=True)
class Registration:
    """One component as the registry knows it. Its key is unique in a snapshot."""

    declaration: ComponentDeclaration
    distribution: Distribution
    plugin_api: str = CORE_API
    order: int = 0
    local: LocalFactory | None = None
    token_estimator: Callable[[str, str], int] | None = None

    @property
    def kind(self) -> ComponentKind:
        """The component's kind."""
        return self.declaration.kind

    @property
    def name(self) -> str:
        """The component's name, as declared."""
        return self.declaration.name

    @property
    def provider(self) -> str:
        """Who provides it: a distribution's normalised name, `builtin` or `local`."""
        return self.distribution.provider

    @cached_property
    def version(self) -> Version:
        """The component's version."""
        return Version(self.declaration.version)

    @cached_property
    def key(self) -> tuple[ComponentKind, str, Version, str]:
        """Kind, normalised name, version, provider."""
        return self.kind, normalise(self.name), self.version, self.provider

    def is_same_as(self, other: Registration) -> bool:
        """Whether both register the very same thing in the same way."""
        mine, theirs = self.local, other.local
        return (
            self.declaration == other.declaration
            and self.plugin_api == other.plugin_api
            and self.token_estimator is other.token_estimator
            and mine is not None
            and theirs is not None
            and mine.given is theirs.given
        )

    def __str__(self) -> str:
        return f"{self.provider}/{self.name}@{self.declaration.version}"


@attrs.frozen(slots=True, kw_only=True)
class ComponentRegistration:
    """A registration's metadata, as `PluginRegistry.get_*_registration` gives it."""

    name: str
    factory: Any
    version: str
    plugin_api: str
    registration_order: int


@attrs.frozen(slots=True, kw_only=True)
class EngineRegistration(ComponentRegistration):
    """An engine's: also what it can do, and how it counts a prompt's tokens."""

    capabilities: EngineCapabilities
    prompt_token_estimator: Callable[[str, str], int] | None = None


@attrs.frozen(slots=True, kw_only=True)
class HookRegistration:
    """A pipeline hook: lower priorities run first, equal ones in order of registration.

    `idempotent` False: the hook is not called again to rebuild what a stored candidate was asked;
    the recorded messages stand for it.
    """

    name: str
    hook: Any
    priority: int = 100
    idempotent: bool = True
    registration_order: int = 0

    @property
    def order(self) -> tuple[int, int]:
        """What the hooks are sorted by."""
        return self.priority, self.registration_order

    @cached_property
    def fingerprint(self) -> str:
        """What tells this hook from an edited one."""
        return own_fingerprint(self.hook) or fingerprint(self.hook)

    def identity(self) -> dict[str, Any]:
        """What goes into the keys of artifacts that the hook may have changed."""
        return {"hook": normalise(self.name), "fingerprint": self.fingerprint}
