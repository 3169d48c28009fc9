"""From a reference to a component: a pure function, with the rule that decided and every refusal.

The first rule that decides: the lock; the provider the reference names; a local registration; the
configured preference; a built-in; the only provider left. Then the highest version that satisfies;
a pre-release only where the reference names one, where it is asked for, or where there is nothing
else.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

import attrs
from packaging.version import Version

from themis.errors import PluginError, SpecIssue
from themis.plugin import explanations
from themis.plugin.component import ResolvedComponent
from themis.plugin.configuration import PluginConfig
from themis.plugin.declarations import ComponentKind
from themis.plugin.refs import ComponentRef, normalise, parse_ref
from themis.plugin.registration import BUILTIN, LOCAL, Registration
from themis.plugin.snapshot import RegistrySnapshot

__all__ = [
    "ComponentRequest",
    "LockedComponent",
    "PrereleaseWarning",
    "Rejected",
    "Resolution",
    "Rule",
    "resolve",
    "resolve_all",
]

Rule = Literal[
    "lock", "explicit provider", "local registration", "configured preference", "built-in",
    "only provider",
]  # fmt: skip


class PrereleaseWarning(UserWarning):
    """A pre-release was chosen although nobody asked for one."""


@attrs.frozen(slots=True, kw_only=True)
class LockedComponent:
    """One component of a lock: what references that it satisfies resolve to.

    `refs` are those that it was locked for: of several components that satisfy one of them, it is
    the one.
    """

    kind: ComponentKind
    name: str
    version: str
    provider: str
    refs: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[ComponentKind, str, Version, str]:
        """What a registration of the same component has as its key."""
        return self.kind, normalise(self.name), Version(self.version), normalise(self.provider)

    def was_locked_for(self, ref: ComponentRef) -> bool:
        """Whether `ref` is one of `refs`, however it is written."""
        return any(parse_ref(each) == ref for each in self.refs)


@attrs.frozen(slots=True)
class Rejected:
    """A component of the right kind and name that was not chosen."""

    registration: Registration
    reason: str


@attrs.frozen(slots=True, kw_only=True)
class Resolution:
    """What a reference resolves to, and why. `error` says why it resolves to nothing."""

    kind: ComponentKind
    ref: ComponentRef
    chosen: Registration | None = None
    rule: Rule | None = None
    rejected: tuple[Rejected, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str | None = None

    def component(self) -> ResolvedComponent:
        """The component; a PluginError that explains where there is none.

        Warns with PrereleaseWarning when a pre-release was all there was.
        """
        if self.chosen is None:
            raise PluginError(str(self.error))
        for text in self.warnings:
            warnings.warn(text, PrereleaseWarning, stacklevel=2)
        return ResolvedComponent(self.chosen)


@attrs.frozen(slots=True, kw_only=True)
class ComponentRequest:
    """One reference of a spec: its kind, where it is written, and its configuration."""

    kind: ComponentKind
    ref: str | ComponentRef
    where: str = ""
    config: Mapping[str, Any] | None = None


def resolve(
    snapshot: RegistrySnapshot,
    kind: ComponentKind,
    ref: str | ComponentRef,
    config: PluginConfig | None = None,
    *,
    lock: Iterable[LockedComponent] | None = None,
) -> Resolution:
    """Choose the component that `ref` names among those of `kind`.

    Never raises for a component that cannot be chosen: the resolution's `error` says why. Raises
    PluginError for a string that is no reference.
    """
    parsed = parse_ref(ref) if isinstance(ref, str) else ref
    choice = _Choice(snapshot, kind, parsed, config or PluginConfig())
    return choice.make(tuple(lock or ()))


def resolve_all(
    snapshot: RegistrySnapshot,
    requests: Iterable[ComponentRequest],
    config: PluginConfig | None = None,
    *,
    lock: Iterable[LockedComponent] | None = None,
) -> tuple[ResolvedComponent, ...]:
    """Resolve every request and check its configuration, in order.

    Raises one PluginError with an issue for each request that fails.
    """
    locked = tuple(lock or ())
    components, issues = [], []
    for request in requests:
        try:
            found = resolve(snapshot, request.kind, request.ref, config, lock=locked).component()
            found.configure(request.config)
            components.append(found)
        except PluginError as problem:
            issues.append(SpecIssue(problem.message, key=request.where))
    if issues:
        raise PluginError("\n".join(str(issue) for issue in issues), issues=issues)
    return tuple(components)


class _NothingLeftError(Exception):
    """No candidate is left; the text says why."""


@attrs.define(slots=True)
class _Choice:
    """One resolution under way: what is refused so far, and why."""

    snapshot: RegistrySnapshot
    kind: ComponentKind
    ref: ComponentRef
    config: PluginConfig
    rejected: list[Rejected] = attrs.field(factory=list)

    def make(self, lock: Sequence[LockedComponent]) -> Resolution:
        result = Resolution(kind=self.kind, ref=self.ref)
        try:
            rule, left = self._decide(self._satisfying(), lock)
        except _NothingLeftError as problem:
            return attrs.evolve(result, error=str(problem), rejected=tuple(self.rejected))
        chosen = self._highest(left)
        return attrs.evolve(
            result,
            chosen=chosen,
            rule=rule,
            rejected=tuple(self.rejected),
            warnings=() if self._may_be_prerelease(chosen) else (_prerelease_warning(chosen),),
        )

    def _satisfying(self) -> list[Registration]:
        left = list(self.snapshot.named(self.kind, self.ref.name))
        if self.ref.provider is not None:
            left = self._keep_provider(left, self.ref.provider, "the reference names {}")
        reason = f"its version does not satisfy @{self.ref.version}"
        return self._keep(left, lambda each: self.ref.accepts(each.version), reason)

    def _decide(
        self, left: list[Registration], lock: Sequence[LockedComponent]
    ) -> tuple[Rule, list[Registration]]:
        locked = [entry for entry in lock if self._is_locked_by(entry)]
        if locked:
            meant = [entry for entry in locked if entry.was_locked_for(self.ref)] or locked
            return "lock", self._locked(left, max(meant, key=lambda entry: Version(entry.version)))
        if not left:
            raise _NothingLeftError(explanations.nothing_found(self.snapshot, self.kind, self.ref))
        if self.ref.provider is not None:
            return "explicit provider", left
        return self._by_rank(left)

    def _is_locked_by(self, entry: LockedComponent) -> bool:
        same_name = normalise(entry.name) == normalise(self.ref.name)
        provider = self.ref.provider or entry.provider
        return (
            entry.kind == self.kind
            and same_name
            and normalise(provider) == normalise(entry.provider)
            and self.ref.accepts(Version(entry.version))
        )

    def _locked(self, left: list[Registration], entry: LockedComponent) -> list[Registration]:
        wanted = (normalise(entry.provider), Version(entry.version))
        text = f"{entry.provider}/{entry.name}@{entry.version}"
        left = self._keep(
            left, lambda each: (each.provider, each.version) == wanted, f"the lock holds {text}"
        )
        if not left:
            raise _NothingLeftError(explanations.locked_is_missing(self.kind, text, entry.provider))
        return left

    def _by_rank(self, left: list[Registration]) -> tuple[Rule, list[Registration]]:
        """The rules that rank providers, when neither lock nor reference names one."""
        preferred = self.config.preferred(self.kind, self.ref.name)
        if self._has(left, LOCAL):
            return "local registration", self._keep_provider(
                left, LOCAL, "a local registration goes first"
            )
        if preferred is not None:
            reason = "the configuration prefers {}"
            kept = self._keep_provider(left, preferred, reason)
            if not kept:
                raise _NothingLeftError(
                    explanations.preferred_is_missing(self.kind, self.ref, preferred)
                )
            return "configured preference", kept
        if self._has(left, BUILTIN):
            return "built-in", self._keep_provider(left, BUILTIN, "a built-in goes before plugins")
        return "only provider", self._only_provider(left)

    def _only_provider(self, left: list[Registration]) -> list[Registration]:
        final = [each for each in left if self._may_be_prerelease(each)]
        providers = sorted({each.provider for each in final or left})
        if len(providers) > 1:
            self._keep(left, lambda _: False, "no rule ranks its provider before the others")
            raise _NothingLeftError(explanations.ambiguous(self.kind, self.ref, final or left))
        return self._keep_provider(left, providers[0], "it has pre-releases only, and {} has not")

    def _highest(self, left: list[Registration]) -> Registration:
        final = [each for each in left if self._may_be_prerelease(each)]
        if final:
            left = self._keep(left, lambda each: each in final, "it is a pre-release")
        highest = max(left, key=lambda each: each.version)
        self._keep(left, lambda each: each is highest, f"{highest.version} is higher")
        return highest

    def _may_be_prerelease(self, candidate: Registration) -> bool:
        """Whether no objection stands to `candidate` as a pre-release (final ones never are)."""
        asked = self.config.prereleases or self.ref.names_prerelease
        return asked or not candidate.version.is_prerelease

    def _has(self, left: Iterable[Registration], provider: str) -> bool:
        return any(each.provider == provider for each in left)

    def _keep_provider(
        self, left: Iterable[Registration], provider: str, reason: str
    ) -> list[Registration]:
        wanted = normalise(provider)
        return self._keep(left, lambda each: each.provider == wanted, reason.format(provider))

    def _keep(
        self, left: Iterable[Registration], test: Callable[[Registration], bool], reason: str
    ) -> list[Registration]:
        kept = []
        for each in left:
            if test(each):
                kept.append(each)
            else:
                self.rejected.append(Rejected(each, reason))
        return kept


def _prerelease_warning(chosen: Registration) -> str:
    return (
        f"{chosen.kind} {chosen} is a pre-release, chosen because no final version satisfies the "
        f"reference; write '{chosen.name}@{chosen.declaration.version}' to ask for it"
    )
