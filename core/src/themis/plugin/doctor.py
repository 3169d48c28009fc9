"""What is wrong, or worth knowing, about the installed plugins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import attrs
from packaging.markers import UndefinedComparison
from packaging.requirements import InvalidRequirement, Requirement

from themis.errors import ThemisError
from themis.plugin.component import ResolvedComponent
from themis.plugin.configuration import PluginConfig
from themis.plugin.deprecations import Deprecation, deprecated_methods, has_deprecated_methods
from themis.plugin.loading import load_target
from themis.plugin.refs import ComponentRef, normalise
from themis.plugin.registration import BUILTIN, CORE, LOCAL, Registration
from themis.plugin.resolution import resolve
from themis.plugin.snapshot import InstalledPlugin, RegistrySnapshot

__all__ = ["Finding", "diagnose"]

Level = Literal["problem", "note"]

_SLOW_SECONDS = 0.25
_CHOSEN_STATES = frozenset({"blocked", "not_allowed"})


@attrs.frozen(slots=True, kw_only=True)
class Finding:
    """One thing about a plugin or a name. Problems need to be mended; notes need not.

    `topic` is a stable name of what was looked at; `subject` a distribution or a component.
    """

    level: Level
    topic: str
    subject: str
    message: str
    fix: str = ""


def diagnose(snapshot: RegistrySnapshot, config: PluginConfig) -> list[Finding]:
    """Every finding, problems first."""
    findings = [
        *_absent(snapshot, config),
        *(finding for plugin in snapshot.plugins for finding in _plugin(plugin)),
        *_names(snapshot, config),
    ]
    return sorted(findings, key=lambda finding: finding.level != "problem")


def _absent(snapshot: RegistrySnapshot, config: PluginConfig) -> Iterator[Finding]:
    """Distributions that the configuration names and that are not there."""
    known = {LOCAL, *(plugin.provider for plugin in snapshot.plugins)}
    for name in sorted((config.allow or frozenset()) - known):
        yield Finding(
            level="problem",
            topic="absent",
            subject=name,
            message="it is allowed by name and not installed",
            fix=f"install {name}, or take it off THEMIS_PLUGINS or [plugins] allow",
        )
    for key, name in sorted(config.prefer.items()):
        if name not in known:
            yield Finding(
                level="problem",
                topic="absent",
                subject=name,
                message=f"[plugins] prefer names it for {key}, and it is not installed",
                fix=f"install {name}, or remove the preference",
            )
    for name in sorted(config.block - known):
        yield Finding(
            level="note",
            topic="absent",
            subject=name,
            message="it is blocked and not installed",
            fix=f"take {name} off [plugins] block if it is misspelt or gone",
        )


def _plugin(plugin: InstalledPlugin) -> Iterator[Finding]:
    if plugin.state != "ok":
        yield Finding(
            level="note" if plugin.state in _CHOSEN_STATES else "problem",
            topic=plugin.state,
            subject=plugin.distribution.name,
            message=plugin.reason,
            fix=plugin.fix,
        )
    if plugin.provider != BUILTIN:
        yield from _requirement(plugin)
    yield from _import_time(plugin)
    yield from _deprecations(plugin)
    yield from _origin(plugin)


def _requirement(plugin: InstalledPlugin) -> Iterator[Finding]:
    """Whether the distribution requires the core, and this one."""
    import themis

    files, subject = plugin.distribution.files, plugin.distribution.name
    if files is None:
        return
    wanted = list(_core_requirements(files.requires or []))
    if not wanted:
        yield Finding(
            level="note",
            topic="requirement",
            subject=subject,
            message=f"it does not require {CORE}, so nothing keeps it to cores that it works with",
            fix=f"ask its authors to require a range of {CORE}",
        )
    for requirement in wanted:
        if not requirement.specifier.contains(themis.__version__, prereleases=True):
            yield Finding(
                level="problem",
                topic="requirement",
                subject=subject,
                message=f"it requires {requirement}, and {themis.__version__} is installed",
                fix=f"run: pip install --upgrade {subject} '{requirement}'",
            )


def _core_requirements(lines: Iterable[str]) -> Iterator[Requirement]:
    for line in lines:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:  # installers refuse it; it says nothing about the core
            continue
        if normalise(requirement.name) == CORE and _applies(requirement):
            yield requirement


def _applies(requirement: Requirement) -> bool:
    """Whether it is one here, and of the distribution without its extras."""
    try:
        return requirement.marker is None or requirement.marker.evaluate({"extra": ""})
    except UndefinedComparison:  # nonsense such as os_name ~= 'x', which installers refuse
        return False


def _import_time(plugin: InstalledPlugin) -> Iterator[Finding]:
    if plugin.import_seconds is not None and plugin.import_seconds > _SLOW_SECONDS:
        yield Finding(
            level="note",
            topic="import_time",
            subject=plugin.distribution.name,
            message=f"importing it takes {plugin.import_seconds * 1000:.0f} ms of every command",
            fix="its module should name implementations by string, and import no SDK itself",
        )


def _deprecations(plugin: InstalledPlugin) -> Iterator[Finding]:
    for hook in plugin.deprecated:
        yield _deprecation(plugin, "it implements", hook)
    for registration in plugin.registrations():
        if has_deprecated_methods(registration.kind):
            yield from _old_methods(plugin, ResolvedComponent(registration))


def _old_methods(plugin: InstalledPlugin, component: ResolvedComponent) -> Iterator[Finding]:
    """The only look at implementations: they are imported where a method is deprecated at all."""
    try:
        loaded = load_target(component.implementation, what=component.label)
    except ThemisError as problem:
        yield Finding(
            level="problem",
            topic="broken",
            subject=plugin.distribution.name,
            message=problem.message,
        )
        return
    for method in deprecated_methods(component.kind, loaded):
        yield _deprecation(plugin, f"{component.label} has", method)


def _deprecation(plugin: InstalledPlugin, who: str, use: Deprecation) -> Finding:
    name = plugin.distribution.name
    return Finding(
        level="note",
        topic="deprecation",
        subject=name,
        message=f"{who} {use.name}, which is deprecated since core API {use.since}",
        fix=f"upgrade {name}, or ask its authors to use {use.instead}",
    )


def _origin(plugin: InstalledPlugin) -> Iterator[Finding]:
    origin = plugin.distribution.origin
    if origin.kind != "editable":
        return
    doubtful = "runs that use it are marked not reproducible: commit, or install a release"
    yield Finding(
        level="note",
        topic="editable",
        subject=plugin.distribution.project,
        message=origin.doubt or f"it is an editable install: {origin}",
        fix=doubtful if origin.doubt else "",
    )


def _names(snapshot: RegistrySnapshot, config: PluginConfig) -> Iterator[Finding]:
    """Names that several distributions provide."""
    by_name: dict[tuple[str, str], list[Registration]] = {}
    for registration in snapshot.registrations:
        by_name.setdefault((registration.kind, normalise(registration.name)), []).append(
            registration
        )
    for providers in by_name.values():
        if len({each.provider for each in providers}) > 1:
            yield _shared(snapshot, config, providers)


def _shared(
    snapshot: RegistrySnapshot, config: PluginConfig, providers: list[Registration]
) -> Finding:
    first = providers[0]
    found = resolve(snapshot, first.kind, ComponentRef(first.name), config)
    if found.chosen is None:
        return Finding(
            level="problem",
            topic="ambiguous",
            subject=f"{first.kind} {first.name}",
            message=str(found.error),
        )
    others = sorted({each.provider for each in providers} - {found.chosen.provider})
    shadowed = BUILTIN in {each.provider for each in providers}
    return Finding(
        level="note",
        topic="shadowed" if shadowed else "shared",
        subject=f"{first.kind} {first.name}",
        message=f"it is {found.chosen} ({found.rule}); {' and '.join(others)} "
        f"{'provides' if len(others) == 1 else 'provide'} it as well",
        fix=f"write '{others[0]}/{first.name}' for the other one",
    )
