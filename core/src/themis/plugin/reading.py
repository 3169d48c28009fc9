"""One plugin read: its hooks called, its declarations checked, committed whole or not at all."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import pluggy
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from themis.plugin import hookspecs
from themis.plugin.declarations import ComponentDeclaration, ComponentKind, PluginInfo
from themis.plugin.faults import declaration_faults, duplicate_faults
from themis.plugin.registration import CORE_API

__all__ = [
    "HOOK_KINDS",
    "BrokenPluginError",
    "IncompatiblePluginError",
    "InvalidPluginError",
    "implemented_hooks",
    "read_plugin",
]

HOOK_KINDS: Mapping[str, ComponentKind] = MappingProxyType({
    "themis_inference_engines": "engine",
    "themis_extractors": "extractor",
    "themis_metrics": "metric",
    "themis_judges": "judge",
    "themis_selectors": "selector",
    "themis_reducers": "reducer",
    "themis_storage_backends": "storage_backend",
    "themis_execution_backends": "execution_backend",
    "themis_dataset_providers": "dataset_provider",
    "themis_exporters": "exporter",
    "themis_benchmarks": "benchmark",
    "themis_observers": "observer",
    "themis_commands": "command",
})  # fmt: skip
_INFO = "themis_plugin"
_HOOKS = (_INFO, *HOOK_KINDS)


class BrokenPluginError(Exception):
    """The plugin's code raised."""


class InvalidPluginError(Exception):
    """The plugin breaks the contract; the text lists how."""


class IncompatiblePluginError(Exception):
    """The plugin was written for another version of the core's interface."""

    def __init__(self, info: PluginInfo) -> None:
        super().__init__(f"it needs core API {info.core_api}, and this core has {CORE_API}")
        self.info = info


def read_plugin(plugin: Any) -> tuple[PluginInfo, tuple[ComponentDeclaration, ...]]:
    """What a plugin (a module of hook implementations) says it is and provides.

    Raises IncompatiblePluginError before any other hook is called, InvalidPluginError with every
    fault, or BrokenPluginError when a hook raises.
    """
    hooks = _implemented(plugin)
    _check_signatures(hooks)
    info = _info(hooks)
    _check_names(plugin, hooks)
    declarations = _declarations(hooks)
    return info, declarations


def implemented_hooks(plugin: Any) -> tuple[str, ...]:
    """The names of the hooks that a plugin implements."""
    return tuple(_implemented(plugin))


def _implemented(plugin: Any) -> dict[str, pluggy.HookCaller]:
    bus = pluggy.PluginManager(hookspecs.PROJECT)
    bus.add_hookspecs(hookspecs)
    try:
        bus.register(plugin)
    except pluggy.PluginValidationError as problem:
        raise InvalidPluginError(" ".join(str(problem).split())) from problem
    return {caller.name: caller for caller in bus.get_hookcallers(plugin) or ()}


def _check_signatures(hooks: Mapping[str, pluggy.HookCaller]) -> None:
    for name, caller in hooks.items():
        for implementation in caller.get_hookimpls():
            function = implementation.function
            if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
                msg = f"{name} is a coroutine function; hooks return data: write it with def"
                raise InvalidPluginError(msg)


def _info(hooks: Mapping[str, pluggy.HookCaller]) -> PluginInfo:
    if _INFO not in hooks:
        msg = f"it has no hook {_INFO}, which returns PluginInfo{_nearest_to(_INFO, hooks)}"
        raise InvalidPluginError(msg)
    found = _call(hooks[_INFO])
    if len(found) != 1 or not isinstance(found[0], PluginInfo):
        msg = f"{_INFO} must return one PluginInfo, not {found!r:.80}"
        raise InvalidPluginError(msg)
    if not _supports(found[0]):
        raise IncompatiblePluginError(found[0])
    return found[0]


def _supports(info: PluginInfo) -> bool:
    try:
        return SpecifierSet(info.core_api).contains(CORE_API, prereleases=True)
    except (InvalidSpecifier, TypeError, AttributeError):
        msg = f"{_INFO}: core_api {info.core_api!r} is no PEP 440 specifier, such as '>=1.0,<2'"
        raise InvalidPluginError(msg) from None


def _nearest_to(wanted: str, hooks: Iterable[str]) -> str:
    unknown = [name for name in hooks if name not in _HOOKS]
    near = difflib.get_close_matches(wanted, unknown, n=1)
    return f"; is {near[0]} meant to be it?" if near else ""


def _check_names(plugin: Any, hooks: Iterable[str]) -> None:
    faults = [_unknown_hook(name) for name in hooks if name not in _HOOKS]
    faults += [
        f"{name} is not marked: put @hookimpl on it"
        for name in _HOOKS
        if name not in hooks and _is_defined_in(plugin, name)
    ]
    if faults:
        raise InvalidPluginError("; ".join(faults))


def _unknown_hook(name: str) -> str:
    near = difflib.get_close_matches(name, _HOOKS, n=1)
    meant = f"did you mean {near[0]}?" if near else f"the hooks are {', '.join(_HOOKS)}"
    return f"there is no hook {name}; {meant}"


def _is_defined_in(plugin: Any, name: str) -> bool:
    function = getattr(plugin, name, None)
    own = getattr(plugin, "__name__", None)
    return inspect.isfunction(function) and function.__module__ == own


def _declarations(hooks: Mapping[str, pluggy.HookCaller]) -> tuple[ComponentDeclaration, ...]:
    declarations: list[ComponentDeclaration] = []
    faults: list[str] = []
    for name, kind in HOOK_KINDS.items():
        for item in _items(name, hooks):
            found = list(declaration_faults(name, kind, item))
            faults += found
            declarations += [] if found else [item]
    faults += duplicate_faults(declarations)
    if faults:
        raise InvalidPluginError("; ".join(faults))
    return tuple(declarations)


def _items(name: str, hooks: Mapping[str, pluggy.HookCaller]) -> list[Any]:
    if name not in hooks:
        return []
    results = _call(hooks[name])
    if len(results) < len(hooks[name].get_hookimpls()):  # the bus leaves None out
        msg = f"{name} returned None; return a list of declarations, which may be empty"
        raise InvalidPluginError(msg)
    return [item for result in results for item in _listed(name, result)]


def _listed(name: str, result: Any) -> list[Any]:
    if isinstance(result, (str, Mapping)) or not isinstance(result, Iterable):
        msg = (
            f"{name} returned {type(result).__name__} {result!r:.60}; return a list of declarations"
        )
        raise InvalidPluginError(msg)
    try:
        return list(result)
    except KeyboardInterrupt:
        raise
    except BaseException as problem:
        raise BrokenPluginError(_raised(name, problem)) from problem


def _call(hook: pluggy.HookCaller) -> list[Any]:
    try:
        return list(hook())
    except KeyboardInterrupt:
        raise
    except BaseException as problem:
        raise BrokenPluginError(_raised(hook.name, problem)) from problem


def _raised(name: str, problem: BaseException) -> str:
    return f"{name} raised {type(problem).__name__}: {problem}"
