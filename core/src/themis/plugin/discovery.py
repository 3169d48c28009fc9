"""Finding installed plugins: every entry point accounted for, no matter what another one does.

Blocked and not-allowed plugins are set aside before anything of theirs is imported. Whatever one
raises is that plugin's state and nobody else's; only Ctrl-C goes through. The order is by
distribution, then name.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from importlib import import_module
from operator import attrgetter
from typing import Any

import attrs

from themis.plugin.configuration import PluginConfig
from themis.plugin.declarations import ComponentDeclaration
from themis.plugin.deprecations import deprecated_hooks, warn_of
from themis.plugin.entry_points import installed_core, installed_entry_points
from themis.plugin.faults import duplicate_faults
from themis.plugin.reading import (
    BrokenPluginError,
    IncompatiblePluginError,
    InvalidPluginError,
    implemented_hooks,
    read_plugin,
)
from themis.plugin.registration import BUILTIN, CORE_API, LOCAL
from themis.plugin.snapshot import InstalledPlugin
from themis.plugin.stdout import stdout_to_stderr

__all__ = ["discover", "load_builtins", "load_plugin"]

_BUILTIN_HOOKS = "themis.builtins.hooks"


def discover(config: PluginConfig) -> tuple[InstalledPlugin, ...]:
    """The built-ins and every installed plugin, each with its state."""
    found = sorted(installed_entry_points(), key=lambda each: (each.provider, each.entry_point))
    plugins = [load_builtins()]
    plugins += [_gate(plugin, config) or load_plugin(plugin) for plugin in found]
    for plugin in plugins:
        warn_of(f"plugin {plugin.distribution.name}", plugin.deprecated)
    return tuple(_without_repeats(plugins))


def load_builtins() -> InstalledPlugin:
    """The built-in components, through the same hooks as anyone's."""
    return load_plugin(
        InstalledPlugin(distribution=installed_core(), entry_point=BUILTIN, target=_BUILTIN_HOOKS)
    )


def load_plugin(plugin: InstalledPlugin) -> InstalledPlugin:
    """Import and read one plugin; whatever goes wrong becomes its state.

    What it prints goes to stderr.
    """
    with stdout_to_stderr():
        return _loaded(plugin)


def _loaded(plugin: InstalledPlugin) -> InstalledPlugin:
    started = time.perf_counter()
    try:
        module = _import(plugin.target)
        plugin = attrs.evolve(plugin, import_seconds=time.perf_counter() - started)
        info, declarations = read_plugin(module)
    except IncompatiblePluginError as problem:
        return attrs.evolve(
            plugin,
            state="incompatible",
            reason=str(problem),
            fix=f"install a release of {plugin.distribution.name} for core API {CORE_API}",
            info=problem.info,
        )
    except InvalidPluginError as problem:
        return _invalid(plugin, str(problem))
    except BrokenPluginError as problem:
        return _broken(plugin, str(problem))
    except KeyboardInterrupt:
        raise
    except BaseException as problem:  # noqa: BLE001 (a repr or a property may raise anything too)
        return _broken(plugin, f"reading it raised {type(problem).__name__}: {problem}")
    deprecated = deprecated_hooks(implemented_hooks(module))
    return attrs.evolve(plugin, info=info, declarations=declarations, deprecated=deprecated)


def _import(target: str) -> Any:
    module, _, attribute = target.partition(":")
    try:
        found = import_module(module)
        return attrgetter(attribute)(found) if attribute else found
    except KeyboardInterrupt:
        raise
    except BaseException as problem:
        msg = f"importing {target} raised {type(problem).__name__}: {problem}"
        raise BrokenPluginError(msg) from problem


def _gate(plugin: InstalledPlugin, config: PluginConfig) -> InstalledPlugin | None:
    """The plugin with the state that keeps it from being imported, or None."""
    name = plugin.distribution.name
    if plugin.state != "ok":
        return plugin
    if plugin.provider in {BUILTIN, LOCAL}:
        return _invalid(plugin, f"{name!r} names the core's own components, not a distribution")
    if plugin.provider in config.block:
        reason, fix = "[plugins] block lists it", f"take {name} off the list"
        return attrs.evolve(plugin, state="blocked", reason=reason, fix=fix)
    if config.allow is not None and plugin.provider not in config.allow:
        reason = "it is not among the allowed plugins"
        if not config.allow:
            reason = (
                "no plugin is allowed (THEMIS_DISABLE_PLUGIN_AUTOLOAD, or [plugins] allow = [])"
            )
        fix = f"add {name} to THEMIS_PLUGINS, or to [plugins] allow"
        return attrs.evolve(plugin, state="not_allowed", reason=reason, fix=fix)
    return None


def _invalid(plugin: InstalledPlugin, reason: str) -> InstalledPlugin:
    fix = f"upgrade {plugin.distribution.name}, or tell its authors"
    return attrs.evolve(plugin, state="invalid", reason=reason, fix=fix)


def _broken(plugin: InstalledPlugin, reason: str) -> InstalledPlugin:
    name = plugin.distribution.name
    fix = f"reinstall or upgrade {name}, or block it under [plugins]"
    return attrs.evolve(plugin, state="broken", reason=reason, fix=fix)


def _without_repeats(plugins: Iterable[InstalledPlugin]) -> Iterable[InstalledPlugin]:
    """Refuse an entry point that declares what another of its distribution has declared."""
    declared: dict[str, tuple[ComponentDeclaration, ...]] = {}
    for plugin in plugins:
        others = declared.get(plugin.provider, ())
        repeats = list(duplicate_faults((*others, *plugin.declarations)))
        if repeats:
            fault = f"{'; '.join(repeats)} in this distribution"
            yield attrs.evolve(_invalid(plugin, fault), declarations=())
        else:
            declared[plugin.provider] = (*others, *plugin.declarations)
            yield plugin
