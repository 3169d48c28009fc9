"""Why a reference resolves to nothing, and what to do: the texts of resolution's errors."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from packaging.version import Version

from themis.plugin.declarations import ComponentKind
from themis.plugin.refs import ComponentRef, is_version, normalise
from themis.plugin.registration import LOCAL, Registration
from themis.plugin.snapshot import InstalledPlugin, RegistrySnapshot

__all__ = [
    "KNOWN_PLUGINS",
    "ambiguous",
    "locked_is_missing",
    "not_locked",
    "nothing_found",
    "preferred_is_missing",
]

KNOWN_PLUGINS: Mapping[tuple[ComponentKind, str], str] = MappingProxyType({
    ("engine", "openai"): "themis-openai",
    ("storage_backend", "postgres_blob"): "themis-postgres",
    ("storage_backend", "jsonl"): "themis-jsonl",
    ("observer", "otel"): "themis-otel",
})  # fmt: skip
"""The distributions to install for components that the core does not have."""


def nothing_found(snapshot: RegistrySnapshot, kind: ComponentKind, ref: ComponentRef) -> str:
    """No component of `kind` satisfies `ref`."""
    named = snapshot.named(kind, ref.name)
    if not named:
        return _unknown(snapshot, kind, ref)
    provided = named if ref.provider is None else _of_provider(named, ref.provider)
    if not provided:
        return _other_provider(snapshot, kind, ref, named)
    return _no_version(kind, ref, provided)


def ambiguous(kind: ComponentKind, ref: ComponentRef, left: Iterable[Registration]) -> str:
    """Several distributions provide it, and no rule ranks them."""
    providers = sorted({each.provider for each in left})
    first = providers[0]
    version = "" if ref.version is None else f"@{ref.version}"
    return (
        f"{kind} '{ref}' is ambiguous: {_and(providers)} provide it. Choose one: write "
        f"'{first}/{ref.name}{version}' in the reference; or put "
        f'prefer = {{"{kind}:{ref.name}" = "{first}"}} under [plugins] in the project file; or '
        f"uninstall (or list under [plugins] block) all but one"
    )


def preferred_is_missing(kind: ComponentKind, ref: ComponentRef, provider: str) -> str:
    """The configuration prefers a provider that has nothing that satisfies."""
    return (
        f"{kind} '{ref}': [plugins] prefer names {provider}, which provides none that satisfies; "
        f"install or upgrade {provider}, or remove the preference '{kind}:{ref.name}'"
    )


def locked_is_missing(kind: ComponentKind, locked: str, provider: str) -> str:
    """The lock names a component that is not there."""
    return (
        f"{kind} {locked} is locked but not installed; install the release of {provider} that the "
        "lock names, or lock again"
    )


def not_locked(kind: ComponentKind, ref: ComponentRef, chosen: str) -> str:
    """A plan that is held to a lock needs something that the lock does not hold."""
    return (
        f"{kind} '{ref}' is not in the lock and would be {chosen}; lock it with: themis lock FILE"
    )


def _unknown(snapshot: RegistrySnapshot, kind: ComponentKind, ref: ComponentRef) -> str:
    text = f"no {kind} is named '{ref.name}'"
    distribution = KNOWN_PLUGINS.get((kind, normalise(ref.name)))
    related = _related(snapshot, ref, distribution)
    if related:
        return f"{text}: {_unusable(related)}"
    if distribution is not None:
        return f"{text}: it comes with {distribution}; run: pip install {distribution}"
    if ref.provider is not None and not _is_installed(snapshot, ref.provider):
        return f"{text}: {_absent(ref.provider)}"
    return f"{text}{_elsewhere(snapshot, kind, ref)}"


def _related(
    snapshot: RegistrySnapshot, ref: ComponentRef, distribution: str | None
) -> list[InstalledPlugin]:
    """The unusable plugins that the reference most likely means."""
    wanted = {normalise(name) for name in (ref.provider, distribution, ref.name) if name}
    return [
        plugin
        for plugin in snapshot.unusable()
        if wanted & {plugin.provider, normalise(plugin.entry_point)}
    ]


def _elsewhere(snapshot: RegistrySnapshot, kind: ComponentKind, ref: ComponentRef) -> str:
    hints = [*_other_kinds(snapshot, ref), *_near_names(snapshot, kind, ref)]
    if unusable := snapshot.unusable():
        hints.append(f"a plugin that is not in use may have it: {_unusable(unusable)}")
    return "; ".join([": " + hints[0], *hints[1:]]) if hints else _listing(snapshot, kind)


def _other_kinds(snapshot: RegistrySnapshot, ref: ComponentRef) -> Iterable[str]:
    kinds = snapshot.kinds_of(ref.name)
    if kinds:
        yield f"it exists as {_and([_a(kind) for kind in kinds])}, which this field does not take"


def _near_names(
    snapshot: RegistrySnapshot, kind: ComponentKind, ref: ComponentRef
) -> Iterable[str]:
    names = {normalise(each.name): each.name for each in snapshot.of_kind(kind)}
    near = difflib.get_close_matches(normalise(ref.name), names, n=3, cutoff=0.6)
    if near:
        yield f"did you mean {_or([repr(names[name]) for name in near])}?"


def _listing(snapshot: RegistrySnapshot, kind: ComponentKind) -> str:
    names = sorted({each.name for each in snapshot.of_kind(kind)})
    if not names:
        return f": no {kind} is registered or installed at all"
    return f"; there are {_and(names)}. Register yours, or install the plugin that provides it"


def _other_provider(
    snapshot: RegistrySnapshot,
    kind: ComponentKind,
    ref: ComponentRef,
    named: Sequence[Registration],
) -> str:
    text = f"{ref.provider} provides no {kind} named '{ref.name}'"
    related = [
        plugin for plugin in snapshot.unusable() if plugin.provider == normalise(str(ref.provider))
    ]
    if related:
        return f"{text}: {_unusable(related)}"
    if not _is_installed(snapshot, str(ref.provider)):
        text = f"{text}: {_absent(str(ref.provider))}"
    providers = sorted({each.provider for each in named})
    verb = "has one" if len(providers) == 1 else "have one"
    return f"{text}; {_and(providers)} {verb}: write '{providers[0]}/{ref.name}'"


def _is_installed(snapshot: RegistrySnapshot, provider: str) -> bool:
    known = {LOCAL, *(plugin.provider for plugin in snapshot.plugins)}
    return normalise(provider) in known


def _absent(provider: str) -> str:
    return f"no plugin of a distribution {provider} is installed; run: pip install {provider}"


def _no_version(kind: ComponentKind, ref: ComponentRef, named: Sequence[Registration]) -> str:
    ordered = sorted(named, key=lambda each: (each.provider, each.version))
    text = f"no {kind} '{ref.name}' satisfies @{ref.version}: there is {_and(map(str, ordered))}"
    if prefix := _prefix_that_fits(ref, ordered):
        return f"{text}; write '{ref.name}@{prefix}' for any {ref.version} release"
    if all(each.provider == LOCAL for each in ordered):
        return f"{text}; register that version, or change the reference"
    return f"{text}; install a release that provides it, or change the reference"


def _prefix_that_fits(ref: ComponentRef, named: Iterable[Registration]) -> str | None:
    """`==1.2.*`, where the reference says `1.2`, which is 1.2.0 exactly, and there is a 1.2.3."""
    if not is_version(str(ref.version)):
        return None
    prefix = f"=={Version(str(ref.version)).base_version}.*"
    wide = ComponentRef(ref.name, version=prefix)
    return prefix if any(wide.accepts(each.version) for each in named) else None


def _of_provider(named: Iterable[Registration], provider: str) -> list[Registration]:
    return [each for each in named if each.provider == normalise(provider)]


def _unusable(plugins: Sequence[InstalledPlugin]) -> str:
    return "; ".join(
        f"{each.distribution.name} is {each.state.replace('_', ' ')} ({each.reason}); {each.fix}"
        for each in plugins
    )


def _a(kind: ComponentKind) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _and(words: Iterable[str]) -> str:
    return _listed(words, "and")


def _or(words: Iterable[str]) -> str:
    return _listed(words, "or")


def _listed(words: Iterable[str], last: str) -> str:
    *head, tail = words
    return f"{', '.join(head)} {last} {tail}" if head else tail
