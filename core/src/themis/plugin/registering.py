"""Local registrations, checked: names, versions, the plugin API, methods, capabilities."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any, get_args

import attrs
from packaging.version import InvalidVersion, Version

from themis.errors import PluginError
from themis.plugin.contract import HOOK_METHODS, check_methods
from themis.plugin.declarations import (
    KINDS,
    ComponentKind,
    InferenceEngineDeclaration,
    MetricDeclaration,
    MetricSubject,
)
from themis.plugin.deprecations import deprecated_methods, warn_of
from themis.plugin.local import UNSTATED, LocalFactory, stated_version
from themis.plugin.refs import is_name, is_version
from themis.plugin.registration import (
    CORE_API,
    LOCAL,
    Distribution,
    HookRegistration,
    Registration,
)
from themis.plugin.source import label
from themis.records import EngineCapabilities

__all__ = ["as_engine", "hook_registration", "local_registration"]


def local_registration(
    kind: ComponentKind, name: str, factory: Any, *, version: str, plugin_api: str
) -> Registration:
    """A registration of `factory` under `name`, or a PluginError that says what is wrong."""
    if kind not in KINDS:
        msg = f"there is no kind {kind!r}; the kinds are {', '.join(KINDS)}"
        raise PluginError(msg)
    _check_name(kind, name)
    _check_api(f"{kind} '{name}'", plugin_api)
    local = LocalFactory(kind=kind, name=name, given=factory)
    declaration = KINDS[kind](
        name=name, implementation=label(factory), version=_version(local, version)
    )
    if isinstance(declaration, MetricDeclaration):
        declaration = _as_stated(declaration, factory)
    return Registration(
        declaration=declaration,
        distribution=Distribution(name=LOCAL),
        plugin_api=plugin_api,
        local=local,
    )


def as_engine(
    registration: Registration,
    capabilities: EngineCapabilities | Mapping[str, Any] | None,
    token_estimator: Callable[[str, str], int] | None,
) -> Registration:
    """An engine's registration with its capabilities and token estimator."""
    assert isinstance(registration.declaration, InferenceEngineDeclaration)
    able = _capabilities(registration.name, capabilities)
    declaration = attrs.evolve(registration.declaration, capabilities=able)
    return attrs.evolve(registration, declaration=declaration, token_estimator=token_estimator)


def hook_registration(name: str, hook: Any, *, priority: int, idempotent: bool) -> HookRegistration:
    """A pipeline hook's registration; a class is made into a hook first."""
    _check_name("hook", name)
    check_methods(hook, HOOK_METHODS, what=f"hook '{name}' ({label(hook)})")
    _check_priority(name, priority)
    made = hook() if isinstance(hook, type) else hook
    warn_of(f"hook {name}", deprecated_methods("pipeline_hook", made))
    return HookRegistration(name=name, hook=made, priority=priority, idempotent=idempotent)


def _check_priority(name: str, priority: Any) -> None:
    if not isinstance(priority, int | float) or not math.isfinite(priority):
        msg = f"hook '{name}': priority is {priority!r}; give a number, lower ones run first"
        raise PluginError(msg)


def _as_stated(declaration: MetricDeclaration, given: object) -> MetricDeclaration:
    """A metric's declaration with what the class or instance itself states of its values."""
    stated = {
        name: getattr(given, name)
        for name in ("subject", "direction", "units")
        if isinstance(getattr(given, name, None), str)
    }
    known = {"subject": get_args(MetricSubject), "direction": ("maximize", "minimize", "none")}
    for name, values in known.items():
        if name in stated and stated[name] not in values:
            msg = (
                f"metric {declaration.name!r}: {name} is {stated[name]!r}; "
                f"write one of {', '.join(values)}"
            )
            raise PluginError(msg)
    return attrs.evolve(declaration, **stated)


def _check_name(what: str, name: object) -> None:
    if not is_name(name):
        msg = (
            f"{what}: {name!r} is no name; use letters, digits, '.', '_' and '-', a letter or a "
            "digit first"
        )
        raise PluginError(msg)


def _check_api(what: str, plugin_api: str) -> None:
    try:
        wanted, core = Version(plugin_api), Version(CORE_API)
    except (InvalidVersion, TypeError):
        msg = f"{what}: plugin_api {plugin_api!r} is no version; write '{CORE_API}'"
        raise PluginError(msg) from None
    if wanted.major != core.major or wanted > core:
        msg = (
            f"{what} was written for plugin API {plugin_api}, and this core has {CORE_API}; "
            "install the themis-framework that has it, or port the component"
        )
        raise PluginError(msg)


def _version(local: LocalFactory, version: str) -> str:
    if not is_version(version):
        msg = f"{local.label}: version {version!r} is no version; write one such as '1.0' (PEP 440)"
        raise PluginError(msg)
    if version != UNSTATED:
        return version
    made_of = local.given.func if isinstance(local.given, functools.partial) else local.given
    return stated_version(made_of, what=local.label) or version


def _capabilities(
    name: str, capabilities: EngineCapabilities | Mapping[str, Any] | None
) -> EngineCapabilities:
    if isinstance(capabilities, EngineCapabilities):
        return capabilities
    fields = [field.name for field in attrs.fields(EngineCapabilities)]
    given = {} if capabilities is None else dict(capabilities)
    unknown = [key for key in given if key not in fields]
    if unknown:
        msg = (
            f"engine '{name}': there is no capability {', '.join(map(repr, unknown))}; "
            f"the capabilities are {', '.join(fields)}"
        )
        raise PluginError(msg)
    if "response_formats" in given:
        given["response_formats"] = tuple(given["response_formats"])
    return EngineCapabilities(**given)
